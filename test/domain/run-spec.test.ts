import { z } from 'zod';
import schema from '../../docs/run-spec.schema.json';
import { specDefaults } from '../../domain/run-spec-rules';
import { validateRunSpec } from '../../domain/validate-run-spec';
import { smallSpec } from '../support/small-spec';

// The type of z.fromJSONSchema is narrower than what it reads.
const published = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

/** The small spec with one value replaced, by its path. */
function change(path: string, value: unknown): unknown {
  const spec = structuredClone(smallSpec('r1')) as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at = spec;
  for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
  at[last] = value;
  return spec;
}

const good: [string, unknown][] = [
  ['nothing optional', smallSpec('r1')],
  ['arguments', change('scriptArgs', ['--epochs', '3', ''])],
  ['environment', change('environment', { OMP_NUM_THREADS: '2' })],
  ['a script in a folder', change('script', 'src/train..v2.py')],
  [
    'two types in two zones',
    change('capacity', launch({ zones: ['us-east-1a', 'us-west-2-lax-1a'] })),
  ],
  ['a maximum price', change('capacity', launch({ spotMaxPriceUsdPerHour: 0.05 }))],
  ['a fallback', change('capacity', launch({ fallback: 'on-demand' }))],
  [
    'an instance of the user',
    change('capacity', { kind: 'existing-instance', instanceId: 'i-0123456789abcdef0' }),
  ],
  ['a policy', change('checkpoints', { keepLast: 1, strictResume: true })],
  ['budgets', change('budgets', { maxErrors: 0, maxInterruptions: null, maxCostUsd: 2.5 })],
  [
    'rules of its end',
    change('completion', {
      markerName: 'DONE',
      logPattern: '\\bCOMPLETE\\b',
      hangTimeoutSeconds: 600,
      failurePatterns: [{ pattern: 'CUDA', reason: 'the GPU is gone' }],
    }),
  ],
  ['a secret', change('secrets', { API_KEY: 'ssm:/training/api-key' })],
  ['data', change('data', { inputUri: 's3://bucket/in', outputUri: null })],
  ['a container', change('container', { image: 'repo.example/a/b:1@sha256' })],
  ['no container', change('container', null)],
];

const bad: [string, unknown, string][] = [
  [
    'a maximum price of nothing',
    change('capacity', launch({ spotMaxPriceUsdPerHour: 0 })),
    'capacity.spotMaxPriceUsdPerHour: expected a number from 0.0001 to 1000, got 0',
  ],
  [
    'a runId with a slash',
    change('runId', 'a/b'),
    'runId: expected letters, digits, "-", "_" and ".", at most 64, the first one a letter or a digit, got "a/b"',
  ],
  [
    'no runId',
    change('runId', undefined),
    'runId: expected letters, digits, "-", "_" and ".", at most 64, the first one a letter or a digit, got nothing',
  ],
  [
    'a short hash',
    change('code.sha256', 'abc'),
    'code.sha256: expected a SHA-256 as 64 lower-case hex digits, got "abc"',
  ],
  [
    'a size in words',
    change('code.sizeBytes', 'ten'),
    'code.sizeBytes: expected a whole number from 1 to 5368709120, got "ten"',
  ],
  [
    'a script outside the archive',
    change('script', 'a/../../etc'),
    'script: expected the path of a file inside the code archive, with "/", without "..", got "a/../../etc"',
  ],
  [
    'an absolute script',
    change('script', '/train.py'),
    'script: expected the path of a file inside the code archive, with "/", without "..", got "/train.py"',
  ],
  [
    'arguments as text',
    change('scriptArgs', '--epochs 3'),
    'scriptArgs: expected a list of 0 to 200 texts, got "--epochs 3"',
  ],
  [
    'a number as argument',
    change('scriptArgs', ['--epochs', 3]),
    'scriptArgs[1]: expected a text, got 3',
  ],
  [
    'a variable of ours',
    change('environment', { RUNCTL_RUN_ID: 'x' }),
    'environment, name RUNCTL_RUN_ID: expected the name of an environment variable that does not begin with RUNCTL_, got "RUNCTL_RUN_ID"',
  ],
  [
    'no types',
    change('capacity', launch({ instanceTypes: [] })),
    'capacity.instanceTypes: expected a list of 1 to 20 texts, got []',
  ],
  [
    'an unknown purchase',
    change('capacity', launch({ purchase: 'reserved' })),
    'capacity.purchase: expected "spot" or "on-demand", got "reserved"',
  ],
  [
    'no kind of capacity',
    change('capacity', {}),
    'capacity.kind: expected "launch" or "existing-instance", got nothing',
  ],
  [
    'an instance without a name',
    change('capacity', { kind: 'existing-instance', instanceId: 'x' }),
    'capacity.instanceId: expected the id of an instance such as "i-0123456789abcdef0", got "x"',
  ],
  [
    'a secret in clear',
    change('secrets', { API_KEY: 'hunter2' }),
    'secrets.API_KEY: expected the name of an SSM parameter such as "ssm:/training/api-key", got "hunter2"',
  ],
  [
    'a marker elsewhere',
    change('completion.markerName', '../done'),
    'completion.markerName: expected the name of a file, without a folder, got "../done"',
  ],
  [
    'data on a disk',
    change('data.inputUri', '/mnt/data'),
    'data.inputUri: expected an address such as "s3://bucket/prefix", got "/mnt/data"',
  ],
  [
    'an image that is an option',
    change('container', { image: '--privileged' }),
    'container.image: expected the name of a container image such as "pytorch/pytorch:2.9.1", got "--privileged"',
  ],
  [
    'a cost of nothing',
    change('budgets.maxCostUsd', 0),
    'budgets.maxCostUsd: expected a number from 0.01 to 10000000, got 0',
  ],
  [
    'half an error',
    change('budgets.maxErrors', 0.5),
    'budgets.maxErrors: expected a whole number from 0 to 1000, got 0.5',
  ],
  [
    'a misspelt field',
    change('budgets.maxError', 1),
    'budgets.maxError: unknown field; known are maxErrors, maxInterruptions, maxAttemptsWithoutProgress, maxCapacityWaitSeconds, maxCostUsd',
  ],
  [
    'a region',
    change('region', 'us-east-1'),
    'region: unknown field; known are runId, code, script, scriptArgs, environment, capacity, checkpoints, budgets, completion, secrets, data, dependencies, container',
  ],
  ['nothing at all', undefined, 'the input: expected an object, got nothing'],
  ['a list', [], 'the input: expected an object, got []'],
];

