/** Every bound of a worker: what it limits, its unit in the name, and the reason. */
export const workerLimits = {
  /** Some 105 KB each; an evicted workflow replays its short history at the next event. */
  cachedWorkflows: 1_000,
  /** Workflow tasks are milliseconds of computing. */
  workflowTasks: 40,
  /** Launch, save, clean up: mostly waiting for AWS. */
  controlActivities: 200,
  /** A poll waits a moment for its batch, so many may wait together. */
  watchActivities: 200,
  /** What a poll or a control activity may go on after SIGTERM; those that take longer are repeated elsewhere. */
  shutdownGraceMs: 10_000,
  /** After that the process ends whatever still runs. */
  shutdownForceMs: 13_000,
  /** How soon a client sees the newest progress. */
  heartbeatThrottleMs: 1_000,
  /** First contact with the server. */
  connectMs: 10_000,
  /** What was missed while no server ran is not made up for. */
  scheduleCatchUpMinutes: 1,
  /** How often orphaned instances are looked for. */
  reapIntervalMinutes: 10,
  /** How often it is looked at what all runs cost together; a launch past the limit of instances looks at once. */
  accountIntervalMinutes: 5,
  /** A look is a describe and some prices. */
  accountTimeoutMinutes: 5,
  /** A reap is some describes and terminates. */
  reapTimeoutMinutes: 10,
} as const;
