import type {
  CommandFilter,
  GetCommandInvocationRequest,
  GetCommandInvocationResult,
  ListCommandInvocationsRequest,
  ListCommandInvocationsResult,
  ListCommandsRequest,
  ListCommandsResult,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { CommandRecord } from '../world/records';
import type { World } from '../world/world';
import { viewCommand, viewInvocation } from './command-view';
import type { SsmContext } from './context';
import { isVisible, outputText, readInvocation } from './invocations';

const STDOUT_LIMIT = 24_000;
const STDERR_LIMIT = 8_000;
const PAGE_LIMIT = 50;

/** @throws AwsError InvocationDoesNotExist, also for a moment after SendCommand. */
export function getCommandInvocation(
  { world }: SsmContext,
  { CommandId: commandId = '', InstanceId: instanceId = '' }: GetCommandInvocationRequest,
): GetCommandInvocationResult {
  const command = world.commands.get(commandId);
  if (!command?.instanceIds.includes(instanceId) || !isVisible(command, world.now())) {
    throw new AwsError('InvocationDoesNotExist', '');
  }
  const invocation = readInvocation(world, command, instanceId);
  const { status, statusDetails, result, startedAt } = invocation.status;
  const endedAt = result?.endedAt ?? null;
  return {
    CommandId: commandId,
    InstanceId: instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: '$DEFAULT',
    PluginName: 'aws:runShellScript',
    ResponseCode: result?.responseCode ?? -1,
    ExecutionStartDateTime: isoTime(startedAt),
    ExecutionElapsedTime:
      startedAt === null || endedAt === null ? '' : `PT${(endedAt - startedAt).toFixed(3)}S`,
    ExecutionEndDateTime: isoTime(endedAt),
    Status: status,
    StatusDetails: statusDetails,
    StandardOutputContent: outputText(world, invocation, 'stdout', STDOUT_LIMIT),
    StandardOutputUrl: '',
    StandardErrorContent: outputText(world, invocation, 'stderr', STDERR_LIMIT),
    StandardErrorUrl: '',
    CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
  };
}

function isoTime(seconds: number | null): string {
  return seconds === null ? '' : new Date(seconds * 1000).toISOString();
}

export function listCommandInvocations(
  { world }: SsmContext,
  request: ListCommandInvocationsRequest,
): ListCommandInvocationsResult {
  const now = world.now();
  const isWanted = filterCommands(request.Filters);
  const invocations = selectCommands(world, request)
    .filter((command) => isVisible(command, now) && isWanted.command(command))
    .flatMap((command) =>
      command.instanceIds
        .filter((id) => request.InstanceId === undefined || id === request.InstanceId)
        .map((id) => readInvocation(world, command, id)),
    )
    .filter(({ status }) => isWanted.status(status.status));
  const { items, nextToken } = page(
    invocations,
    ({ command, instanceId }) => `${newestFirst(command)}/${instanceId}`,
    pageOptions(request),
  );
  return {
    CommandInvocations: items.map((one) => viewInvocation(world, one, request.Details ?? false)),
    NextToken: nextToken,
  };
}

export function listCommands(
  { world }: SsmContext,
  request: ListCommandsRequest,
): ListCommandsResult {
  const isWanted = filterCommands(request.Filters);
  const commands = selectCommands(world, request)
    .filter((command) => isWanted.command(command))
    .filter(
      ({ instanceIds }) =>
        request.InstanceId === undefined || instanceIds.includes(request.InstanceId),
    )
    .map((command) => ({ command, view: viewCommand(world, command) }))
    .filter(({ view }) => isWanted.status(view.Status ?? ''));
  const { items, nextToken } = page(
    commands,
    ({ command }) => newestFirst(command),
    pageOptions(request),
  );
  return { Commands: items.map(({ view }) => view), NextToken: nextToken };
}

function selectCommands(
  { commands }: World,
  { CommandId: id }: { CommandId?: string | undefined },
): readonly CommandRecord[] {
  if (id === undefined) return commands.all();
  const found = commands.get(id);
  if (found === undefined) throw new AwsError('InvalidCommandId', '');
  return [found];
}

function pageOptions(request: {
  NextToken?: string | undefined;
  MaxResults?: number | undefined;
}): Parameters<typeof page>[2] {
  return {
    token: request.NextToken,
    maxResults: request.MaxResults,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  };
}

/** A key that sorts newer commands before older ones. */
function newestFirst({ requestedAt, commandId }: CommandRecord): string {
  const age = Number.MAX_SAFE_INTEGER - Date.parse(requestedAt);
  return `${age}/${commandId}`;
}

interface CommandTests {
  readonly command: (command: CommandRecord) => boolean;
  readonly status: (status: string) => boolean;
}

function filterCommands(filters: readonly CommandFilter[] | undefined): CommandTests {
  const wanted = new Map(
    (filters ?? []).map(({ key, value }) => {
      if (FILTERS.has(key ?? '')) return [key ?? '', value ?? ''];
      throw new AwsError('InvalidFilterKey', `The filter key ${key ?? ''} is not valid.`);
    }),
  );
  const after = Date.parse(wanted.get('InvokedAfter') ?? '');
  const before = Date.parse(wanted.get('InvokedBefore') ?? '');
  const status = wanted.get('Status');
  const documentName = wanted.get('DocumentName');
  return {
    command: (command) => {
      const requestedMs = Date.parse(command.requestedAt);
      return (
        (Number.isNaN(after) || requestedMs > after) &&
        (Number.isNaN(before) || requestedMs < before) &&
        (documentName === undefined || documentName === command.documentName)
      );
    },
    status: (actual) => status === undefined || status === actual,
  };
}

const FILTERS: ReadonlySet<string> = new Set([
  'InvokedAfter',
  'InvokedBefore',
  'Status',
  'DocumentName',
]);
