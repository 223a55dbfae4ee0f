/** Bounds of the activities that are nobody's configuration, each with unit and reason. */

export const activityLimits = {
  /** Download of the supervisor, and a start that waits until the detached process holds its lock. */
  startExecutionSeconds: 60,
  /** Ends process groups with a grace time, and removes folders that may be large. */
  cleanUpExecutionSeconds: 60,
  /** Publishing after the trainer has ended, on top of the time to save. */
  publishExecutionSeconds: 60,
  /**
   * A stop waits for what the supervisor still uploads: it gives up by itself where nothing moves for a quarter of an
   * hour. Within this a terabyte of outputs goes up.
   */
  publishPatienceMs: 6 * 3_600_000,
  /** The agent takes whole seconds, and turns more than this into an hour. */
  maxExecutionSeconds: 172_800,
  /** EC2 may not know an instance yet that it has just launched; older than this, unknown means gone. */
  consistencyMs: 120_000,
  /**
   * An instance is pending for some 5 to 20 s, and then its bill begins. All that a worker waits for share one call, so that
   * looks this close stay far below EC2's 20 calls a second:
   * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
   */
  pendingLookMs: 250,
  /** Well within `startToCloseTimeout` of the activity; what boots longer is looked at again after a pause. */
  pendingWatchMs: 20_000,
  /** A supervisor that was started a moment ago may not have reported yet. */
  firstReportMs: 60_000,
  /** A report of `gone` is looked at so often before it is believed. */
  goneLooks: 2,
  /** When it is not known what a launch has left, it is looked for so often: tags are eventually consistent. */
  releaseLooks: 3,
  releaseLookDelayMs: 700,
  /** Well under the heartbeat timeout of 10 s in workflows/activity-proxies.ts, so that one late beat is no death. */
  pulseMs: 3_000,
  /** Letters of a loss curve in a status line: it stands in the Web UI among other facts. */
  curveWidth: 12,
  /** Both ways, so that many watches do not fall into step. */
  jitter: 0.2,
  /** Of one channel; a try of all of them ends within its `startToCloseTimeout`. */
  alert: {
    /** A notification program asks somebody else's server. */
    commandMs: 30_000,
    /** Its output is not used, but for the message of a failure. */
    commandOutputBytes: 1024 * 1024,
    webhookMs: 10_000,
  },
  /** Open runs are asked of Temporal so many at a time. */
  parallelLookUps: 5,
} as const;
