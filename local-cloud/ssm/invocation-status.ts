import type { CommandRecord } from '../world/records';
import type { AgentResult, AgentState } from './agent-files';

/** How an invocation stands, in the words of the API. */
export interface InvocationStatus {
  readonly status:
    'Pending' | 'InProgress' | 'Cancelling' | 'Success' | 'Failed' | 'Cancelled' | 'TimedOut';
  readonly statusDetails: string;
  /** What the agent reported at the end; null while there is no such report. */
  readonly result: AgentResult | null;
  readonly startedAt: number | null;
}

/**
 * Tells how an invocation stands from what was asked, what the agent wrote, and the clock.
 *
 * InProgress means only that the agent accepted it; past the total timeout whatever is not final is DeliveryTimedOut.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 */
export function invocationStatus(
  command: CommandRecord,
  heard: AgentState | null,
  now: Date,
): InvocationStatus {
  if (heard?.state === 'done') {
    return {
      status: heard.status,
      statusDetails: heard.statusDetails,
      result: heard,
      startedAt: heard.startedAt ?? null,
    };
  }
  const open = { result: null, startedAt: heard?.state === 'running' ? heard.startedAt : null };
  if (+now > expiresAtMs(command)) {
    return { ...open, status: 'TimedOut', statusDetails: 'DeliveryTimedOut' };
  }
  if (command.cancelRequestedAt !== null) {
    return { ...open, status: 'Cancelling', statusDetails: 'Cancelling' };
  }
  const status = heard === null ? 'Pending' : 'InProgress';
  return { ...open, status, statusDetails: status };
}

/** When a command that is not over counts as lost: the delivery timeout and the execution timeout together. */
export function expiresAtMs(command: CommandRecord): number {
  const seconds = command.timeoutSeconds + command.executionTimeoutSeconds;
  return Date.parse(command.requestedAt) + seconds * 1000;
}

/** What SSM has heard of an agent that has been silent since a moment: nothing that happened later. */
export function heardBefore(
  state: AgentState | null,
  silentSince: string | null,
): AgentState | null {
  if (state === null || silentSince === null) return state;
  const silentAt = Date.parse(silentSince) / 1000;
  switch (state.state) {
    case 'queued':
      return state.acceptedAt <= silentAt ? state : null;
    case 'running':
      return state.startedAt <= silentAt ? state : null;
    case 'done':
      if ((state.endedAt ?? 0) <= silentAt) return state;
      return state.startedAt !== undefined && state.startedAt <= silentAt
        ? { state: 'running', startedAt: state.startedAt }
        : null;
  }
}
