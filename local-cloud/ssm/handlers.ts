import type { SsmContext } from './context';
import { describeInstanceInformation } from './instance-information';
import { getParameter, getParameters } from './parameters';
import { getCommandInvocation, listCommandInvocations, listCommands } from './read-commands';
import { cancelCommand, sendCommand } from './send-command';

type Handler = (context: SsmContext, input: object) => object;

/** The SSM operations of this cloud; see the EC2 handlers for how to add one. */
const handlers = {
  CancelCommand: cancelCommand,
  DescribeInstanceInformation: describeInstanceInformation,
  GetCommandInvocation: getCommandInvocation,
  GetParameter: getParameter,
  GetParameters: getParameters,
  ListCommandInvocations: listCommandInvocations,
  ListCommands: listCommands,
  SendCommand: sendCommand,
};

// The input was read by the schema of the operation whose name the handler has, so it is of the handler's type.
export const ssmHandlers = new Map(Object.entries(handlers)) as ReadonlyMap<string, Handler>;
