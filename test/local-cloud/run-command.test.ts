import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { startLocalCloud, until, type TestCloud } from '../support/local-cloud';
import { connect, IMAGE_ID, refusal } from './clients';

let cloud: TestCloud;
let at: ReturnType<typeof connect>;
let instanceId: string;

beforeAll(async () => {
  cloud = await startLocalCloud();
  at = connect(cloud);
  instanceId = await at.launch();
});

afterAll(() => cloud.close());

test('an instance takes commands only once its agent is online, and none after its end', async () => {
  const fresh = await at.launch();
  const send = (): Promise<unknown> =>
    at.ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [fresh],
        Parameters: { commands: ['true'] },
      }),
    );
  expect((await refusal(send())).name).toBe('InvalidInstanceId');
  await at.run(fresh, 'true');
  await at.ec2.send(new TerminateInstancesCommand({ InstanceIds: [fresh] }));
  const { name, message } = await refusal(send());
  expect(name).toBe('InvalidInstanceId');
  expect(message).toContain(`Instances [[${fresh}]] not in a valid state for account`);
});

test('an instance without an instance profile never comes online', async () => {
  const bare = await at.launch({ IamInstanceProfile: undefined });
  await at.awaitState(bare, 'running');
  const reply = await at.ssm.send(new DescribeInstanceInformationCommand({}));
  expect(reply.InstanceInformationList?.map((one) => one.InstanceId)).not.toContain(bare);
});

test('the invocation does not exist for a moment after SendCommand', async () => {
  // The moment is short, and a busy machine may miss it.
  await until('it is seen', async () => {
    const commandId = await at.send(instanceId, 'true');
    const look = new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId });
    const seen = await at.ssm.send(look).catch((error: unknown) => error);
    expect((await at.finished(instanceId, commandId)).Status).toBe('Success');
    return seen instanceof Error && seen.name === 'InvocationDoesNotExist';
  });
});

test('output is empty until the command is over', async () => {
  const commandId = await at.send(instanceId, 'echo early; sleep 0.7; echo late >&2');
  const running = await until('it runs', async () => {
    const seen = await at.look(instanceId, commandId);
    return seen.ExecutionStartDateTime !== '' && seen;
  });
  expect(running).toMatchObject({
    Status: 'InProgress',
    StandardOutputContent: '',
    ResponseCode: -1,
  });
  expect(await at.finished(instanceId, commandId)).toMatchObject({
    Status: 'Success',
    ResponseCode: 0,
    StandardOutputContent: 'early\n',
    StandardErrorContent: 'late\n',
    PluginName: 'aws:runShellScript',
  });
});

test.each([
  [3, 'Failed', 'Failed', 3],
  [137, 'TimedOut', 'ExecutionTimedOut', 137],
  [168, 'Success', 'Success', 168],
  [169, 'Failed', 'Failed', 169],
])('a script that exits %i ends as %s', async (code, Status, StatusDetails, ResponseCode) => {
  const ended = await at.run(instanceId, `echo out; echo err >&2; exit ${code}`);
  expect(ended).toMatchObject({ Status, StatusDetails, ResponseCode });
  expect(ended.StandardErrorContent?.includes('err')).toBe(code !== 168);
});

test('a shell that a signal kills has failed with code -1', async () => {
  expect(await at.run(instanceId, 'kill -9 $PPID')).toMatchObject({
    Status: 'Failed',
    ResponseCode: -1,
  });
});

test('a script that exits 194 reboots its instance and is run again', async () => {
  const fresh = await at.launch();
  const ended = await at.run(
    fresh,
    'cat $RUNCTL_BOOT_ID_FILE >> $HOME/boots; test $(wc -l < $HOME/boots) -ge 2 || exit 194; cat $HOME/boots',
  );
  const boots = (ended.StandardOutputContent ?? '').trim().split('\n');
  expect(ended.Status).toBe('Success');
  expect(new Set(boots).size).toBe(2);
});

test('output is cut at 24,000 and 8,000 characters, and at 2,500 in lists', async () => {
  const ended = await at.run(
    instanceId,
    `python3 -c "import sys; sys.stdout.write('o' * 30000); sys.stderr.write('e' * 9000)"`,
  );
  expect(ended.StandardOutputContent).toHaveLength(24_000);
  expect(ended.StandardOutputContent).toMatch(/--output truncated--$/);
  expect(ended.StandardErrorContent).toHaveLength(8_000);
  const list = await at.ssm.send(
    new ListCommandInvocationsCommand({ CommandId: ended.CommandId, Details: true }),
  );
  expect(list.CommandInvocations?.[0]?.CommandPlugins?.[0]?.Output).toHaveLength(2_500);
});

test('a command waits for whoever holds its output, not for the shell alone', async () => {
  const held = await at.run(instanceId, 'sleep 0.8 & echo $!');
  const free = await at.run(instanceId, 'nohup sleep 30 >/dev/null 2>&1 </dev/null & echo $!');
  const seconds = (text?: string): number => Number((text ?? '').replace(/^PT|S$/g, ''));
  expect(seconds(held.ExecutionElapsedTime)).toBeGreaterThan(0.7);
  expect(seconds(free.ExecutionElapsedTime)).toBeLessThan(0.7);
});

