import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import {
  createControlActivities,
  createWatchActivities,
  type ActivityDependencies,
} from '../activities';
import { taskQueues } from '../domain/ids';
import { workerLimits } from './limits';
import { workflowCode } from './workflow-code';

/**
 * One worker per task queue, in one process: polls can never take the slots of the save that has two minutes. Workers
 * for activities only cost next to nothing.
 */
export async function createWorkers(
  connection: NativeConnection,
  namespace: string,
  dependencies: ActivityDependencies,
): Promise<Worker[]> {
  const shared = {
    connection,
    namespace,
    shutdownGraceTime: workerLimits.shutdownGraceMs,
    shutdownForceTime: workerLimits.shutdownForceMs,
  } satisfies WorkerOptions | Omit<WorkerOptions, 'taskQueue'>;
  const activities = {
    ...shared,
    maxHeartbeatThrottleInterval: workerLimits.heartbeatThrottleMs,
    defaultHeartbeatThrottleInterval: workerLimits.heartbeatThrottleMs,
  };
  return [
    await Worker.create({
      ...shared,
      taskQueue: taskQueues.workflows,
      workflowBundle: await workflowCode(),
      maxCachedWorkflows: workerLimits.cachedWorkflows,
      maxConcurrentWorkflowTaskExecutions: workerLimits.workflowTasks,
    }),
    await Worker.create({
      ...activities,
      taskQueue: taskQueues.control,
      activities: createControlActivities(dependencies),
      maxConcurrentActivityTaskExecutions: workerLimits.controlActivities,
    }),
    await Worker.create({
      ...activities,
      taskQueue: taskQueues.watch,
      activities: createWatchActivities(dependencies),
      maxConcurrentActivityTaskExecutions: workerLimits.watchActivities,
      activityTaskPollerBehavior: { type: 'autoscaling' },
    }),
  ];
}
