import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { Failure } from '../domain/failure';
import { hasCode } from './aws-error';
import type { AwsClients } from './clients';
import { commandLimits } from './limits';

/** One script for one or more instances. */
export interface ScriptCommand {
  readonly instanceIds: readonly string[];
  readonly text: string;
  readonly executionSeconds: number;
  /** At most 100 characters; shown in the console, and finds the command again. */
  readonly comment: string;
}

/** Where a command stands on one instance, and what its script has printed. */
export type Invocation =
  /** Not final. `InProgress` does not mean that it runs, only that an agent has taken it. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'ended'; readonly output: string; readonly errorOutput: string }
  /** It never reached an agent, or no final word came: EC2 knows whether the instance lives. */
  | { readonly kind: 'undelivered'; readonly status: string }
  | { readonly kind: 'timed-out'; readonly status: string };

/**
 * Sends a script; returns the command's id.
 *
 * SendCommand has no idempotency token and the agent may run a script twice, so every script is idempotent and an answer
 * that was lost needs no search: the caller sends again.
 */
export async function sendScript(
  clients: AwsClients,
  command: ScriptCommand,
  signal?: AbortSignal,
): Promise<string> {
  const bytes = Buffer.byteLength(command.text);
  if (bytes > commandLimits.maxScriptBytes) {
    throw new Failure('invalid-spec', `The command is ${bytes} bytes long.`, {
      why: `SSM takes about ${commandLimits.maxScriptBytes}; arguments and environment of the script travel in it.`,
      next: 'Move long arguments or environment values into a file beside the script.',
    });
  }
  const seconds = Math.max(Math.ceil(command.executionSeconds), commandLimits.minExecutionSeconds);
  const reply = await clients.ssmSend.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [...command.instanceIds],
      Comment: command.comment.slice(0, 100),
      TimeoutSeconds: commandLimits.deliverySeconds,
      Parameters: { commands: command.text.split('\n'), executionTimeout: [String(seconds)] },
    }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  const commandId = reply.Command?.CommandId;
  if (commandId === undefined) throw new Failure('aws-unavailable', 'SSM gave the command no id.');
  return commandId;
}

/** Reads where a command stands on one instance; with the whole output (24,000 characters) once it has ended. */
export async function readInvocation(
  clients: AwsClients,
  commandId: string,
  instanceId: string,
  signal?: AbortSignal,
): Promise<Invocation> {
  try {
    const reply = await clients.ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return classify(
      reply.StatusDetails ?? '',
      reply.StandardOutputContent ?? '',
      reply.StandardErrorContent ?? '',
    );
  } catch (error) {
    // Normal just after SendCommand: SSM is eventually consistent.
    if (hasCode(error, 'InvocationDoesNotExist')) return { kind: 'waiting' };
    throw error;
  }
}

/** Reads where a command stands on all its instances, in one call; with at most 2,500 characters of output each. */
export async function readInvocations(
  clients: AwsClients,
  commandId: string,
): Promise<ReadonlyMap<string, Invocation>> {
  const reply = await clients.ssm.send(
    new ListCommandInvocationsCommand({
      CommandId: commandId,
      Details: true,
      MaxResults: commandLimits.maxInstancesPerCommand,
    }),
  );
  const invocations = (reply.CommandInvocations ?? []).map((each): [string, Invocation] => [
    each.InstanceId ?? '',
    classify(
      each.StatusDetails ?? '',
      (each.CommandPlugins ?? []).map((plugin) => plugin.Output ?? '').join('\n'),
      '',
    ),
  ]);
  return new Map(invocations);
}

/** Asks SSM to drop a command that nobody waits for any more; best effort, as SSM's own. */
export async function cancelCommand(
  clients: AwsClients,
  commandId: string,
  instanceIds: readonly string[],
): Promise<void> {
  try {
    await clients.ssm.send(
      new CancelCommandCommand({ CommandId: commandId, InstanceIds: [...instanceIds] }),
    );
  } catch {
    // It expires by itself after the delivery timeout.
  }
}

/** @see https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html */
function classify(statusDetails: string, output: string, errorOutput: string): Invocation {
  switch (statusDetails) {
    // Our scripts exit 0, so a failure is the shell's or the agent's own: what was printed decides all the same.
    case 'Success':
    case 'Failed':
      return { kind: 'ended', output, errorOutput };
    case 'ExecutionTimedOut':
      return { kind: 'timed-out', status: statusDetails };
    case 'DeliveryTimedOut':
    case 'Undeliverable':
    case 'Terminated':
    case 'Cancelled':
    case 'InvalidPlatform':
    case 'AccessDenied':
      return { kind: 'undelivered', status: statusDetails };
    default:
      return { kind: 'waiting' };
  }
}