test('a timeout kills the process group at once; who left the group lives on', async () => {
  const ended = await at.run(
    instanceId,
    'trap "" TERM; setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $! > $HOME/left; sleep 60 & echo $! > $HOME/killed; wait',
    { executionTimeout: ['5'] },
  );
  expect(ended).toMatchObject({
    Status: 'TimedOut',
    StatusDetails: 'ExecutionTimedOut',
    ResponseCode: 137,
  });
  const after = await at.run(
    instanceId,
    'kill -0 $(cat $HOME/killed) && echo killed lives; kill -0 $(cat $HOME/left) && echo left lives; kill $(cat $HOME/left)',
  );
  expect(after.StandardOutputContent).toBe('left lives\n');
});

test('five commands run at once; the others wait for their turn', async () => {
  const ids = await Promise.all(
    Array.from({ length: 12 }, () =>
      at.send(instanceId, 'echo begin >> $HOME/turns; sleep 0.6; echo end >> $HOME/turns'),
    ),
  );
  const ended = await Promise.all(ids.map((id) => at.finished(instanceId, id)));
  expect(ended.map(({ Status }) => Status)).toEqual(ids.map(() => 'Success'));
  const turns = await at.run(instanceId, 'cat $HOME/turns');
  let now = 0;
  let most = 0;
  for (const line of (turns.StandardOutputContent ?? '').trim().split('\n')) {
    now += line === 'begin' ? 1 : -1;
    most = Math.max(most, now);
  }
  expect(most).toBe(5);
});

test('a cancelled command is killed, and says so', async () => {
  const commandId = await at.send(instanceId, 'sleep 60');
  await until(
    'it runs',
    async () => (await at.look(instanceId, commandId)).Status === 'InProgress',
  );
  await at.ssm.send(new CancelCommandCommand({ CommandId: commandId }));
  expect(await at.finished(instanceId, commandId)).toMatchObject({
    Status: 'Cancelled',
    StatusDetails: 'Cancelled',
  });
});

test('the script runs by sh, in the home folder, with nothing on its input, with its command id', async () => {
  const ended = await at.run(
    instanceId,
    'pwd; cat; echo $SSM_COMMAND_ID; command -v shutdown; env | grep -c AWS_SECRET',
  );
  const lines = (ended.StandardOutputContent ?? '').split('\n');
  expect(lines[0]).toMatch(/\/home$/);
  expect(lines[1]).toBe(ended.CommandId);
  expect(lines[2]).toMatch(new RegExp(`/instances/${instanceId}/bin/shutdown$`));
  expect(lines[3]).toBe('0');
  const bash = await at.run(instanceId, '#!/bin/bash\necho ${BASH_VERSION:+bash}', {
    workingDirectory: ['/usr'],
  });
  expect(bash.StandardOutputContent).toBe('bash\n');
});

test('a silent agent is heard of again when it speaks: nothing is lost, nothing runs twice', async () => {
  const silent = await at.launch();
  await at.run(silent, 'true');
  const before = await at.send(silent, 'sleep 0.2; echo before >> $HOME/log');
  await until('it runs', async () => (await at.look(silent, before)).Status === 'InProgress');
  await cloud.admin('POST', `instances/${silent}/ssm`, { silent: true });
  const during = await at.send(silent, 'echo during >> $HOME/log; cat $HOME/log');
  await new Promise((accept) => setTimeout(accept, 600));
  expect((await at.look(silent, before)).Status).toBe('InProgress');
  expect((await at.look(silent, during)).Status).toBe('Pending');
  expect(await at.state(silent)).toBe('running');
  await cloud.admin('POST', `instances/${silent}/ssm`, { silent: false });
  expect((await at.finished(silent, before)).Status).toBe('Success');
  expect((await at.finished(silent, during)).StandardOutputContent).toBe('before\nduring\n');
});

test('commands are found again by instance, time and comment', async () => {
  const reply = await at.ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [instanceId],
      Comment: 'operation 7',
      Parameters: { commands: ['true'] },
    }),
  );
  const list = await at.ssm.send(
    new ListCommandsCommand({ InstanceId: instanceId, MaxResults: 1 }),
  );
  expect(list.Commands?.[0]).toMatchObject({
    CommandId: reply.Command?.CommandId,
    Comment: 'operation 7',
  });
  expect(list.NextToken).toBeTruthy();
  const next = await at.ssm.send(
    new ListCommandsCommand({ InstanceId: instanceId, NextToken: list.NextToken }),
  );
  expect(next.Commands?.some((one) => one.CommandId === reply.Command?.CommandId)).toBe(false);
});

test.each([
  ['InvalidDocument', { DocumentName: 'AWS-RunPowerShellScript' }],
  ['InvalidParameters', { Parameters: {} }],
  ['InvalidParameters', { Parameters: { commands: ['true'], executionTimeout: ['1.5'] } }],
  ['ValidationException', { TimeoutSeconds: 5 }],
  ['ValidationException', { Comment: 'c'.repeat(101) }],
  ['InvalidInstanceId', { InstanceIds: ['i-00000000000000000'] }],
])('SendCommand answers %s to %j', async (name, changes) => {
  const request = at.ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [instanceId],
      Parameters: { commands: ['true'] },
      ...changes,
    }),
  );
  expect((await refusal(request)).name).toBe(name);
});

test('the public parameters name the images', async () => {
  const name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
  const reply = await at.ssm.send(new GetParameterCommand({ Name: name }));
  expect(reply.Parameter?.Value).toBe(IMAGE_ID);
  expect((await refusal(at.ssm.send(new GetParameterCommand({ Name: '/mine' })))).name).toBe(
    'ParameterNotFound',
  );
});
