import { Failure } from '../../domain/failure';
import type { PurchaseOption } from '../../domain/instance';
import type { ContainerRequest, FailurePattern, TrainingRunSpec } from '../../domain/run-spec';
import { validateRunSpec } from '../../domain/validate-run-spec';
import type { StagedScript } from '../staging/stage-code';

/** What a person or a client script asks for; what is left out has the defaults of the spec. */
export interface TrainRequest {
  /** Path of the script; the project around it is sent along. */
  readonly script: string;
  readonly scriptArgs?: readonly string[];
  /** The run id; generated when left out. */
  readonly name?: string;
  /** Environment of the trainer. Not for secrets: it is kept in the workflow's history. */
  readonly environment?: Readonly<Record<string, string>>;
  /** An instance of your own to train on, instead of launching one. */
  readonly instanceId?: string;
  readonly instanceTypes?: readonly string[];
  readonly zones?: readonly string[];
  readonly purchase?: PurchaseOption;
  readonly fallback?: 'none' | 'on-demand';
  /** A Spot pool that costs more counts as out of capacity; left out: the On-Demand price is the limit. */
  readonly spotMaxPriceUsdPerHour?: number;
  readonly keepLastCheckpoints?: number;
  readonly strictResume?: boolean;
  readonly saveTimeoutSeconds?: number;
  readonly maxErrors?: number;
  /** Left out: unlimited. */
  readonly maxInterruptions?: number;
  readonly maxCapacityWaitSeconds?: number;
  /** Interrupted attempts in a row without a newer checkpoint that the run survives. */
  readonly maxAttemptsWithoutProgress?: number;
  /** US dollars after which the run saves and stops; left out: unlimited. */
  readonly maxCostUsd?: number;
  readonly markerName?: string;
  readonly logPattern?: string;
  readonly completionGraceSeconds?: number;
  readonly hangTimeoutSeconds?: number;
  readonly failurePatterns?: readonly FailurePattern[];
  /** Where the instance reads each secret: `ssm:/path`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** `s3://bucket/prefix` that is on the instance, under RUNCTL_DATA_DIR, before the script starts. */
  readonly dataUri?: string;
  /** `s3://bucket/prefix` that gets what the script writes to RUNCTL_OUTPUT_DIR. */
  readonly outputUri?: string;
  readonly dependencies?: TrainingRunSpec['dependencies'];
  /** Patterns with the syntax of `.gitignore`: code that goes along although it is ignored. */
  readonly include?: readonly string[];
  /** Files of the project that go along although they look like secrets; paths, no patterns. */
  readonly includeSecretFiles?: readonly string[];
  /** The image that the script runs in. */
  readonly image?: string;
  /** Path of a Dockerfile: its image is built here, pushed to ECR, and the script runs in it. */
  readonly dockerfile?: string;
  readonly containerMetadata?: ContainerRequest['metadata'];
  readonly keepContainer?: ContainerRequest['keep'];
}

/** Where each part of a spec comes from on the command line, so that a problem names what the user wrote. */
const places: readonly (readonly [specPath: string, place: string])[] = [
  ['runId', '--name'],
  ['environment', '--env'],
  ['capacity.instanceTypes', '--instance-type'],
  ['capacity.instanceId', 'the instance'],
  ['capacity.zones', '--zone'],
  ['capacity.spotMaxPriceUsdPerHour', '--spot-max-price'],
  ['checkpoints.keepLast', '--checkpoint-keep-last'],
  ['checkpoints.saveTimeoutSeconds', '--save-timeout'],
  ['budgets.maxErrors', '--max-errors'],
  ['budgets.maxInterruptions', '--max-interruptions'],
  ['budgets.maxCapacityWaitSeconds', '--max-capacity-wait'],
  ['budgets.maxAttemptsWithoutProgress', '--max-attempts-without-progress'],
  ['budgets.maxCostUsd', '--max-cost'],
  ['completion.markerName', '--marker'],
  ['completion.logPattern', '--log-pattern'],
  ['completion.graceSeconds', '--completion-grace'],
  ['completion.hangTimeoutSeconds', '--hang-timeout'],
  ['completion.failurePatterns', '--failure-pattern'],
  ['secrets', '--secret'],
  ['data.inputUri', '--data-s3'],
  ['data.outputUri', '--output-s3'],
  ['container.image', '--docker-image'],
  ['container.metadata', '--docker-metadata'],
  ['container.keep', '--docker-keep'],
  ['scriptArgs', 'the arguments behind --'],
];

