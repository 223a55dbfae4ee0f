/** What client scripts import: see examples/client-script.ts. */
export { TrainingClient, type ConnectOptions, type StartedRun } from './training-client';
export { resumeRun, type ResumedRun, type ResumeRequest } from './runs/resume-run';
export type { TrainRequest } from './runs/train-request';
export type { AttemptLine, RunFailure, RunSnapshot } from './runs/run-snapshot';
export type { ListedRun } from './runs/listed-run';
export type { Checkpoint } from '../domain/checkpoint';
export { Failure, type FailureCode } from '../domain/failure';
export type { PurchaseOption } from '../domain/instance';
export type {
  Budgets,
  CapacityRequest,
  CheckpointPolicy,
  StagedCode,
  TrainingRunSpec,
} from '../domain/run-spec';
