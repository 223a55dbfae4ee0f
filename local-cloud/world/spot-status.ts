import type { SpotRequestRecord } from './records';
import type { EndingCause } from './state-reasons';
import type { World } from './world';

const messages: Readonly<Record<string, string>> = {
  'pending-evaluation':
    'Your Spot request has been submitted for review, and is pending evaluation.',
  'not-scheduled-yet': 'Your Spot request will not be evaluated until the scheduled date.',
  'capacity-not-available': 'There is no Spot capacity available that matches your request.',
  'canceled-before-fulfillment': 'Your Spot request is canceled before it was fulfilled.',
  'schedule-expired': 'Your Spot request expired because it was not fulfilled in time.',
  fulfilled: 'Your spot request is fulfilled.',
  'marked-for-termination': 'Your instance is marked for termination.',
  'instance-terminated-by-user': 'Your Spot instance was terminated by user.',
  'instance-terminated-no-capacity':
    'Your Spot instance was terminated because there is no Spot capacity available.',
  'request-canceled-and-instance-running':
    'Your spot request is canceled, but your instance is still running.',
};

/** EC2's sentence for a status code. */
export const spotStatusMessage = (statusCode: string): string => messages[statusCode] ?? statusCode;

/**
 * Gives a Spot request a status code of EC2's list.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html
 */
export function setSpotStatus(
  world: World,
  requestId: string | null,
  change: Pick<SpotRequestRecord, 'state' | 'statusCode'> & Partial<SpotRequestRecord>,
): void {
  const request = requestId === null ? undefined : world.spotRequests.get(requestId);
  if (request === undefined) return;
  world.spotRequests.put(request.requestId, {
    ...request,
    statusMessage: spotStatusMessage(change.statusCode),
    statusUpdatedAt: world.now().toISOString(),
    ...change,
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
