import type { Info } from '@temporalio/activity';
import {
  createControlActivities,
  createInstanceGuard,
  createWatchActivities,
  defaultPace,
  type AlertSettings,
} from '../../activities';
import type { ControlActivities, WatchActivities } from '../../activities/contract';
import type { ActivityDependencies } from '../../activities/dependencies';
import { defaultThresholds } from '../../domain/alerts';
import type { SupervisorPackage } from '../../aws/supervisor-package';
import { newActivityEnvironment } from './activity-environment';
import { type ConnectedCloud, startConnectedCloud } from './connected-cloud';

/** All activities on a local cloud, each called as Temporal would call it. */
export interface ActivityLab extends ConnectedCloud {
  readonly activities: ControlActivities & WatchActivities;
  readonly openRuns: Set<string>;
  /** How often a launch has asked to look at the account. */
  accountLooks(): number;
  /** Runs one call in an activity context of its own. */
  run<Result>(
    call: () => Promise<Result>,
    info?: Partial<Info>,
    onHeartbeat?: (details: unknown) => void,
  ): Promise<Result>;
  /** Repeats a call as Temporal does, with its heartbeat details, until it returns; the messages of "not yet". */
  runUntilDone<Result>(
    call: () => Promise<Result>,
    limitMs?: number,
  ): Promise<{ readonly result: Result; readonly messages: readonly string[] }>;
}

export interface ActivityLabOptions {
  readonly alerts?: AlertSettings;
  readonly maxInstances?: number;
}

export async function startActivityLab(
  supervisor: SupervisorPackage,
  options: ActivityLabOptions = {},
): Promise<ActivityLab> {
  const connected = await startConnectedCloud();
  const openRuns = new Set<string>();
  let accountLooks = 0;
  const dependencies: ActivityDependencies = {
    cloud: connected.cloud,
    supervisor,
    isRunOpen: (runId) => Promise.resolve(openRuns.has(runId)),
    pace: { ...defaultPace, watchIntervalMs: 300, bootIntervalMs: 200, orphanGraceSeconds: 0 },
    alerts: options.alerts ?? { thresholds: defaultThresholds, command: null, webhook: null },
    guard: createInstanceGuard(options.maxInstances ?? null),
    lookAtAccount: () => {
      accountLooks += 1;
      return Promise.resolve();
    },
  };
  let activityCount = 0;
  const newInfo = (): Partial<Info> => ({
    activityId: String((activityCount += 1)),
    scheduledTimestampMs: Date.now(),
  });
  const run: ActivityLab['run'] = (call, info = {}, onHeartbeat = () => undefined) => {
    const environment = newActivityEnvironment({ ...newInfo(), ...info });
    environment.on('heartbeat', onHeartbeat);
    return environment.run(call);
  };
  return {
    ...connected,
    activities: {
      ...createControlActivities(dependencies),
      ...createWatchActivities(dependencies),
    },
    openRuns,
    accountLooks: () => accountLooks,
    run,
    runUntilDone: (call, limitMs = 30_000) => repeat(newInfo(), call, limitMs),
  };
}

async function repeat<Result>(
  info: Partial<Info>,
  call: () => Promise<Result>,
  limitMs: number,
): Promise<{ readonly result: Result; readonly messages: readonly string[] }> {
  const deadline = Date.now() + limitMs;
  const messages: string[] = [];
  let heartbeatDetails: unknown;
  for (let attempt = 1; Date.now() < deadline; attempt += 1) {
    const environment = newActivityEnvironment({ ...info, attempt, heartbeatDetails });
    environment.on('heartbeat', (details: unknown) => {
      heartbeatDetails = details ?? heartbeatDetails;
    });
    try {
      return { result: await environment.run(call), messages };
    } catch (error) {
      const { category, message, nextRetryDelay } = error as {
        category?: string;
        message: string;
        nextRetryDelay?: number;
      };
      if (category !== 'BENIGN') throw error;
      messages.push(message);
      await new Promise((resolve) => setTimeout(resolve, nextRetryDelay));
    }
  }
  throw new Error(`Not done after ${limitMs} ms; last: ${messages.slice(-3).join(' | ')}`);
}
