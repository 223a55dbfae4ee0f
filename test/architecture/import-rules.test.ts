import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * The import rules are only worth something if each of them can fail. One violation of each is planted in a copy of the
 * sources, every one in a file of its own, and the rule of that name has to catch it there.
 */
const root = path.resolve(__dirname, '../..');
const sources = [
  'activities',
  'aws',
  'client',
  'domain',
  'local-cloud',
  'settings',
  'temporal',
  'worker',
  'workflows',
  'bench',
];

let copy: string;

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

function cruise(): readonly Violation[] {
  const cruiser = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [
    cruiser,
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    ...sources,
  ];
  const report = JSON.parse(runIgnoringExitCode(args)) as {
    summary: { violations: Violation[] };
  };
  return report.summary.violations;
}

/** dependency-cruiser exits with the number of violations; here they are what we ask for. */
function runIgnoringExitCode(args: string[]): string {
  const options = { cwd: copy, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  try {
    return execFileSync(process.execPath, args, options);
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** What is written where, and the rule that it breaks; the first file is the one that is caught. */
const violations: readonly { readonly rule: string; readonly planted: Record<string, string> }[] = [
  {
    rule: 'no-cycle',
    planted: {
      'domain/planted-a.ts':
        "import { b } from './planted-b';\nexport const a = (): number => b();\n",
      'domain/planted-b.ts':
        "import { a } from './planted-a';\nexport const b = (): number => a();\n",
    },
  },
  {
    rule: 'domain-imports-nothing',
    planted: {
      'domain/planted-domain-imports-nothing.ts':
        "import { readFileSync } from 'node:fs';\nexport const f = readFileSync;\n",
    },
  },
  {
    rule: 'workflows-see-domain-only',
    planted: {
      'workflows/planted-workflows-see-domain-only.ts':
        "import { readFileSync } from 'node:fs';\nexport const f = readFileSync;\n",
    },
  },
  {
    rule: 'workflows-see-contract-types-only',
    planted: {
      'workflows/planted-workflows-see-contract-types-only.ts':
        "import * as contract from '../activities/contract';\nexport const f = contract;\n",
    },
  },
  {
    rule: 'contract-is-pure-types',
    planted: {
      'activities/contract.ts':
        "import { S3Client } from '@aws-sdk/client-s3';\nexport type Planted = S3Client;\n",
    },
  },
  {
    rule: 'activities-down',
    planted: {
      'activities/planted-activities-down.ts': "export { status } from '../workflows/messages';\n",
    },
  },
  {
    rule: 'aws-down',
    planted: {
      'aws/planted-aws-down.ts': "export type { AttemptRef } from '../activities/contract';\n",
    },
  },
  {
    rule: 'settings-down',
    planted: {
      'settings/planted-settings-down.ts': "export { connectClient } from '../temporal/connect';\n",
    },
  },
  {
    rule: 'temporal-down',
    planted: {
      'temporal/planted-temporal-down.ts': "export * from '../settings/load-settings';\n",
    },
  },
  {
    rule: 'worker-down',
    planted: { 'worker/planted-worker-down.ts': "export * from '../client/limits';\n" },
  },
  {
    rule: 'bench-is-not-imported',
    planted: { 'client/planted-bench-is-not-imported.ts': "export * from '../bench/storm';\n" },
  },
  {
    rule: 'client-does-not-run-activities',
    planted: {
      'client/planted-client-does-not-run-activities.ts':
        "export type { AttemptRef } from '../activities/contract';\n",
    },
  },
  {
    rule: 'worker-is-not-imported',
    planted: { 'client/planted-worker-is-not-imported.ts': "export * from '../worker/main';\n" },
  },
  {
    rule: 'local-cloud-is-the-other-side',
    planted: {
      'local-cloud/planted-local-cloud-is-the-other-side.ts':
        "export { taskQueues } from '../domain/ids';\n",
    },
  },
  {
    rule: 'nobody-imports-local-cloud',
    planted: {
      'client/planted-nobody-imports-local-cloud.ts': "export * from '../local-cloud/main';\n",
    },
  },
  {
    rule: 'aws-sdk-in-aws-only',
    planted: {
      'client/planted-aws-sdk-in-aws-only.ts': "export { S3Client } from '@aws-sdk/client-s3';\n",
    },
  },
  { rule: 'no-orphans', planted: { 'aws/planted-no-orphans.ts': 'export const alone = 1;\n' } },
];

let caught: readonly Violation[];

beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'runctl-imports-'));
  for (const folder of sources)
    cpSync(path.join(root, folder), path.join(copy, folder), { recursive: true });
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(path.join(root, file), path.join(copy, file));
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

test('the sources as they are break no rule', () => {
  expect(cruise()).toEqual([]);
});

describe('with one violation of each rule', () => {
  beforeAll(() => {
    for (const { planted } of violations)
      for (const [file, text] of Object.entries(planted))
        writeFileSync(path.join(copy, file), text);
    caught = cruise();
  });

  test.each(violations)('that of $rule is caught', ({ rule, planted }) => {
    const [file] = Object.keys(planted);
    expect(caught.map(({ from, rule: { name } }) => `${name} ${from}`)).toContain(
      `${rule} ${file}`,
    );
  });
});
