/**
 * The calls of `aws/` that a client makes, in one module, so that they are loaded together and late: the SDK takes half
 * a second, and most commands need none of it.
 */
export { failureFromAwsError } from '../aws/aws-error';
export { deleteCheckpointFolder, listPrunable, pruneCheckpoints } from '../aws/checkpoint-prune';
export { copyCheckpoint, withdrawCopy } from '../aws/checkpoint-copy';
export {
  listCheckpointFolders,
  readCheckpointManifest,
  readVerifiedManifest,
} from '../aws/checkpoint-store';
export { hasCodeArchive, storeCode } from '../aws/code-store';
export { connectCloud } from '../aws/connect-cloud';
export { readInstanceCost } from '../aws/cost-so-far';
export { describeInstances } from '../aws/instance-reader';
export { findEvery } from '../aws/find-instances';
export { ensureRepository, findImageDigest, logInToRegistry } from '../aws/image-registry';
export { listLog, listLogAttempts, readLogPiece } from '../aws/log-store';
export { checkBucket, getText } from '../aws/object-store';
export {
  awaitReady,
  awaitState,
  refuseUnstoppable,
  startInstance,
  stopInstance,
  terminateInstance,
} from '../aws/instance-power';
export { launchOwn } from '../aws/launch-own';
export { readPrices } from '../aws/prices';
export { endTraining, readTraining } from '../aws/visit-training';
export { readUsage } from '../aws/read-usage';
export { cancelSpotRequests, findOpenSpotRequests } from '../aws/spot-requests';
export { listStoredRuns, measureRun, measureStorage } from '../aws/storage-usage';
export { terminateInstances } from '../aws/terminate';
export {
  abortUpload,
  findUnfinishedCheckpoints,
  findUnfinishedObjects,
} from '../aws/unfinished-uploads';
