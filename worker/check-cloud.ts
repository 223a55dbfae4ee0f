import { failureFromAwsError } from '../aws/aws-error';
import { checkBucket } from '../aws/object-store';
import type { Cloud } from '../aws/connect-cloud';

/**
 * Looks once whether the bucket can be reached, so that missing credentials or a misspelled name are told at the start
 * and not in the middle of somebody's run.
 *
 * @throws no-credentials, not-authorized, bucket-missing, aws-unavailable
 */
export async function checkCloud({ clients, settings }: Cloud): Promise<void> {
  try {
    await checkBucket(clients, settings.bucket);
  } catch (error) {
    throw failureFromAwsError(error) ?? error;
  }
}
