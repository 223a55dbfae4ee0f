import type { SpotRequestRecord } from './records';
import type { EndingCause } from './state-reasons';
import type { World } from './world';

const messages: Readonly<Record<string, string>> = {
  fulfilled: 'Your spot request is fulfilled.',
  'marked-for-termination': 'Your instance is marked for termination.',
  'instance-terminated-by-user': 'Your Spot instance was terminated by user.',
  'instance-terminated-no-capacity':
    'Your Spot instance was terminated because there is no Spot capacity available.',
  'request-canceled-and-instance-running':
    'Your spot request is canceled, but your instance is still running.',
};

/**
 * Gives a Spot request a status code of EC2's list.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html
 */
export function setSpotStatus(
  world: World,
  requestId: string | null,
  change: Pick<SpotRequestRecord, 'state' | 'statusCode'>,
): void {
  const request = requestId === null ? undefined : world.spotRequests.get(requestId);
  if (request === undefined) return;
  world.spotRequests.put(request.requestId, {
    ...request,
    ...change,
    statusMessage: messages[change.statusCode] ?? change.statusCode,
    statusUpdatedAt: world.now().toISOString(),
  });
}

/** The status of a one-time request whose instance has ended. */
export function closeSpotRequest(world: World, requestId: string | null, cause: EndingCause): void {
  const byUser = cause === 'user' || cause === 'instance';
  setSpotStatus(world, requestId, {
    state: 'closed',
    statusCode: byUser ? 'instance-terminated-by-user' : 'instance-terminated-no-capacity',
  });
}