/** Stands in for the code while a request is checked before anything is staged. */
const placeholderCode: StagedScript['code'] = { sha256: '0'.repeat(64), sizeBytes: 1 };

/**
 * Checks everything of a request that can be checked before the code is staged.
 *
 * @throws invalid-input  Names every problem with its place.
 */
export function checkRequest(request: TrainRequest, runId: string): void {
  if (request.image !== undefined && request.dockerfile !== undefined) {
    throw new Failure('invalid-input', 'image, dockerfile: expected one of the two, got both');
  }
  buildSpec(request, runId, { code: placeholderCode, script: 'script' });
}

/**
 * Makes the complete spec of a run.
 *
 * @throws invalid-input  Names every problem with its place.
 */
export function buildSpec(
  request: TrainRequest,
  runId: string,
  staged: Pick<StagedScript, 'code' | 'script'>,
): TrainingRunSpec {
  const checked = validateRunSpec({
    runId,
    code: staged.code,
    script: staged.script,
    scriptArgs: request.scriptArgs,
    environment: request.environment,
    capacity: toCapacity(request),
    checkpoints: withoutUndefined({
      keepLast: request.keepLastCheckpoints,
      strictResume: request.strictResume,
      saveTimeoutSeconds: request.saveTimeoutSeconds,
    }),
    budgets: withoutUndefined({
      maxErrors: request.maxErrors,
      maxInterruptions: request.maxInterruptions,
      maxCapacityWaitSeconds: request.maxCapacityWaitSeconds,
      maxAttemptsWithoutProgress: request.maxAttemptsWithoutProgress,
      maxCostUsd: request.maxCostUsd,
    }),
    completion: withoutUndefined({
      markerName: request.markerName,
      logPattern: request.logPattern,
      graceSeconds: request.completionGraceSeconds,
      hangTimeoutSeconds: request.hangTimeoutSeconds,
      failurePatterns: request.failurePatterns,
    }),
    secrets: request.secrets,
    data: withoutUndefined({ inputUri: request.dataUri, outputUri: request.outputUri }),
    dependencies: request.dependencies,
    container: toContainer(request),
  });
  if (checked.kind === 'valid') return checked.spec;
  throw new Failure('invalid-input', checked.problems.map(nameAsWritten).join('\n'));
}

function toCapacity(request: TrainRequest): unknown {
  if (request.instanceId !== undefined) {
    return { kind: 'existing-instance', instanceId: request.instanceId };
  }
  return withoutUndefined({
    kind: 'launch',
    instanceTypes: request.instanceTypes ?? [],
    zones: request.zones,
    purchase: request.purchase,
    fallback: request.fallback,
    spotMaxPriceUsdPerHour: request.spotMaxPriceUsdPerHour,
  });
}

function toContainer(request: TrainRequest): unknown {
  // The name of an image that is not built yet is known to be right.
  const image = request.image ?? (request.dockerfile === undefined ? undefined : 'to-be-built');
  if (image === undefined) return undefined;
  return withoutUndefined({
    image,
    metadata: request.containerMetadata,
    keep: request.keepContainer,
  });
}

/** `capacity.instanceTypes[0]: expected …` → `--instance-type: expected …`. */
export function nameAsWritten(problem: string): string {
  const found = places.find(([specPath]) => problem.startsWith(specPath));
  if (found === undefined) return problem;
  const [specPath, place] = found;
  return `${place}${problem.slice(specPath.length).replace(/^\[\d+\]/, '')}`;
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
