import type { Command } from 'commander';
import { buildProgram } from '../../client/program';
import { exitCodesText } from '../../domain/exit-codes';

/** The commands of `runctl aws`, read without a process for each. */
const program = buildProgram({
  folder: '/',
  environment: {},
  scriptArgs: [],
  setExitCode: () => undefined,
});
const aws = program.commands.find((command) => command.name() === 'aws')?.commands ?? [];

function find(verb: string): Command {
  const found = aws.find((command) => command.name() === verb);
  if (found === undefined) throw new Error(`There is no runctl aws ${verb}.`);
  return found;
}

function helpOf(verb: string): string {
  let help = '';
  const command = find(verb);
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  return help;
}

test.each(['stop', 'stop-instance', 'start-instance', 'terminate', 'create'])(
  'aws %s --help says what it keeps and what it costs',
  (verb) => {
    expect(helpOf(verb)).toMatch(/\n {2}keeps {3}\w/);
    expect(helpOf(verb)).toMatch(/\n {2}costs {3}\w/);
  },
);

test.each([
  ['monitor', ['watch', 'logs']],
  ['terminate', ['destroy', 'rm', 'delete']],
  ['create', ['new', 'spawn']],
  ['start-instance', ['start']],
  ['train', ['run']],
])('aws %s is known by its old names too', (verb, names) => {
  expect(find(verb).aliases()).toEqual(names);
});

test('old names that meant the instance are not taken for a verb about the job', () => {
  const names = aws.flatMap((command) => [command.name(), ...command.aliases()]);
  expect(names).not.toContain('pause');
  expect(names).not.toContain('resume');
});

test('a training that is there already has an exit code of its own', () => {
  const lines = exitCodesText().split('\n');
  expect(lines).toContain('    7  already there: a run, a port, an environment');
  expect(lines).toContain('    8  a training runs on the instance already');
});
