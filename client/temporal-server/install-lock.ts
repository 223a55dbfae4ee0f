import path from 'node:path';
import { limits } from '../limits';
import { tryToLock, unlock } from '../processes/lock-file';
import { waitUntil } from '../wait-until';
import { serverCacheFolder } from './server-program';

/**
 * Runs one installation at a time per cache folder. The lock only saves work: what is installed is renamed into place
 * whole, so that two who build at once (the lock of a dead process was taken over twice) do no harm.
 */
export async function withInstallLock<Result>(
  options: { readonly environment: NodeJS.ProcessEnv; readonly say: (text: string) => void },
  install: () => Promise<Result>,
): Promise<Result> {
  const lockFile = path.join(serverCacheFolder(options.environment), 'install.lock');
  if (!tryToLock(lockFile)) {
    options.say('Another runctl is installing the Temporal server; waiting for it.');
    await waitUntil(() => tryToLock(lockFile), {
      timeoutSeconds: limits.installLockSeconds,
      intervalMs: 250,
    });
  }
  try {
    return await install();
  } finally {
    unlock(lockFile);
  }
}
