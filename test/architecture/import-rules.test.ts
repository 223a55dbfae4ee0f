import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * The import rules are only worth something if each of them can fail. Every test plants one violation in a copy of the
 * sources and expects the rule of that name to catch it.
 */
const root = path.resolve(__dirname, '../..');
const sources = ['activities', 'aws', 'client', 'domain', 'local-cloud', 'worker', 'workflows'];

let copy: string;

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

function violatedRules(planted: Record<string, string>): string[] {
  const undo = Object.entries(planted).map(([file, text]) => plant(path.join(copy, file), text));
  try {
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
      summary: { violations: { rule: { name: string } }[] };
    };
    return [...new Set(report.summary.violations.map((violation) => violation.rule.name))];
  } finally {
    for (const takeBack of undo) takeBack();
  }
}

/** Writes the file and returns what puts back the one that was there, or removes it. */
function plant(file: string, text: string): () => void {
  const original = existsSync(file) ? readFileSync(file) : undefined;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return () => {
    if (original) writeFileSync(file, original);
    else rmSync(file);
  };
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

test('the sources as they are break no rule', () => {
  expect(violatedRules({})).toEqual([]);
});

test.each([
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
      'domain/planted.ts':
        "import { readFileSync } from 'node:fs';\nexport const f = readFileSync;\n",
    },
  },
  {
    rule: 'workflows-see-domain-only',
    planted: {
      'workflows/planted.ts':
        "import { readFileSync } from 'node:fs';\nexport const f = readFileSync;\n",
    },
  },
  {
    rule: 'workflows-see-contract-types-only',
    planted: {
      'workflows/planted.ts':
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
    planted: { 'activities/planted.ts': "export { status } from '../workflows/messages';\n" },
  },
  {
    rule: 'aws-down',
    planted: { 'aws/planted.ts': "export type { AttemptRef } from '../activities/contract';\n" },
  },
  {
    rule: 'client-does-not-run-activities',
    planted: { 'client/planted.ts': "export type { AttemptRef } from '../activities/contract';\n" },
  },
  {
    rule: 'worker-is-not-imported',
    planted: {
      'client/planted.ts': "export * from '../worker/main';\n",
      'worker/main.ts': 'export const a = 1;\n',
    },
  },
  {
    rule: 'local-cloud-is-the-other-side',
    planted: { 'local-cloud/planted.ts': "export { taskQueues } from '../domain/ids';\n" },
  },
  {
    rule: 'nobody-imports-local-cloud',
    planted: {
      'client/planted.ts': "export * from '../local-cloud/main';\n",
      'local-cloud/main.ts': 'export const a = 1;\n',
    },
  },
  {
    rule: 'aws-sdk-in-aws-only',
    planted: { 'client/planted.ts': "export { S3Client } from '@aws-sdk/client-s3';\n" },
  },
  { rule: 'no-orphans', planted: { 'aws/planted.ts': 'export const alone = 1;\n' } },
])('a planted violation of $rule is caught', ({ rule, planted }) => {
  expect(violatedRules(planted)).toContain(rule);
});
