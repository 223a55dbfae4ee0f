import { randomUUID } from 'node:crypto';
import type {
  CancelCommandRequest,
  SendCommandRequest,
  SendCommandResult,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../wire/aws-error';
import type { CommandRecord } from '../world/records';
import { deliverCommand, leaveCancellation } from './agent-files';
import { viewCommand } from './command-view';
import { isRegistered, type SsmContext } from './context';
import { findTargets } from './targets';

const DOCUMENT = 'AWS-RunShellScript';
const INSTANCE_LIMIT = 50;
const COMMENT_LIMIT = 100;
const DEFAULT_TIMEOUT_SECONDS = 3600;
// The agent takes an execution timeout outside these bounds for the default.
const EXECUTION_TIMEOUT_SECONDS = { least: 5, most: 172_800, default: 3600 };

/**
 * SendCommand of AWS-RunShellScript. It has no client token: sent twice it runs twice.
 *
 * @throws AwsError InvalidInstanceId, InvalidDocument, InvalidParameters, DuplicateInstanceId, ValidationException.
 */
export function sendCommand(context: SsmContext, request: SendCommandRequest): SendCommandResult {
  const { world, lifecycle } = context;
  const instanceIds = readInstanceIds(context, request);
  checkDocument(request);
  const command: CommandRecord = {
    ...readParameters(request),
    commandId: randomUUID(),
    documentName: DOCUMENT,
    comment: readComment(request),
    timeoutSeconds: readTimeout(request),
    requestedAt: world.now().toISOString(),
    instanceIds,
    outputBucket: request.OutputS3BucketName ?? null,
    outputPrefix: request.OutputS3KeyPrefix ?? null,
    cancelRequestedAt: null,
  };
  const now = world.now();
  const instances = instanceIds.map((id) => world.instances.get(id));
  if (instances.some((instance) => instance === undefined || !isRegistered(instance, now))) {
    throw new AwsError(
      'InvalidInstanceId',
      `Instances [[${instanceIds.join(', ')}]] not in a valid state for account ${world.settings.accountId}`,
    );
  }
  world.commands.put(command.commandId, command);
  world.dropOldCommands();
  for (const instance of instances) {
    if (instance?.ssmSilentSince !== null) continue;
    deliverCommand(world.machineFolder(instance.instanceId), command);
    lifecycle.machine(instance)?.wakeAgent();
  }
  return { Command: viewCommand(world, command) };
}

function readInstanceIds(
  context: SsmContext,
  { InstanceIds: ids = [], Targets: targets = [] }: SendCommandRequest,
): string[] {
  if (targets.length > 0 && ids.length > 0) {
    throw new AwsError('ValidationException', 'Specify InstanceIds or Targets, not both.');
  }
  if (targets.length > 0) return findTargets(context, targets);
  if (ids.length === 0 || ids.length > INSTANCE_LIMIT) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: ` +
        `Member must have length between 1 and ${INSTANCE_LIMIT}`,
    );
  }
  if (new Set(ids).size < ids.length) {
    throw new AwsError('DuplicateInstanceId', 'You cannot specify an instance ID twice.');
  }
  return ids;
}

function checkDocument({ DocumentName: name }: SendCommandRequest): void {
  const short = name?.split('/').at(-1);
  if (short === DOCUMENT) return;
  throw new AwsError('InvalidDocument', `Document ${name ?? ''} does not exist in your account`);
}

function readComment({ Comment: comment = '' }: SendCommandRequest): string {
  if (comment.length <= COMMENT_LIMIT) return comment;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at 'comment' failed to satisfy constraint: ` +
      `Member must have length less than or equal to ${COMMENT_LIMIT}`,
  );
}

function readTimeout({ TimeoutSeconds: seconds }: SendCommandRequest): number {
  if (seconds === undefined) return DEFAULT_TIMEOUT_SECONDS;
  if (seconds >= 30 && seconds <= 2_592_000) return seconds;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${seconds}' at 'timeoutSeconds' failed to satisfy constraint: ` +
      `Member must have value from 30 to 2592000`,
  );
}

const PARAMETERS = ['commands', 'workingDirectory', 'executionTimeout'];

function readParameters({
  Parameters: parameters = {},
}: SendCommandRequest): Pick<
  CommandRecord,
  'commands' | 'parameters' | 'workingDirectory' | 'executionTimeoutSeconds'
> {
  const unknown = Object.keys(parameters).filter((name) => !PARAMETERS.includes(name));
  const commands = parameters['commands'] ?? [];
  const timeoutText = parameters['executionTimeout']?.[0] ?? '3600';
  const isTimeout = /^([1-9][0-9]{0,4}|1[0-6][0-9]{4}|17[01][0-9]{3}|172[0-7][0-9]{2}|172800)$/;
  if (unknown.length > 0 || commands.length === 0 || !isTimeout.test(timeoutText)) {
    const problem =
      unknown.length > 0
        ? `Parameters ${unknown.join(', ')} are not in the document.`
        : commands.length === 0
          ? 'The parameter commands is missing.'
          : `The parameter executionTimeout does not match the pattern: ${timeoutText}.`;
    throw new AwsError('InvalidParameters', problem);
  }
  const { least, most, default: usual } = EXECUTION_TIMEOUT_SECONDS;
  const seconds = Number(timeoutText);
  return {
    commands,
    parameters,
    workingDirectory: parameters['workingDirectory']?.[0] ?? '',
    executionTimeoutSeconds: seconds < least || seconds > most ? usual : seconds,
  };
}

/** CancelCommand: a wish, without guarantee; what is over already stays as it ended. */
export function cancelCommand(
  { world, lifecycle }: SsmContext,
  request: CancelCommandRequest,
): object {
  const command = world.commands.get(request.CommandId ?? '');
  if (command === undefined) throw new AwsError('InvalidCommandId', '');
  const ids = request.InstanceIds ?? [];
  if (ids.some((id) => !command.instanceIds.includes(id))) {
    throw new AwsError('InvalidInstanceId', 'The command was not sent to this instance.');
  }
  world.commands.put(command.commandId, {
    ...command,
    cancelRequestedAt: world.now().toISOString(),
  });
  for (const id of ids.length > 0 ? ids : command.instanceIds) {
    leaveCancellation(world.machineFolder(id), command.commandId);
    const instance = world.instances.get(id);
    if (instance?.ssmSilentSince === null) lifecycle.machine(instance)?.wakeAgent();
  }
  return {};
}
