import type { Fault } from '../faults';
import { AwsError } from './aws-error';

/** A planted fault in the words of its service. */
export function faultReply(
  service: 'ec2' | 'ssm' | 'ecr' | 'pricing',
  fault: Exclude<Fault, { readonly kind: 'lost-reply' }>,
): AwsError {
  if (fault.kind === 'error') {
    return new AwsError(fault.code, 'An error planted with the admin API.', fault.status);
  }
  // EC2 throttles with 503, JSON services with 400: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
  return service === 'ec2'
    ? new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503)
    : new AwsError('ThrottlingException', 'Rate exceeded', 400);
}
