import { CommanderError } from 'commander';
import { Failure } from '../domain/failure';
import { earlierCommands, same, type EarlierCommand } from './earlier-commands';

/** Options before or between the words of a command that take a value. */
const optionsWithValue = new Set(['--output', '--cloud', '--config', '-c']);

/**
 * What to type instead, when a command or an option was not understood that the earlier runctl had; null when it did not
 * have it either.
 */
export function earlierAnswer(error: unknown, argv: readonly string[]): Failure | null {
  if (!(error instanceof CommanderError)) return null;
  const words = commandWords(argv);
  switch (error.code) {
    case 'commander.unknownCommand':
    case 'commander.excessArguments':
      return answerCommand(words);
    case 'commander.unknownOption':
      return answerOption(words, /'(--?[\w-]+)/.exec(error.message)?.[1] ?? '');
    default:
      return null;
  }
}

function answerCommand(words: readonly string[]): Failure | null {
  const found = findCommand(words) ?? findGroup(words);
  if (found === null) return null;
  const { name, command } = found;
  return new Failure('invalid-input', `\`runctl ${name}\` is a command of the earlier runctl.`, {
    why: command.note,
    next: command.now.map((line) => `Type: ${line}`).join('\n'),
  });
}

function answerOption(words: readonly string[], option: string): Failure | null {
  const found = findCommand(words);
  const instead = found?.command.options?.[option];
  if (found === null || instead === undefined || instead === same) return null;
  return new Failure(
    'invalid-input',
    `${option} is an option of the earlier runctl's \`${found.name}\`.`,
    { next: `Today: ${instead}` },
  );
}

interface FoundCommand {
  readonly name: string;
  readonly command: EarlierCommand;
}

/** The command that the first words name, by its name or another one. */
function findCommand(words: readonly string[]): FoundCommand | null {
  for (const [name, command] of Object.entries(earlierCommands)) {
    const parts = name.split(' ');
    const last = parts.at(-1) ?? '';
    const isNamed = [last, ...(command.aliases ?? [])].includes(words[parts.length - 1] ?? '');
    const isBelow = parts.slice(0, -1).every((part, index) => words[index] === part);
    if (isNamed && isBelow) return { name: words.slice(0, parts.length).join(' '), command };
  }
  return null;
}

/** `runctl s3` alone: the commands of the group together. */
function findGroup(words: readonly string[]): FoundCommand | null {
  const group = words.join(' ');
  const inside = Object.entries(earlierCommands).filter(([name]) => name.startsWith(`${group} `));
  if (group === '' || inside.length === 0) return null;
  const now = [...new Set(inside.flatMap(([, command]) => command.now))];
  return { name: group, command: { now, note: 'Its commands are these today.' } };
}

/** The words of a command line that may name a command: without options and their values. */
function commandWords(argv: readonly string[]): string[] {
  return argv.filter(
    (word, index) => !word.startsWith('-') && !optionsWithValue.has(argv[index - 1] ?? ''),
  );
}
