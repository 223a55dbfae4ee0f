import { AwsError } from '../wire/aws-error';

/** Ends a dry run that would have succeeded, as EC2 does: with an error. @throws AwsError DryRunOperation. */
export function checkDryRun(isDryRun: boolean | undefined): void {
  if (isDryRun !== true) return;
  throw new AwsError(
    'DryRunOperation',
    'Request would have succeeded, but DryRun flag is set.',
    412,
  );
}
