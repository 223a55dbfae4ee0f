import type { SupervisorReport } from '../domain/supervisor-report';
import { hasCode, readAwsError } from './aws-error';
import { createBatcher } from './batcher';
import type { AwsClients } from './clients';
import { commandLimits, readerLimits } from './limits';
import { cancelCommand, type Invocation, readInvocations, sendScript } from './ssm-command';
import { readAnswer } from './supervisor-answer';
import { askScript, type SupervisorScript } from './supervisor-script';
import { wait } from './wait';

/** What an instance says of its training. */
export type StatusReply =
  | { readonly kind: 'report'; readonly report: SupervisorReport }
  /** No supervisor, or none that was ever given something to do. */
  | { readonly kind: 'nothing-started'; readonly message: string }
  /** No answer. This says nothing of the training: only EC2 knows whether the instance lives. */
  | { readonly kind: 'silent'; readonly message: string };

/** Reads supervisors for all runs of a worker: one SendCommand per window and 50 instances. */
export interface StatusReader {
  read(instanceId: string): Promise<StatusReply>;
}

/**
 * Makes the reader; an instance that has not answered after `waitMs` is silent for this time.
 *
 * @param renewsLease  Whether each look renews the supervisor's lease: a worker's do, an onlooker's do not.
 */
export function createStatusReader(
  clients: AwsClients,
  waitMs: number = commandLimits.statusWaitMs,
  renewsLease = true,
): StatusReader {
  return createBatcher<string, StatusReply>({
    windowMs: readerLimits.windowMs,
    maxBatchSize: commandLimits.maxInstancesPerCommand,
    load: (ids, settle) => readStatuses({ clients, waitMs, renewsLease }, ids, settle),
  });
}

interface Reading {
  readonly clients: AwsClients;
  readonly waitMs: number;
  readonly renewsLease: boolean;
}

type Settle = (instanceId: string, reply: StatusReply) => void;

async function readStatuses(
  reading: Reading,
  ids: readonly string[],
  settle: Settle,
): Promise<void> {
  const script = askScript('status', { renewLease: reading.renewsLease });
  let commandId: string;
  try {
    commandId = await sendScript(reading.clients, {
      instanceIds: ids,
      text: script.text,
      executionSeconds: commandLimits.statusExecutionSeconds,
      comment: `runctl status ${script.nonce}`,
    });
  } catch (error) {
    if (!hasCode(error, 'InvalidInstanceId')) throw error;
    return leaveOutInvalid(reading, ids, settle, error);
  }
  await collect(reading, commandId, ids, script, settle);
}

/** One instance that SSM does not know fails the whole call, so it is left out, or the batch is halved. */
async function leaveOutInvalid(
  reading: Reading,
  ids: readonly string[],
  settle: Settle,
  error: unknown,
): Promise<void> {
  const message = readAwsError(error)?.message ?? '';
  const named = ids.filter((id) => message.includes(id));
  // A message that names the whole batch tells nothing.
  const invalid = ids.length === 1 ? ids : named.length < ids.length ? named : [];
  for (const id of invalid) settle(id, { kind: 'silent', message: 'its agent is not registered' });
  const rest = ids.filter((id) => !invalid.includes(id));
  // Each round leaves out an instance or halves the batch: bounded by the size of the batch.
  const middle = invalid.length > 0 ? rest.length : Math.ceil(rest.length / 2);
  const parts = [rest.slice(0, middle), rest.slice(middle)].filter((part) => part.length > 0);
  await Promise.all(parts.map((part) => readStatuses(reading, part, settle)));
}

async function collect(
  { clients, waitMs }: Reading,
  commandId: string,
  ids: readonly string[],
  script: SupervisorScript,
  settle: Settle,
): Promise<void> {
  const deadline = Date.now() + waitMs;
  const open = new Set(ids);
  let pauseMs: number = commandLimits.firstPollMs;
  while (open.size > 0 && Date.now() < deadline) {
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * commandLimits.pollGrowth, commandLimits.maxPollMs);
    for (const [id, invocation] of await readInvocations(clients, commandId)) {
      if (invocation.kind === 'waiting' || !open.delete(id)) continue;
      settle(id, readStatus(invocation, script.nonce));
    }
  }
  for (const id of open) settle(id, { kind: 'silent', message: 'no answer came in time' });
  if (open.size > 0) await cancelCommand(clients, commandId, [...open]);
}

function readStatus(
  invocation: Exclude<Invocation, { kind: 'waiting' }>,
  nonce: string,
): StatusReply {
  if (invocation.kind !== 'ended') return { kind: 'silent', message: invocation.status };
  const answer = readAnswer(invocation.output, nonce);
  switch (answer.kind) {
    case 'garbled':
      return { kind: 'silent', message: answer.message };
    case 'refused':
      return answer.code === 'no-supervisor'
        ? { kind: 'nothing-started', message: answer.message }
        : { kind: 'silent', message: `${answer.code}: ${answer.message}` };
    case 'answered': {
      const { report } = answer.reply;
      if (report === undefined) return { kind: 'silent', message: 'the answer has no report' };
      return report === null
        ? { kind: 'nothing-started', message: 'nothing was started on this instance' }
        : { kind: 'report', report };
    }
  }
}
