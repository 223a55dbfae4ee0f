import { isInstanceId } from '../../runs/run-id';
import type { TrainRequest } from '../../runs/train-request';
import { ArgumentProblems } from '../parse-options';

/** As commander gives them: texts. */
export interface TrainOptions {
  readonly instanceType?: readonly string[];
  readonly zone?: readonly string[];
  readonly spot?: boolean;
  readonly onDemand?: boolean;
  readonly fallback?: string;
  readonly spotMaxPrice?: string;
  readonly name?: string;
  readonly env?: readonly string[];
  readonly checkpointKeepLast?: string;
  readonly strictResume?: boolean;
  readonly saveTimeout?: string;
  readonly maxErrors?: string;
  readonly maxInterruptions?: string;
  readonly maxCapacityWait?: string;
  readonly maxAttemptsWithoutProgress?: string;
  readonly maxCost?: string;
  readonly marker?: string;
  readonly logPattern?: string;
  readonly completionGrace?: string;
  readonly hangTimeout?: string;
  readonly failurePattern?: readonly string[];
  readonly secret?: readonly string[];
  readonly dataS3?: string;
  readonly outputS3?: string;
  readonly install?: boolean;
  readonly include?: readonly string[];
  readonly includeSecretFile?: readonly string[];
  readonly dockerImage?: string;
  readonly dockerfile?: string;
  readonly dockerMetadata?: string;
  readonly dockerKeep?: string;
  readonly wait?: boolean;
}

/**
 * Reads the command line of `train`. What the spec's own rules say (bounds, names) is checked there; here is what only
 * the command line can get wrong.
 *
 * @throws invalid-input  Names every problem.
 */
export function readTrainArguments(
  operands: readonly string[],
  options: TrainOptions,
  scriptArgs: readonly string[],
): TrainRequest {
  const problems = new ArgumentProblems();
  const { script, instanceId } = readOperands(operands, options, problems);
  if (options.spot === true && options.onDemand === true) {
    problems.addSentence('--spot, --on-demand: expected one of the two, got both');
  }
  checkContainer(options, problems);
  const count = (place: string, text: string | undefined): number | undefined =>
    problems.number(place, text, { min: 0 }, undefined);
  const request = {
    script,
    scriptArgs,
    instanceId,
    name: options.name,
    instanceTypes: options.instanceType,
    zones: options.zone,
    purchase: options.onDemand === true ? 'on-demand' : options.spot === true ? 'spot' : undefined,
    fallback: readFallback(options.fallback, problems),
    spotMaxPriceUsdPerHour: problems.number(
      '--spot-max-price',
      options.spotMaxPrice,
      { min: 0, isWhole: false },
      undefined,
    ),
    environment: readPairs('--env', 'KEY=VALUE', options.env ?? [], problems),
    strictResume: options.strictResume,
    keepLastCheckpoints: count('--checkpoint-keep-last', options.checkpointKeepLast),
    saveTimeoutSeconds: count('--save-timeout', options.saveTimeout),
    maxErrors: count('--max-errors', options.maxErrors),
    maxInterruptions: count('--max-interruptions', options.maxInterruptions),
    maxCapacityWaitSeconds: count('--max-capacity-wait', options.maxCapacityWait),
    maxAttemptsWithoutProgress: count(
      '--max-attempts-without-progress',
      options.maxAttemptsWithoutProgress,
    ),
    maxCostUsd: problems.number(
      '--max-cost',
      options.maxCost,
      { min: 0, isWhole: false },
      undefined,
    ),
    markerName: options.marker,
    logPattern: options.logPattern,
    completionGraceSeconds: count('--completion-grace', options.completionGrace),
    hangTimeoutSeconds: count('--hang-timeout', options.hangTimeout),
    failurePatterns: readFailurePatterns(options.failurePattern, problems),
    secrets: readPairs('--secret', 'NAME=ssm:/path', options.secret ?? [], problems),
    dataUri: options.dataS3,
    outputUri: options.outputS3,
    dependencies: options.install === false ? 'none' : undefined,
    include: options.include,
    includeSecretFiles: options.includeSecretFile,
    image: options.dockerImage,
    dockerfile: options.dockerfile,
    containerMetadata: options.dockerMetadata,
    keepContainer: options.dockerKeep,
  } as const;
  problems.throwIfAny();
  // What was not said is absent, not undefined.
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined),
  ) as unknown as TrainRequest;
}

