import type { CommandRecord } from '../world/records';
import type { World } from '../world/world';
import { readAgentState, readOutput, type AgentState } from './agent-files';
import { heardBefore, invocationStatus, type InvocationStatus } from './invocation-status';

/** One command on one instance. */
export interface Invocation {
  readonly command: CommandRecord;
  readonly instanceId: string;
  readonly status: InvocationStatus;
}

// An invocation shows up a moment after SendCommand has returned: a reader must expect not to find it at first.
const VISIBLE_AFTER_MS = 50;

/** Whether readers can see the command's invocations yet. */
export function isVisible(command: CommandRecord, now: Date): boolean {
  return +now - Date.parse(command.requestedAt) >= VISIBLE_AFTER_MS;
}

/** How a command stands on one of its instances; also on one that has long been terminated. */
export function readInvocation(
  world: World,
  command: CommandRecord,
  instanceId: string,
): Invocation {
  const folder = world.machineFolder(instanceId);
  const silentSince = world.instances.get(instanceId)?.ssmSilentSince ?? null;
  const heard = heardBefore(readOnce(folder, command.commandId), silentSince);
  return { command, instanceId, status: invocationStatus(command, heard, world.now()) };
}

// Final states never change, so a long history costs no file reads; when there are too many they are read again.
const FINISHED_LIMIT = 20_000;
const finished = new Map<string, AgentState>();

function readOnce(machineFolder: string, commandId: string): AgentState | null {
  const key = `${machineFolder}/${commandId}`;
  const known = finished.get(key);
  if (known !== undefined) return known;
  const state = readAgentState(machineFolder, commandId);
  if (state?.state === 'done') {
    if (finished.size >= FINISHED_LIMIT) finished.clear();
    finished.set(key, state);
  }
  return state;
}

const TRUNCATED = '\n--output truncated--';
const UTF8_BYTES_LIMIT = 4;

/** The output that the API tells, `limit` characters at most; empty until the command is over. */
export function outputText(
  world: World,
  { command, instanceId, status: { result } }: Invocation,
  stream: 'stdout' | 'stderr',
  limit: number,
): string {
  if (result === null || (stream === 'stderr' && result.dropsStderr === true)) return '';
  const folder = world.machineFolder(instanceId);
  const bytes = (limit + 1) * UTF8_BYTES_LIMIT;
  const said = readOutput(folder, instanceId, command.commandId, stream, bytes);
  const note = stream === 'stdout' ? result.stdoutNote : result.stderrNote;
  const text = said + (note ?? '');
  return text.length > limit ? text.slice(0, limit - TRUNCATED.length) + TRUNCATED : text;
}
