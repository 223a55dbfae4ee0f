import type { Command, CommandInvocation } from '@aws-sdk/client-ssm';
import type { CommandRecord } from '../world/records';
import type { World } from '../world/world';
import { expiresAtMs } from './invocation-status';
import { outputText, readInvocation, type Invocation } from './invocations';

// ListCommandInvocations tells less of the output than GetCommandInvocation.
const LISTED_OUTPUT_LIMIT = 2500;

/** A command over all its instances. */
export function viewCommand(world: World, command: CommandRecord): Command {
  const statuses = command.instanceIds.map((id) => readInvocation(world, command, id).status);
  const isOpen = statuses.some(({ status }) => OPEN.has(status));
  const worst = statuses.find(({ status }) => status !== 'Success');
  const summary = isOpen
    ? (statuses.find(({ status }) => status !== 'Pending' && OPEN.has(status)) ?? statuses[0])
    : (worst ?? statuses[0] ?? NOBODY);
  const count = (wanted: string): number =>
    statuses.filter(({ status }) => status === wanted).length;
  return {
    CommandId: command.commandId,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    Comment: command.comment,
    ExpiresAfter: new Date(expiresAtMs(command)),
    Parameters: { ...command.parameters },
    InstanceIds: [...command.instanceIds],
    Targets: [],
    RequestedDateTime: new Date(command.requestedAt),
    Status: summary?.status === 'Cancelling' ? 'Cancelling' : summary?.status,
    StatusDetails: summary?.statusDetails,
    OutputS3BucketName: command.outputBucket ?? '',
    OutputS3KeyPrefix: command.outputPrefix ?? '',
    MaxConcurrency: '50',
    MaxErrors: '0',
    TargetCount: statuses.length,
    CompletedCount: statuses.filter(({ status }) => !OPEN.has(status)).length,
    ErrorCount: count('Failed') + count('TimedOut'),
    DeliveryTimedOutCount: statuses.filter(
      ({ statusDetails }) => statusDetails === 'DeliveryTimedOut',
    ).length,
    TimeoutSeconds: command.timeoutSeconds,
  };
}

/** Of a command whose targets matched no instance. */
const NOBODY = { status: 'Failed', statusDetails: 'NoInstancesInTag' } as const;

const OPEN: ReadonlySet<string> = new Set(['Pending', 'InProgress', 'Cancelling']);

/** One invocation as ListCommandInvocations tells it. */
export function viewInvocation(
  world: World,
  invocation: Invocation,
  withDetails: boolean,
): CommandInvocation {
  const { command, instanceId, status } = invocation;
  const stdout = outputText(world, invocation, 'stdout', LISTED_OUTPUT_LIMIT);
  const stderr = outputText(world, invocation, 'stderr', LISTED_OUTPUT_LIMIT);
  const output = stderr === '' ? stdout : `${stdout}\n----------ERROR-------\n${stderr}`;
  return {
    CommandId: command.commandId,
    InstanceId: instanceId,
    InstanceName: '',
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: new Date(command.requestedAt),
    Status: status.status,
    StatusDetails: status.statusDetails,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: withDetails
      ? [
          {
            Name: 'aws:runShellScript',
            Status: status.status === 'Cancelling' ? 'InProgress' : status.status,
            StatusDetails: status.statusDetails,
            ResponseCode: status.result?.responseCode ?? -1,
            ResponseStartDateTime: fromEpoch(status.startedAt),
            ResponseFinishDateTime: fromEpoch(status.result?.endedAt ?? null),
            Output: output.slice(0, LISTED_OUTPUT_LIMIT),
            StandardOutputUrl: '',
            StandardErrorUrl: '',
          },
        ]
      : [],
  };
}

function fromEpoch(seconds: number | null): Date | undefined {
  return seconds === null ? undefined : new Date(seconds * 1000);
}