function readOperands(
  operands: readonly string[],
  options: TrainOptions,
  problems: ArgumentProblems,
): { script: string; instanceId: string | undefined } {
  const [first = ''] = operands;
  const instanceId = isInstanceId(first) ? first : undefined;
  const [script = '', ...excess] = instanceId === undefined ? operands : operands.slice(1);
  if (script === '') problems.addSentence('SCRIPT: expected the path of a script, got nothing');
  if (instanceId === undefined && excess.length > 0 && first.startsWith('i-')) {
    problems.add('the instance', 'an id such as i-0123456789abcdef0', first);
  } else if (excess.length > 0) {
    problems.addSentence(
      `${excess.join(' ')}: expected nothing behind the script; its own arguments go behind --`,
    );
  }
  const placement = [
    ...(options.instanceType === undefined ? [] : ['--instance-type']),
    ...(options.zone === undefined ? [] : ['--zone']),
    ...(options.onDemand === true ? ['--on-demand'] : []),
    ...(options.spot === true ? ['--spot'] : []),
    ...(options.spotMaxPrice === undefined ? [] : ['--spot-max-price']),
  ];
  if (instanceId !== undefined && placement.length > 0) {
    problems.addSentence(
      `${placement.join(', ')}: expected nothing about a launch beside the instance ${instanceId}`,
    );
  }
  return { script, instanceId };
}

function checkContainer(options: TrainOptions, problems: ArgumentProblems): void {
  const { dockerImage, dockerfile, dockerMetadata, dockerKeep } = options;
  if (dockerImage !== undefined && dockerfile !== undefined) {
    problems.addSentence('--docker-image, --dockerfile: expected one of the two, got both');
  }
  if (dockerImage !== undefined || dockerfile !== undefined) return;
  for (const [place, value] of [
    ['--docker-metadata', dockerMetadata],
    ['--docker-keep', dockerKeep],
  ] as const) {
    if (value === undefined) continue;
    problems.addSentence(`${place}: expected --docker-image or --dockerfile beside it`);
  }
}

function readFallback(
  text: string | undefined,
  problems: ArgumentProblems,
): TrainRequest['fallback'] {
  if (text === undefined || text === 'none' || text === 'on-demand') return text;
  problems.add('--fallback', 'on-demand or none', text);
  return undefined;
}

function readPairs(
  place: string,
  form: string,
  pairs: readonly string[],
  problems: ArgumentProblems,
): Record<string, string> {
  const read: Record<string, string> = {};
  for (const pair of pairs) {
    const separator = pair.indexOf('=');
    if (separator <= 0) problems.add(place, form, pair);
    else read[pair.slice(0, separator)] = pair.slice(separator + 1);
  }
  return read;
}

/** `REGEX=REASON`; the reason is what stands behind the last `=`, since a pattern may hold some. */
function readFailurePatterns(
  texts: readonly string[] | undefined,
  problems: ArgumentProblems,
): TrainRequest['failurePatterns'] {
  return texts?.flatMap((text) => {
    const separator = text.lastIndexOf('=');
    const isRetried = !text.endsWith('!');
    const reason = text.slice(separator + 1, isRetried ? undefined : -1).trim();
    if (separator > 0 && reason !== '') {
      return [{ pattern: text.slice(0, separator), reason, isRetried }];
    }
    problems.add('--failure-pattern', 'REGEX=REASON', text);
    return [];
  });
}
