import type { Command } from 'commander';
import { exitCodes } from '../../domain/exit-codes';
import { examine, type Finding } from '../doctor/examine';
import { action, type CommandContext, type Invocation } from './command-context';

export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('what is missing, and the command that fixes it')
    .action(action(context, doctor));
}

const marks: Record<Finding['state'], string> = {
  good: 'ok     ',
  missing: 'MISSING',
  optional: 'note   ',
};

async function doctor({ context, options, console }: Invocation<object>): Promise<number> {
  const findings = await examine({ ...context, flags: { cloud: options.cloud } });
  const lines = findings.flatMap(({ state, name, message, fix }) => [
    `${marks[state]}  ${name.padEnd(16)} ${message}`,
    ...(fix === null ? [] : [`${' '.repeat(26)}fix: ${fix}`]),
  ]);
  console.data({ findings }, lines.join('\n'));
  const isMissing = findings.some(({ state }) => state === 'missing');
  return isMissing ? exitCodes.failed.value : exitCodes.ok.value;
}
