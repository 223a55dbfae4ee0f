import { Failure } from '../../domain/failure';
import {
  loadSettings,
  placeTexts,
  settingsForLocalCloud,
  type LoadedSettings,
} from '../../settings/load-settings';
import type { SettingName, SettingValues } from '../../settings/setting-keys';
import { configuredTemporal, type TemporalTarget } from '../../temporal/connect';
import { chooseCloud, type Cloud, type ChosenCloud } from './choose-cloud';
import { findUpFile, isUp, type FoundUpFile } from './up-file';

/** What a command works with: which cloud, which Temporal server, which settings. */
export interface Environment {
  readonly cloud: Cloud;
  /** `local cloud (runctl up in /home/ada/project)`: what every command says first. */
  readonly cloudDescription: string;
  readonly temporal: TemporalTarget;
  readonly webUiUrl: string | null;
  readonly settings: SettingValues;
  /** Where each setting was said, for people. */
  readonly places: Readonly<Partial<Record<SettingName, string>>>;
  readonly warnings: readonly string[];
  /** @see LoadedSettings.notes */
  readonly notes: readonly string[];
  /** The running `runctl up`; null when none is. */
  readonly up: FoundUpFile | null;
  /** The variables that AWS clients and a worker need to reach this cloud. */
  readonly variables: NodeJS.ProcessEnv;
}

export interface EnvironmentOptions {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly flags?: Readonly<Partial<Record<SettingName, unknown>>>;
}

/**
 * Finds out what a command works with, from flags, environment, files and a running `runctl up`.
 *
 * @throws cloud-not-chosen, invalid-input, local-cloud-unreachable; reading `temporal` throws temporal-unreachable when
 *   no server is configured.
 */
export function resolveEnvironment(options: EnvironmentOptions): Environment {
  const loaded = loadSettings(options);
  const up = findLiveUp(options.folder);
  const { cloud: configured } = loaded.values;
  const configuredPlace = loaded.places.cloud;
  const chosen = chooseCloud({
    configured:
      configured === undefined || configuredPlace === undefined
        ? null
        : { cloud: configured, ...configuredPlace },
    up: up === null ? null : { cloud: up.content.cloud, folder: up.folder },
  });
  const upOfCloud = up?.content.cloud === chosen.cloud ? up : null;
  const variables = cloudVariables(chosen, upOfCloud, options.environment);
  const settings =
    chosen.cloud === 'local' ? withUp(settingsForLocalCloud(loaded), upOfCloud) : loaded.values;
  return {
    cloud: chosen.cloud,
    cloudDescription: describe(chosen, settings, variables),
    // Looked for when it is needed: to create or start an instance no server has to be there.
    get temporal() {
      return findTemporal(options.environment, up);
    },
    webUiUrl: up?.content.webUiUrl ?? null,
    settings,
    places: placesOf(loaded, chosen.cloud === 'local' ? upOfCloud : null),
    warnings: loaded.warnings,
    notes: loaded.notes,
    up,
    variables,
  };
}

/** The `runctl up` that runs in this folder or one above; null when none does. */
function findLiveUp(folder: string): FoundUpFile | null {
  const found = findUpFile(folder);
  return found !== null && isUp(found.content) ? found : null;
}

function findTemporal(environment: NodeJS.ProcessEnv, up: FoundUpFile | null): TemporalTarget {
  const configured = configuredTemporal(environment);
  const isSaidNow = configured?.source === 'TEMPORAL_ADDRESS';
  if (configured !== null && (isSaidNow || up === null)) return configured;
  if (up === null) {
    throw new Failure('temporal-unreachable', 'no Temporal server is configured.', {
      why: 'There is no TEMPORAL_ADDRESS, no Temporal profile, and no `runctl up` runs here.',
    });
  }
  const { temporalAddress, temporalNamespace } = up.content;
  // `up` uses a profile's server when there is one; its TLS and API key are in the profile, not in the file.
  if (configured?.address === temporalAddress) return configured;
  return {
    address: temporalAddress,
    namespace: temporalNamespace,
    source: `runctl up in ${up.folder}`,
    options: {},
  };
}

function withUp(settings: SettingValues, up: FoundUpFile | null): SettingValues {
  if (up?.content.cloud !== 'local') return settings;
  const { region, bucket, instanceProfile } = up.content;
  return {
    ...settings,
    region,
    bucket,
    ...(instanceProfile === null ? {} : { instance_profile: instanceProfile }),
  };
}

/** What `runctl up` brought with it was said by nobody else. */
function placesOf(loaded: LoadedSettings, up: FoundUpFile | null): Environment['places'] {
  const brought = up === null ? [] : (['region', 'bucket', 'instance_profile'] as const);
  return {
    ...placeTexts(loaded),
    ...Object.fromEntries(brought.map((name) => [name, `runctl up in ${up?.folder ?? ''}`])),
  };
}

function cloudVariables(
  chosen: ChosenCloud,
  up: FoundUpFile | null,
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  if (chosen.cloud === 'aws') return environment;
  if (up !== null) return localCloudVariables(environment, up.content);
  // `eval "$(runctl env)"` in another folder, or a client script that was given an address.
  if ((environment['AWS_ENDPOINT_URL'] ?? '') !== '') return environment;
  throw new Failure('local-cloud-unreachable', 'no local cloud runs here.', {
    why: `${chosen.place} says local, but there is no \`runctl up\` in this folder or above, and no AWS_ENDPOINT_URL.`,
  });
}

/** A real cloud is polled gently; the local one costs nothing, and people watch it. */
const localPollSeconds = '1';

/** The variables of a worker process for this cloud and this Temporal server. */
export function workerVariables(
  cloud: Cloud,
  variables: NodeJS.ProcessEnv,
  settings: SettingValues,
  temporal: Pick<TemporalTarget, 'address' | 'namespace'>,
): NodeJS.ProcessEnv {
  const isPaceOpen = cloud === 'local' && settings.poll_interval_seconds === undefined;
  return {
    ...variables,
    ...(isPaceOpen ? { RUNCTL_POLL_INTERVAL_SECONDS: localPollSeconds } : {}),
    RUNCTL_CLOUD: cloud,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  };
}

/** The environment with everything that would lead AWS clients elsewhere taken out. */
export function localCloudVariables(
  environment: NodeJS.ProcessEnv,
  cloud: {
    readonly awsEndpointUrl: string | null;
    readonly region: string;
    readonly accessKeyId: string | null;
    readonly secretAccessKey: string | null;
    readonly bucket: string;
    readonly instanceProfile: string | null;
  },
): NodeJS.ProcessEnv {
  const foreign = /^AWS_(PROFILE|DEFAULT_PROFILE|SESSION_TOKEN|ENDPOINT_URL_|ROLE_|WEB_IDENTITY_)/;
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.test(name))),
    RUNCTL_CLOUD: 'local',
    AWS_ENDPOINT_URL: cloud.awsEndpointUrl ?? '',
    AWS_REGION: cloud.region,
    AWS_ACCESS_KEY_ID: cloud.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: cloud.secretAccessKey ?? '',
    RUNCTL_BUCKET: cloud.bucket,
    RUNCTL_INSTANCE_PROFILE: cloud.instanceProfile ?? '',
  };
}

function describe(
  chosen: ChosenCloud,
  settings: SettingValues,
  variables: NodeJS.ProcessEnv,
): string {
  switch (chosen.cloud) {
    case 'local':
      return `local cloud at ${variables['AWS_ENDPOINT_URL'] ?? ''} (${chosen.place})`;
    case 'aws':
      return `AWS, region ${settings.region ?? 'not set'} (${chosen.place})`;
  }
}
