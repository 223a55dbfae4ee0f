import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { capacity } from './rust-cli/capacity';
import { control } from './rust-cli/control';
import { cost } from './rust-cli/cost';
import { endings } from './rust-cli/endings';
import { runInSandbox, sandboxFolder } from './rust-cli/sandbox';
import type { Situation } from './rust-cli/situation';
import { World } from './rust-cli/world';

/**
 * Measures the promises of docs/from-the-rust-cli.md on the local cloud, with the Rust CLI and with ours, and prints the
 * table that stands there.
 *
 *     npx tsx bench/compare-with-rust-cli.ts --rust-cli PATH [--only WORD] [--write FILE]
 *
 * Takes about 20 minutes: the Rust CLI waits a lot. Linux; needs `npm run build` before.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      'rust-cli': { type: 'string', default: process.env['RUST_RUNCTL'] ?? '' },
      only: { type: 'string', default: '' },
      write: { type: 'string' },
    },
  });
  const rustCli = values['rust-cli'];
  if (!existsSync(rustCli)) {
    process.stderr.write(
      `There is no Rust CLI at "${rustCli}". Name it with --rust-cli or RUST_RUNCTL; to install it:\n` +
        '  cargo install runctl --version 0.1.1 --root ./rust-runctl    # then ./rust-runctl/bin/runctl\n',
    );
    return 2;
  }
  const folder = sandboxFolder();
  if (folder === null) return runInSandbox(__filename, process.argv.slice(2));
  const world = await World.start(folder, rustCli);
  try {
    const chosen = [...endings, ...control, ...capacity, ...cost].filter(({ title }) =>
      title.includes(values.only),
    );
    const table = tableOf(await measure(world, chosen));
    process.stdout.write(`${table}\n`);
    if (values.write !== undefined) writeFileSync(values.write, `${table}\n`);
    return 0;
  } finally {
    await world.stop();
  }
}

interface Row {
  readonly title: string;
  readonly rustCli: string;
  readonly ours: string;
}

/**
 * One after the other, first all of ours: the Rust CLI's `stop` kills by a pattern over every process that it sees, and the
 * local cloud's instances see each other's.
 */
async function measure(world: World, situations: readonly Situation[]): Promise<Row[]> {
  const ours: string[] = [];
  const rustCli: string[] = [];
  for (const situation of situations) {
    ours.push(await measured(`runctl: ${situation.title}`, () => situation.ours(world)));
  }
  for (const situation of situations) {
    rustCli.push(await measured(`Rust CLI: ${situation.title}`, () => situation.rustCli(world)));
    await world.admin.terminateAll();
  }
  return situations.map(({ title }, index) => ({
    title,
    rustCli: rustCli[index] ?? '',
    ours: ours[index] ?? '',
  }));
}

async function measured(label: string, run: () => Promise<string>): Promise<string> {
  process.stderr.write(`${label} …\n`);
  const text = await run().catch((error: unknown) => `NOT MEASURED: ${String(error)}`);
  process.stderr.write(`  ${text}\n`);
  return text;
}

function tableOf(rows: readonly Row[]): string {
  const cell = (text: string): string => text.replaceAll('|', '/').replaceAll('\n', ' ');
  return [
    '| situation | Rust CLI 0.1.1 | runctl |',
    '| --- | --- | --- |',
    ...rows.map(
      ({ title, rustCli, ours }) => `| ${[title, rustCli, ours].map(cell).join(' | ')} |`,
    ),
  ].join('\n');
}

void main().then((code) => {
  process.exitCode = code;
});
