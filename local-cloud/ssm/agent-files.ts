import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  closeSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { machinePaths } from '../machine/folder';
import { writeAtomically } from '../world/collection';
import type { CommandRecord } from '../world/records';

/** What the agent of a machine has written about one command. Times are epoch seconds. */
export type AgentState =
  | { readonly state: 'queued'; readonly acceptedAt: number }
  | { readonly state: 'running'; readonly startedAt: number }
  | AgentResult;

export interface AgentResult {
  readonly state: 'done';
  readonly status: 'Success' | 'Failed' | 'Cancelled' | 'TimedOut';
  readonly statusDetails: string;
  readonly responseCode: number;
  /** Absent when it never ran. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly dropsStderr?: boolean;
  readonly stdoutNote?: string;
  readonly stderrNote?: string;
}

/** Puts a command into the agent's inbox, once. */
export function deliverCommand(machineFolder: string, command: CommandRecord): void {
  const paths = machinePaths(machineFolder);
  const file = join(paths.inbox, `${command.commandId}.json`);
  if (existsSync(file) || readAgentState(machineFolder, command.commandId) !== null) return;
  mkdirSync(paths.inbox, { recursive: true });
  writeAtomically(
    file,
    JSON.stringify({
      commandId: command.commandId,
      commands: command.commands,
      workingDirectory: command.workingDirectory,
      executionTimeoutSeconds: command.executionTimeoutSeconds,
      deliverBy: Date.parse(command.requestedAt) / 1000 + command.timeoutSeconds,
    }),
  );
}

/** Leaves word for the agent that a command is to be cancelled. */
export function leaveCancellation(machineFolder: string, commandId: string): void {
  const { cancel } = machinePaths(machineFolder);
  mkdirSync(cancel, { recursive: true });
  writeFileSync(join(cancel, commandId), '');
}

export function readAgentState(machineFolder: string, commandId: string): AgentState | null {
  try {
    const path = join(machinePaths(machineFolder).state, `${commandId}.json`);
    // Written by the agent, always as a whole.
    return JSON.parse(readFileSync(path, 'utf8')) as AgentState;
  } catch {
    return null; // The agent has not accepted the command yet.
  }
}

/** The beginning of a finished command's output; more than `limitBytes` is never read. */
export function readOutput(
  machineFolder: string,
  instanceId: string,
  commandId: string,
  stream: 'stdout' | 'stderr',
  limitBytes: number,
): string {
  const path = join(
    machineFolder,
    'var/lib/amazon/ssm',
    instanceId,
    'document/orchestration',
    commandId,
    'awsrunShellScript/0.awsrunShellScript',
    stream,
  );
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(limitBytes);
    return buffer.subarray(0, readSync(file, buffer, 0, limitBytes, 0)).toString('utf8');
  } finally {
    closeSync(file);
  }
}
