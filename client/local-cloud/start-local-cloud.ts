import path from 'node:path';
import { z } from 'zod';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';
import { inPackage } from '../package-root';
import {
  endProcess,
  lastLines,
  startInBackground,
  type BackgroundProcess,
} from '../processes/background-process';
import { readFileSync } from 'node:fs';
import { waitUntil } from '../wait-until';

const announcementSchema = z.object({
  endpointUrl: z.string(),
  region: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  bucket: z.string(),
  instanceProfile: z.string(),
});

/** How to reach a local cloud and what it has ready: what it prints once it serves. */
type LocalCloudAnnouncement = z.infer<typeof announcementSchema>;

export interface StartedLocalCloud {
  readonly process: BackgroundProcess;
  readonly announcement: LocalCloudAnnouncement;
}

/**
 * Starts the local cloud as a process of its own and returns once it serves. Started again on the same folder it is the
 * same world; its instances end with it.
 *
 * @throws local-cloud-unreachable  It ended, or did not serve in time; says its last words.
 */
export async function startLocalCloud(options: {
  readonly stateFolder: string;
  readonly region: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly bootSeconds?: number;
  /** False: user data is shown by the metadata only. */
  readonly runsUserData?: boolean;
}): Promise<StartedLocalCloud> {
  const background = await startInBackground({
    command: process.execPath,
    args: [
      inPackage('dist', 'local-cloud', 'main.js'),
      ...['--state-dir', path.join(options.stateFolder, 'local-cloud')],
      ...['--region', options.region, '--terminate-on-exit'],
      ...(options.runsUserData === false ? ['--no-user-data'] : []),
      ...(options.bootSeconds === undefined ? [] : ['--boot-seconds', String(options.bootSeconds)]),
    ],
    environment: options.environment,
    logFile: path.join(options.stateFolder, 'logs', 'local-cloud.log'),
  });
  await waitUntil(
    () => readAnnouncement(background.logFile) !== null || background.endReason() !== null,
    { timeoutSeconds: limits.localCloudReadySeconds, intervalMs: 50 },
  );
  const announcement = readAnnouncement(background.logFile);
  const end = background.endReason();
  if (announcement !== null && end === null) return { process: background, announcement };
  await endProcess(background.identity);
  throw new Failure('local-cloud-unreachable', 'the local cloud did not start.', {
    why: `${end === null ? 'It did not answer in time' : `It ended (${end})`}: ${lastLines(background.logFile, 5)}`,
    next: `Its log is ${background.logFile}.`,
  });
}

function readAnnouncement(logFile: string): LocalCloudAnnouncement | null {
  const line = readFileSync(logFile, 'utf8')
    .split('\n')
    // The last piece is an unfinished line, or empty.
    .slice(0, -1)
    .find((candidate) => candidate.startsWith('{"endpointUrl"'));
  return line === undefined ? null : announcementSchema.parse(JSON.parse(line));
}
