import type { StateReason } from './records';

/** Who ends an instance. */
export type EndingCause =
  | 'user'
  /** A program on the instance shut it down. */
  | 'instance'
  | 'spot-interruption'
  /** An interruption that ended without a notice, or a failed machine. */
  | 'sudden-death';

/**
 * EC2's words for the end of an instance.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
 */
export function stateReason(cause: EndingCause, isSpot: boolean, at: Date): StateReason {
  const date = `${at.toISOString().slice(0, 19).replace('T', ' ')} GMT`;
  switch (cause) {
    case 'user':
      return {
        code: 'Client.UserInitiatedShutdown',
        message: 'Client.UserInitiatedShutdown: User initiated shutdown',
        transition: `User initiated (${date})`,
      };
    case 'instance':
      return {
        code: 'Client.InstanceInitiatedShutdown',
        message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
        transition: `User initiated (${date})`,
      };
    case 'spot-interruption':
    case 'sudden-death':
      if (isSpot) {
        return {
          code: 'Server.SpotInstanceTermination',
          message: 'Server.SpotInstanceTermination: Spot instance termination',
          transition: `Server.SpotInstanceTermination (${date})`,
        };
      }
      return {
        code: 'Server.InternalError',
        message: 'Server.InternalError: Internal error on the host of the instance',
        transition: `Service initiated (${date})`,
      };
  }
}
