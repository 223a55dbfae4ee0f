import type { SsmContext } from './context';
import { describeInstanceInformation } from './instance-information';
import { deleteParameter, deleteParameters } from './delete-parameters';
import { describeParameters, getParametersByPath } from './list-parameters';
import { getParameter, getParameters } from './parameters';
import { putParameter } from './put-parameter';
import { getCommandInvocation, listCommandInvocations, listCommands } from './read-commands';
import { cancelCommand, sendCommand } from './send-command';

type Handler = (context: SsmContext, input: object) => object;

/** The SSM operations of this cloud; see the EC2 handlers for how to add one. */
const handlers = {
  CancelCommand: cancelCommand,
  DeleteParameter: deleteParameter,
  DeleteParameters: deleteParameters,
  DescribeInstanceInformation: describeInstanceInformation,
  DescribeParameters: describeParameters,
  GetCommandInvocation: getCommandInvocation,
  GetParameter: getParameter,
  GetParameters: getParameters,
  GetParametersByPath: getParametersByPath,
  ListCommandInvocations: listCommandInvocations,
  ListCommands: listCommands,
  PutParameter: putParameter,
  SendCommand: sendCommand,
};

// The input was read by the schema of the operation whose name the handler has, so it is of the handler's type.
export const ssmHandlers = new Map(Object.entries(handlers)) as ReadonlyMap<string, Handler>;
