import type { Command } from 'commander';
import type { CommandContext } from '../command-context';
import { addResourcesCommands } from '../resources';
import { addCreateCommand } from './create';
import { addListCommand } from './list';
import { addMonitorCommand } from './monitor';
import { addProcessesCommand } from './processes';
import { addStartInstanceCommand } from './start-instance';
import { addStatusCommand } from './status';
import { addStopCommand } from './stop';
import { addStopInstanceCommand } from './stop-instance';
import { addTerminateCommand } from './terminate';
import { addTrainCommand } from './train';
import { addWaitCommand } from './wait';
import { addCheckpointCommands } from './checkpoint';

/** `runctl aws …`: what is done with runs, and with instances of one's own. */
export function addAwsCommands(program: Command, context: CommandContext): void {
  const group = program
    .command('aws')
    .description('train, watch and stop runs; create and end instances of your own');
  addTrainCommand(group, context);
  addStatusCommand(group, context);
  addMonitorCommand(group, context);
  addStopCommand(group, context);
  addListCommand(group, context);
  addProcessesCommand(group, context);
  addResourcesCommands(group, context);
  addWaitCommand(group, context);
  addCheckpointCommands(group, context);
  addCreateCommand(group, context);
  addStartInstanceCommand(group, context);
  addStopInstanceCommand(group, context);
  addTerminateCommand(group, context);
}
