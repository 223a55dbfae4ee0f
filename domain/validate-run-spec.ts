import { isObject, JsonReader } from './json-reader';
import { limits } from './limits';
import type { Budgets, CapacityRequest, CheckpointPolicy, TrainingRunSpec } from './run-spec';
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
    environment: readEnvironment(reader, fields['environment'] ?? {}),
    capacity: readCapacity(reader, fields['capacity']),
    checkpoints: readCheckpoints(reader, fields['checkpoints'] ?? {}),
    budgets: readBudgets(reader, fields['budgets'] ?? {}),
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

function readEnvironment(reader: JsonReader, value: unknown): Record<string, string> {
  if (!isObject(value)) {
    reader.report('environment', 'an object', value);
    return {};
  }
  const pairs = Object.entries(value).map(([name, text]) => [
    reader.text(`environment, name ${name}`, name, specPatterns.variable),
    reader.text(`environment.${name}`, text, specPatterns.argument),
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
  const allowed = ['kind', 'instanceTypes', 'zones', 'purchase', 'fallback'];
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
  const read = (name: Exclude<keyof Budgets, 'maxInterruptions'>): number =>
    reader.wholeNumber(`budgets.${name}`, fields[name] ?? defaults[name], specBounds[name]);
  const interruptions = fields['maxInterruptions'] ?? null;
  return {
    maxErrors: read('maxErrors'),
    maxInterruptions:
      interruptions === null
        ? null
        : reader.wholeNumber(
            'budgets.maxInterruptions',
            interruptions,
            specBounds.maxInterruptions,
          ),
    maxAttemptsWithoutProgress: read('maxAttemptsWithoutProgress'),
    maxCapacityWaitSeconds: read('maxCapacityWaitSeconds'),
  };
}
