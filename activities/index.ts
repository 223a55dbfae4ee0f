import { inTemporalTerms } from './application-failure';
import { awaitInstanceReady } from './await-instance-ready';
import { cleanUpTraining } from './clean-up-training';
import { checkAccount } from './check-account';
import type { ControlActivities, WatchActivities } from './contract';
import { deliverAlert } from './deliver-alert';
import type { ActivityDependencies } from './dependencies';
import { launchInstance } from './launch-instance';
import { pickResumePoint } from './pick-resume-point';
import { withPulse } from './pulse';
import { reapOrphans } from './reap-orphans';
import { releaseInstance } from './release-instance';
import { releaseRun } from './release-run';
import { saveCheckpoint } from './save-checkpoint';
import { startTraining } from './start-training';
import { watchTraining } from './watch-training';

export {
  type ActivityDependencies,
  type AlertSettings,
  defaultPace,
  type Pace,
} from './dependencies';
export { createInstanceGuard } from './instance-guard';

/** The activities of the task queue `runctl-control`. */
export function createControlActivities(dependencies: ActivityDependencies): ControlActivities {
  const bind =
    <Input, Result>(activity: (of: ActivityDependencies, input: Input) => Promise<Result>) =>
    (input: Input) =>
      withPulse(activity)(dependencies, input);
  return {
    pickResumePoint: inTemporalTerms('gives-up', bind(pickResumePoint)),
    launchInstance: inTemporalTerms('gives-up', bind(launchInstance)),
    awaitInstanceReady: inTemporalTerms('gives-up', bind(awaitInstanceReady)),
    startTraining: inTemporalTerms('gives-up', bind(startTraining)),
    saveCheckpoint: inTemporalTerms('gives-up', bind(saveCheckpoint)),
    cleanUpTraining: inTemporalTerms('never-gives-up', bind(cleanUpTraining)),
    releaseInstance: inTemporalTerms('never-gives-up', bind(releaseInstance)),
    releaseRun: inTemporalTerms('never-gives-up', bind(releaseRun)),
    deliverAlert: inTemporalTerms('never-gives-up', bind(deliverAlert)),
    checkAccount: inTemporalTerms('gives-up', bind(checkAccount)),
    reapOrphans: inTemporalTerms('never-gives-up', () => withPulse(reapOrphans)(dependencies)),
  };
}

/** The activities of the task queue `runctl-watch`. */
export function createWatchActivities(dependencies: ActivityDependencies): WatchActivities {
  return {
    // A login that ran out at the worker says nothing of the training: it goes on, and is looked at again.
    watchTraining: inTemporalTerms('never-gives-up', (input) =>
      withPulse(watchTraining)(dependencies, input),
    ),
  };
}
