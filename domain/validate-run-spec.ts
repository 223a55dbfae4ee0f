import { isObject, JsonReader, type TextRule } from './json-reader';
import { limits } from './limits';
import type {
  Budgets,
  CapacityRequest,
  CheckpointPolicy,
  CompletionRules,
  ContainerRequest,
  DataTransfer,
  FailurePattern,
  TrainingRunSpec,
} from './run-spec';
import { specBounds, specDefaults, specPatterns } from './run-spec-rules';
import { jsonBytes } from './text';

export type CheckedSpec =
  | { readonly kind: 'valid'; readonly spec: TrainingRunSpec }
  /** Every problem at once: expectation, value, place. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/**
 * Checks the input of `trainingRun`, whoever sent it, and fills in what was left out: a spec of `runId`, `code`,
 * `script` and `capacity` is complete. Agrees with docs/run-spec.schema.json, except for the limit on its total size.
 */
export function validateRunSpec(input: unknown): CheckedSpec {
  const reader = new JsonReader();
  const fields = reader.object('', input, [
    'runId',
    'code',
    'script',
    'scriptArgs',
    'environment',
    'capacity',
    'checkpoints',
    'budgets',
    'completion',
    'secrets',
    'data',
    'dependencies',
    'container',
  ]);
  if (!isObject(input)) return { kind: 'invalid', problems: reader.problems };
  const code = reader.object('code', fields['code'], ['sha256', 'sizeBytes']);
  const spec: TrainingRunSpec = {
    runId: reader.text('runId', fields['runId'], specPatterns.runId),
    code: {
      sha256: reader.text('code.sha256', code['sha256'], specPatterns.sha256),
      sizeBytes: reader.wholeNumber('code.sizeBytes', code['sizeBytes'], specBounds.sizeBytes),
    },
    script: reader.text('script', fields['script'], specPatterns.script),
    scriptArgs: reader.texts('scriptArgs', fields['scriptArgs'] ?? [], {
      ...specPatterns.argument,
      ...specBounds.scriptArgs,
    }),
    environment: readVariables(
      reader,
      'environment',
      fields['environment'] ?? {},
      specPatterns.argument,
    ),
    capacity: readCapacity(reader, fields['capacity']),
    checkpoints: readCheckpoints(reader, fields['checkpoints'] ?? {}),
    budgets: readBudgets(reader, fields['budgets'] ?? {}),
    completion: readCompletion(reader, fields['completion'] ?? {}),
    secrets: readVariables(reader, 'secrets', fields['secrets'] ?? {}, specPatterns.secret),
    data: readData(reader, fields['data'] ?? {}),
    dependencies: reader.choice(
      'dependencies',
      fields['dependencies'] ?? specDefaults.dependencies,
      ['auto', 'none'],
    ),
    container: readContainer(reader, fields['container'] ?? null),
  };
  const bytes = jsonBytes(spec);
  if (bytes > limits.runSpecBytes) {
    reader.problems.push(
      `the input: expected at most ${limits.runSpecBytes} bytes of JSON, got ${bytes}; put long settings into a file beside the script`,
    );
  }
  return reader.problems.length > 0
    ? { kind: 'invalid', problems: reader.problems }
    : { kind: 'valid', spec };
}

function readVariables(
  reader: JsonReader,
  place: string,
  value: unknown,
  rule: TextRule,
): Record<string, string> {
  if (!isObject(value)) {
    reader.report(place, 'an object', value);
    return {};
  }
  const pairs = Object.entries(value).map(([name, text]) => [
    reader.text(`${place}, name ${name}`, name, specPatterns.variable),
    reader.text(`${place}.${name}`, text, rule),
  ]);
  return Object.fromEntries(pairs) as Record<string, string>; // both halves of each pair are strings
}

function readCapacity(reader: JsonReader, value: unknown): CapacityRequest {
  const kinds = ['launch', 'existing-instance'] as const;
  const found = isObject(value) ? value['kind'] : undefined;
  const kind = reader.choice('capacity.kind', found, kinds);
  // Without a kind nobody can say which other fields are right.
  if (kind !== found) return { kind: 'existing-instance', instanceId: '' };
  if (kind === 'existing-instance') {
    const fields = reader.object('capacity', value, ['kind', 'instanceId']);
    const { instanceId } = specPatterns;
    return {
      kind,
      instanceId: reader.text('capacity.instanceId', fields['instanceId'], instanceId),
    };
  }
  const allowed = [
    'kind',
    'instanceTypes',
    'zones',
    'purchase',
    'fallback',
    'spotMaxPriceUsdPerHour',
  ];
  const fields = reader.object('capacity', value, allowed);
  return {
    kind,
    instanceTypes: reader.texts('capacity.instanceTypes', fields['instanceTypes'], {
      ...specPatterns.instanceType,
      ...specBounds.instanceTypes,
    }),
    zones: reader.texts('capacity.zones', fields['zones'] ?? [], {
      ...specPatterns.zone,
      ...specBounds.zones,
    }),
    purchase: reader.choice('capacity.purchase', fields['purchase'] ?? specDefaults.purchase, [
      'spot',
      'on-demand',
    ]),
    fallback: reader.choice('capacity.fallback', fields['fallback'] ?? specDefaults.fallback, [
      'none',
      'on-demand',
    ]),
    spotMaxPriceUsdPerHour: orNull(fields['spotMaxPriceUsdPerHour'], (price) =>
      reader.number('capacity.spotMaxPriceUsdPerHour', price, specBounds.spotMaxPriceUsdPerHour),
    ),
  };
}

