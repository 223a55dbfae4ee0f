import { EC2Client, RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import {
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
  type GetCommandInvocationCommandOutput,
} from '@aws-sdk/client-ssm';
import { until, type TestCloud } from '../support/local-cloud';

export const IMAGE_ID = 'ami-0a1b2c3d4e5f60001';

/** The real SDK clients against one cloud, with what the suites do again and again. */
export function connect(cloud: TestCloud) {
  const ec2 = new EC2Client({ ...cloud.clientConfig, maxAttempts: 1 });
  const ssm = new SSMClient({ ...cloud.clientConfig, maxAttempts: 1 });

  const launchInput = (
    changes: Partial<RunInstancesCommandInput> = {},
  ): RunInstancesCommandInput => ({
    ImageId: IMAGE_ID,
    InstanceType: 'g5.xlarge',
    MinCount: 1,
    MaxCount: 1,
    IamInstanceProfile: { Name: cloud.facts.instanceProfile },
    InstanceMarketOptions: { MarketType: 'spot' },
    ...changes,
  });

  const launch = async (changes: Partial<RunInstancesCommandInput> = {}): Promise<string> => {
    const reply = await ec2.send(new RunInstancesCommand(launchInput(changes)));
    return reply.Instances?.[0]?.InstanceId ?? '';
  };

  const state = async (instanceId: string): Promise<string | undefined> =>
    (await cloud.status()).instances.find((one) => one.instanceId === instanceId)?.state;

  const awaitState = (instanceId: string, wanted: string): Promise<unknown> =>
    until(`${instanceId} is ${wanted}`, async () => (await state(instanceId)) === wanted);

  const send = async (
    instanceId: string,
    script: string,
    parameters: Record<string, string[]> = {},
    timeoutSeconds = 60,
  ): Promise<string> => {
    const reply = await until('the instance takes commands', () =>
      ssm
        .send(
          new SendCommandCommand({
            DocumentName: 'AWS-RunShellScript',
            InstanceIds: [instanceId],
            Parameters: { commands: [script], ...parameters },
            TimeoutSeconds: timeoutSeconds,
          }),
        )
        .catch((error: unknown) => {
          if (error instanceof Error && error.name === 'InvalidInstanceId') return null;
          throw error;
        }),
    );
    return reply.Command?.CommandId ?? '';
  };

  const look = (
    instanceId: string,
    commandId: string,
  ): Promise<GetCommandInvocationCommandOutput> =>
    until('the invocation shows up', () =>
      ssm
        .send(new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }))
        .catch((error: unknown) => {
          if (error instanceof Error && error.name === 'InvocationDoesNotExist') return null;
          throw error;
        }),
    );

  const finished = (
    instanceId: string,
    commandId: string,
  ): Promise<GetCommandInvocationCommandOutput> =>
    until('the command is over', async () => {
      const seen = await look(instanceId, commandId);
      const isOpen = ['Pending', 'InProgress', 'Cancelling'].includes(seen.Status ?? '');
      return isOpen ? null : seen;
    });

  /** Runs a script on an instance and returns how it ended. */
  const run = async (
    instanceId: string,
    script: string,
    parameters: Record<string, string[]> = {},
  ): Promise<GetCommandInvocationCommandOutput> =>
    finished(instanceId, await send(instanceId, script, parameters));

  return { ec2, ssm, launchInput, launch, state, awaitState, send, look, finished, run };
}

/** The name and message of the error with which a request was refused. */
export async function refusal(
  request: Promise<unknown>,
): Promise<{ name: string; message: string }> {
  try {
    await request;
  } catch (error) {
    if (error instanceof Error) return { name: error.name, message: error.message };
  }
  throw new Error('The request was not refused.');
}
