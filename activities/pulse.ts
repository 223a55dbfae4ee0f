import { Context } from '@temporalio/activity';
import { activityLimits } from './limits';

/**
 * Heartbeats for as long as the activity works, so that a worker that was killed is noticed within the heartbeat timeout and
 * not only at the end of the activity's own time. It proves that the process lives; `startToCloseTimeout` bounds the work.
 */
export function withPulse<Arguments extends unknown[], Result>(
  activity: (...given: Arguments) => Promise<Result>,
): (...given: Arguments) => Promise<Result> {
  return async (...given) => {
    const context = Context.current();
    // What an earlier try left as details stays, until the activity says something newer itself.
    const beat = () => {
      context.heartbeat(context.info.heartbeatDetails);
    };
    beat();
    const pulse = setInterval(beat, activityLimits.pulseMs);
    try {
      return await activity(...given);
    } finally {
      clearInterval(pulse);
    }
  };
}
