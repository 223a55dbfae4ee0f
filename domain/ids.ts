/** Every name that two sides must agree on: workflow ids, task queues, tags, and the layout of the bucket. */

export const taskQueues = {
  /** Workflow tasks only. */
  workflows: 'runctl',
  /** Launch, save, clean up: what must never wait behind a poll. */
  control: 'runctl-control',
  /** Polls. */
  watch: 'runctl-watch',
} as const;

export const runWorkflowId = (runId: string): string => `run/${runId}`;
export const attemptWorkflowId = (runId: string): string => `run/${runId}/attempt`;
/** One workflow for each alert, so that its key delivers it once. */
export const alertWorkflowId = (key: string): string => `alert/${key}`;
/** The schedule that looks at what all runs of the account cost together, and the workflows it starts. */
export const accountAlertsId = 'account-alerts';

/** Tags that every instance of ours carries from its launch call on. */
export const tagKeys = {
  app: 'app',
  runId: 'runctl:run-id',
  attempt: 'runctl:attempt',
  /** On an instance that `runctl aws create` launched: it has no run, and nobody but its user ends it. */
  owner: 'runctl:owner',
} as const;
export const appTagValue = 'runctl';
export const ownInstanceTagValue = 'user';

/** Each of them with the value `true` keeps runctl from terminating an instance. */
export const protectingTagKeys = [
  'runctl:protected',
  'runctl:important',
  'runctl:persistent',
] as const;

/** Object keys, relative to the bucket. Nothing else may build one. */
export const objectKeys = {
  allCode: 'code/',
  code: (sha256: string): string => `code/${sha256}.tar.gz`,
  supervisors: 'supervisor/',
  supervisor: (sha256: string): string => `supervisor/${sha256}.pyz`,
  /** What the runs have left, each under its id. */
  runs: 'runs/',
  run: (runId: string): string => `runs/${runId}/`,
  checkpoints: (runId: string): string => `runs/${runId}/checkpoints/`,
  latest: (runId: string): string => `runs/${runId}/checkpoints/latest.json`,
  allLogs: (runId: string): string => `runs/${runId}/logs/`,
  /** What a run has uploaded of its outputs. */
  outputs: (runId: string): string => `runs/${runId}/outputs.json`,
  logs: (runId: string, attemptNumber: number): string => `runs/${runId}/logs/${attemptNumber}/`,
} as const;

/** What a worker process prints, on a line of its own, once it polls all its task queues. */
export const workerReadyLine = 'Worker ready.';
