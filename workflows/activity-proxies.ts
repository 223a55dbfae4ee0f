import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { ControlActivities, WatchActivities } from '../activities/contract';
import { taskQueues } from '../domain/ids';

// One proxy per class of timeouts. Activities heartbeat all the time they work, so one whose worker was
// killed is repeated after `heartbeatTimeout`: that is how long a kill -9 can hold a run up.
const heartbeatTimeout = '10s';

/** Asks EC2 and S3 for answers of seconds; safe to give up, since nothing is changed that a repeat would not find. */
export const quick = proxyActivities<
  Pick<ControlActivities, 'pickResumePoint' | 'reapOrphans' | 'checkAccount'>
>({
  taskQueue: taskQueues.control,
  heartbeatTimeout,
  startToCloseTimeout: '2 minutes', // it may verify a checkpoint of many files
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/**
 * Changes the world: after a cancel the outcome is awaited, so that the release knows what there is. In back-off the
 * server ends it at once.
 */
export const change = proxyActivities<Pick<ControlActivities, 'launchInstance' | 'startTraining'>>({
  taskQueue: taskQueues.control,
  heartbeatTimeout,
  startToCloseTimeout: '90s', // CreateFleet may look at many pools; an SSM command takes seconds
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Polls every few seconds while an instance boots: the activity itself sets the pace. */
export const boot = proxyActivities<Pick<ControlActivities, 'awaitInstanceReady'>>({
  taskQueue: taskQueues.control,
  heartbeatTimeout,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '3s', backoffCoefficient: 1 },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** Looks once every while for as long as a training takes. Retries write no history. */
export const watch = proxyActivities<WatchActivities>({
  taskQueue: taskQueues.watch,
  heartbeatTimeout,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '5s', backoffCoefficient: 1 },
  // A poll in flight must not delay the save that has two minutes.
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  priority: { priorityKey: 4 },
});

/** The save inside a notice: short tries (a repeat joins the save under way), before everything else in its queue. */
export const urgent = proxyActivities<Pick<ControlActivities, 'saveCheckpoint'>>({
  taskQueue: taskQueues.control,
  heartbeatTimeout,
  startToCloseTimeout: '45s',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '5s' },
  priority: { priorityKey: 1 },
});

/** A save that a person asked for: there is time, and a failure is told rather than repeated for long. */
export const requested = proxyActivities<Pick<ControlActivities, 'saveCheckpoint'>>({
  taskQueue: taskQueues.control,
  heartbeatTimeout,
  startToCloseTimeout: '5 minutes', // overridden by the spec's saveTimeoutSeconds
  retry: { initialInterval: '2s', maximumInterval: '10s', maximumAttempts: 3 },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  priority: { priorityKey: 2 },
});

/** Cleaning up and releasing: repeated for ever, since what is not released costs money; see also `insist`. */
export const release = proxyActivities<
  Pick<ControlActivities, 'cleanUpTraining' | 'releaseInstance' | 'releaseRun'>
>({
  taskQueue: taskQueues.control,
  heartbeatTimeout,
  startToCloseTimeout: '90s',
  retry: { initialInterval: '1s', maximumInterval: '1 minute' },
  priority: { priorityKey: 2 },
});

/** A notification: tried for a day, since somebody else's server may be down, and behind everything else. */
export const notify = proxyActivities<Pick<ControlActivities, 'deliverAlert'>>({
  taskQueue: taskQueues.control,
  heartbeatTimeout,
  startToCloseTimeout: '1 minute', // a program and a web address, see activities/limits.ts
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '5s', maximumInterval: '10 minutes' },
  priority: { priorityKey: 5 },
});
