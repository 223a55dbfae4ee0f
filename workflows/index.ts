export { accountAlerts } from './account-alerts';
export { alertDelivery } from './alert-delivery';
export { reapOrphans } from './reap-orphans';
export { trainingAttempt } from './training-attempt';
export { trainingRun } from './training-run';