function readCheckpoints(reader: JsonReader, value: unknown): CheckpointPolicy {
  const defaults = specDefaults.checkpoints;
  const fields = reader.object('checkpoints', value, Object.keys(defaults));
  return {
    keepLast: reader.wholeNumber(
      'checkpoints.keepLast',
      fields['keepLast'] ?? defaults.keepLast,
      specBounds.keepLast,
    ),
    strictResume: reader.flag(
      'checkpoints.strictResume',
      fields['strictResume'] ?? defaults.strictResume,
    ),
    saveTimeoutSeconds: reader.wholeNumber(
      'checkpoints.saveTimeoutSeconds',
      fields['saveTimeoutSeconds'] ?? defaults.saveTimeoutSeconds,
      specBounds.saveTimeoutSeconds,
    ),
  };
}

function readBudgets(reader: JsonReader, value: unknown): Budgets {
  const defaults = specDefaults.budgets;
  const fields = reader.object('budgets', value, Object.keys(defaults));
  const read = (name: 'maxErrors' | 'maxAttemptsWithoutProgress' | 'maxCapacityWaitSeconds') =>
    reader.wholeNumber(`budgets.${name}`, fields[name] ?? defaults[name], specBounds[name]);
  return {
    maxErrors: read('maxErrors'),
    maxInterruptions: orNull(fields['maxInterruptions'], (count) =>
      reader.wholeNumber('budgets.maxInterruptions', count, specBounds.maxInterruptions),
    ),
    maxAttemptsWithoutProgress: read('maxAttemptsWithoutProgress'),
    maxCapacityWaitSeconds: read('maxCapacityWaitSeconds'),
    maxCostUsd: orNull(fields['maxCostUsd'], (cost) =>
      reader.number('budgets.maxCostUsd', cost, specBounds.maxCostUsd),
    ),
  };
}

function readCompletion(reader: JsonReader, value: unknown): CompletionRules {
  const defaults = specDefaults.completion;
  const fields = reader.object('completion', value, Object.keys(defaults));
  const { fileName, regularExpression } = specPatterns;
  return {
    markerName: reader.text(
      'completion.markerName',
      fields['markerName'] ?? defaults.markerName,
      fileName,
    ),
    logPattern: orNull(fields['logPattern'], (pattern) =>
      reader.text('completion.logPattern', pattern, regularExpression),
    ),
    graceSeconds: reader.wholeNumber(
      'completion.graceSeconds',
      fields['graceSeconds'] ?? defaults.graceSeconds,
      specBounds.graceSeconds,
    ),
    hangTimeoutSeconds: orNull(fields['hangTimeoutSeconds'], (seconds) =>
      reader.wholeNumber('completion.hangTimeoutSeconds', seconds, specBounds.hangTimeoutSeconds),
    ),
    failurePatterns: readFailurePatterns(reader, fields['failurePatterns'] ?? []),
  };
}

function readFailurePatterns(reader: JsonReader, value: unknown): FailurePattern[] {
  const place = 'completion.failurePatterns';
  const { min, max } = specBounds.failurePatterns;
  if (!Array.isArray(value) || value.length > max) {
    reader.report(place, `a list of ${min} to ${max} patterns`, value);
    return [];
  }
  return value.map((item: unknown, index) => {
    const at = `${place}[${index}]`;
    const fields = reader.object(at, item, ['pattern', 'reason', 'isRetried']);
    return {
      pattern: reader.text(`${at}.pattern`, fields['pattern'], specPatterns.regularExpression),
      reason: reader.text(`${at}.reason`, fields['reason'], specPatterns.reason),
      isRetried: reader.flag(`${at}.isRetried`, fields['isRetried'] ?? true),
    };
  });
}

function readData(reader: JsonReader, value: unknown): DataTransfer {
  const fields = reader.object('data', value, Object.keys(specDefaults.data));
  const read = (name: keyof DataTransfer) =>
    orNull(fields[name], (uri) => reader.text(`data.${name}`, uri, specPatterns.s3Uri));
  return { inputUri: read('inputUri'), outputUri: read('outputUri') };
}

function readContainer(reader: JsonReader, value: unknown): ContainerRequest | null {
  if (value === null) return null;
  const defaults = specDefaults.container;
  const fields = reader.object('container', value, ['image', 'metadata', 'keep']);
  return {
    image: reader.text('container.image', fields['image'], specPatterns.image),
    metadata: reader.choice('container.metadata', fields['metadata'] ?? defaults.metadata, [
      'blocked',
      'passed',
    ]),
    keep: reader.choice('container.keep', fields['keep'] ?? defaults.keep, [
      'nothing',
      'image',
      'container-and-image',
    ]),
  };
}

const orNull = <Value>(value: unknown, read: (value: unknown) => Value): Value | null =>
  value === undefined || value === null ? null : read(value);
