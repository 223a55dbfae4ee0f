import type { Command } from 'commander';
import type { CommandContext } from '../command-context';
import { addListCommand } from './list';
import { addMonitorCommand } from './monitor';
import { addStatusCommand } from './status';
import { addStopCommand } from './stop';
import { addTrainCommand } from './train';
import { addWaitCommand } from './wait';
import { addCheckpointCommands } from './checkpoint';

/** `runctl aws …`: what is done with runs. */
export function addAwsCommands(program: Command, context: CommandContext): void {
  const group = program.command('aws').description('train, watch and stop runs');
  addTrainCommand(group, context);
  addStatusCommand(group, context);
  addMonitorCommand(group, context);
  addStopCommand(group, context);
  addListCommand(group, context);
  addWaitCommand(group, context);
  addCheckpointCommands(group, context);
}
