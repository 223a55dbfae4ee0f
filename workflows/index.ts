export { reapOrphans } from './reap-orphans';
export { trainingAttempt } from './training-attempt';
export { trainingRun } from './training-run';