test.each(good)(
  'a spec with %s is accepted by the workflow and by the published schema',
  (_, spec) => {
    expect(validateRunSpec(spec)).toMatchObject({ kind: 'valid' });
    expect(published.safeParse(spec).success).toBe(true);
  },
);

test.each(bad)(
  'a spec with %s is refused by both, and the workflow says why',
  (_, spec, problem) => {
    const checked = validateRunSpec(spec);
    expect(checked.kind === 'invalid' ? checked.problems : []).toEqual([problem]);
    expect(published.safeParse(spec).success).toBe(false);
  },
);

test('all problems of a spec are named at once', () => {
  const checked = validateRunSpec({ runId: '', script: 7, capacity: { kind: 'cloud' } });
  expect(checked.kind === 'invalid' ? checked.problems.map((p) => p.split(':')[0]) : []).toEqual([
    'code',
    'runId',
    'code.sha256',
    'code.sizeBytes',
    'script',
    'capacity.kind',
  ]);
});

test('what is left out gets the defaults that the schema documents', () => {
  const checked = validateRunSpec(smallSpec('r1'));
  if (checked.kind === 'invalid') throw new Error(checked.problems.join());
  expect(checked.spec.checkpoints).toEqual(defaultsIn(schema.properties.checkpoints.properties));
  expect(checked.spec.budgets).toEqual(defaultsIn(schema.properties.budgets.properties));
  expect(checked.spec.completion).toEqual(defaultsIn(schema.properties.completion.properties));
  expect(checked.spec.data).toEqual(defaultsIn(schema.properties.data.properties));
  expect(checked.spec.container).toBe(schema.properties.container.default);
  expect(checked.spec.capacity).toMatchObject({
    purchase: specDefaults.purchase,
    fallback: specDefaults.fallback,
    zones: [],
    spotMaxPriceUsdPerHour: null,
  });
});

test('a spec that would not fit into the carried state is refused', () => {
  const checked = validateRunSpec(change('scriptArgs', ['x'.repeat(5_000)]));
  expect(checked.kind === 'invalid' ? checked.problems[0] : '').toMatch(
    /^the input: expected at most 4500 bytes of JSON, got 5\d\d\d; put/,
  );
});

const defaultsIn = (properties: Record<string, { default: unknown }>) =>
  Object.fromEntries(Object.entries(properties).map(([name, entry]) => [name, entry.default]));

function launch(changes: object): object {
  return { kind: 'launch', instanceTypes: ['g5.xlarge', 'g6.xlarge'], ...changes };
}
