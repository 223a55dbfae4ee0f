import type { Command } from 'commander';
import {
  findUpFile,
  isUp,
  removeUpFile,
  startedProcesses,
  type FoundUpFile,
} from '../environment/up-file';
import { LocalCloudAdmin } from '../local-cloud/admin-client';
import { endProcess } from '../processes/background-process';
import { isAlive } from '../processes/process-identity';
import { action, type CommandContext, type Invocation } from './command-context';

export function addDownCommand(program: Command, context: CommandContext): void {
  program
    .command('down')
    .description('end what `runctl up` has started here, and the instances of its local cloud')
    .action(action(context, down));
}

async function down({ context, console }: Invocation<object>): Promise<undefined> {
  const found = findUpFile(context.folder);
  if (found === null || !isUp(found.content)) {
    if (found !== null) removeUpFile(found.folder);
    console.data({ ended: [] }, 'Nothing is up here.');
    return;
  }
  await endInstances(found);
  const ended = startedProcesses(found.content).filter(isAlive);
  for (const process of ended) await endProcess(process);
  removeUpFile(found.folder);
  const pids = ended.map(({ pid }) => pid);
  console.data({ ended: pids }, `Ended in ${found.folder}: PID ${pids.join(', ')}.`);
}

/** The local cloud ends its instances when it ends in order; one that has to be killed cannot. */
async function endInstances({ content }: FoundUpFile): Promise<void> {
  const { awsEndpointUrl, secretAccessKey, pids } = content;
  if (pids.localCloud === null || awsEndpointUrl === null || secretAccessKey === null) return;
  if (!isAlive(pids.localCloud)) return;
  try {
    await new LocalCloudAdmin(awsEndpointUrl, secretAccessKey).terminateAll();
  } catch {
    // It hangs or refuses; it is ended below all the same.
  }
}
