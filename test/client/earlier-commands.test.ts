import type { Command } from 'commander';
import { earlierCommands, same } from '../../client/earlier-commands';
import { buildProgram } from '../../client/program';
import rustCliCommands from './support/rust-cli-commands.json';
import { documentOf, runctl } from './support/command-line';
import { temporaryFolder } from './support/temporary-folder';

const program = buildProgram({
  folder: '.',
  environment: {},
  scriptArgs: [],
  setExitCode: () => undefined,
});

/** The command of ours that a line begins with; null when there is none. */
function commandOf(line: string): Command | null {
  let command: Command | null = null;
  let inside: readonly Command[] = program.commands;
  for (const word of line.split(' ').slice(1)) {
    const next = inside.find((one) => one.name() === word || one.aliases().includes(word));
    if (next === undefined) break;
    command = next;
    inside = next.commands;
  }
  // A group does nothing by itself.
  return command !== null && command.commands.length === 0 ? command : null;
}

test('no command, alias or option of version 0.1.1 is missing, and none is made up', () => {
  const known = Object.entries(earlierCommands).map(([name, { aliases = [], options = {} }]) => [
    name,
    { aliases, options: Object.keys(options).sort() },
  ]);
  expect(Object.fromEntries(known)).toEqual(rustCliCommands);
});

const hasOption = (command: Command | null, name: string): boolean =>
  command?.options.some(({ long, short }) => long === name || short === name) ?? false;

/** `runctl …` of all texts of an entry, with the entry's name. */
const ours = Object.entries(earlierCommands).flatMap(([name, { now, note, options = {} }]) => {
  const lines = [...now, note, ...Object.values(options)].flatMap(
    (text) => text.match(/runctl [a-z][^`;,]*/g) ?? [],
  );
  return lines.map((line) => ({ name, line: line.trim() }));
});

test('what takes the place of a command is there, with its options', () => {
  const missing = ours.filter(({ line }) => {
    const command = commandOf(line);
    const options = line.match(/ --[a-z][\w-]*/g) ?? [];
    const isThere =
      command !== null && options.every((option) => hasOption(command, option.trim()));
    return !isThere;
  });
  expect(missing).toEqual([]);
});

test('an option that is said to be the same is there still', () => {
  const missing = Object.entries(earlierCommands).flatMap(([name, { now, options = {} }]) =>
    Object.entries(options)
      .filter(([, instead]) => instead === same)
      .filter(([option]) => !now.some((line) => hasOption(commandOf(line), option)))
      .map(([option]) => ({ name, option })),
  );
  expect(missing).toEqual([]);
});

const folder = temporaryFolder();
const run = (...args: string[]) => runctl(args, { folder });

test('a command that is gone is answered with what to type', async () => {
  const [sync, top, local, ebs, group, json] = await Promise.all([
    run('s3', 'sync', './data', 's3://bucket/data', '--use-s5cmd'),
    run('top'),
    run('local', 'train.py'),
    run('aws', 'ebs', 'pre-warm', 'vol-1', 's3://bucket/data'),
    run('s3'),
    run('--output', 'json', 'workflow', 'train', 'train.py'),
  ]);
  expect(sync.code).toBe(2);
  expect(sync.stderr).toContain('`runctl s3 sync` is a command of the earlier runctl.');
  expect(sync.stderr).toContain('next  Type: aws s3 sync SOURCE TARGET');
  expect(top.stderr).toContain('Type: runctl aws list --watch');
  expect(local.stderr).toContain('Type: python3 SCRIPT\n        Type: runctl up');
  expect(ebs.stderr).toContain('Type: runctl aws train SCRIPT --data-s3 URI');
  expect(group.stderr).toContain('Type: aws s3 cp SOURCE URI');
  expect(json.code).toBe(2);
  expect(documentOf(json)).toMatchObject({
    error: { next: 'Type: runctl aws train SCRIPT --instance-type TYPE --wait' },
  });
});

test('an option that is gone is answered too, and one that never was as ever', async () => {
  const [timeout, never, unknown] = await Promise.all([
    run('aws', 'train', 'train.py', '--timeout', '60'),
    run('aws', 'train', 'train.py', '--epochs', '3'),
    run('aws', 'destory', 'i-0123456789abcdef0'),
  ]);
  expect(timeout.code).toBe(2);
  expect(timeout.stderr).toContain("--timeout is an option of the earlier runctl's `aws train`.");
  expect(timeout.stderr).toContain('Today: `timeout 2h runctl aws wait RUN`');
  expect(never.stderr).toContain("unknown option '--epochs'");
  expect(unknown.stderr).toContain("unknown command 'destory'");
});
