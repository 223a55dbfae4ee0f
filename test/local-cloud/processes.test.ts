import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import {
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { processesOf, startLocalCloud, until, type TestCloud } from '../support/local-cloud';
import { connect, refusal } from './clients';

let cloud: TestCloud;
let at: ReturnType<typeof connect>;

beforeAll(async () => {
  cloud = await startLocalCloud();
  at = connect(cloud);
});

afterAll(() => cloud.close());

const folderOf = (instanceId: string): string => join(cloud.stateDir, 'instances', instanceId);

/** Programs that do all they can to outlive their instance. */
const STUBBORN = `
setsid sh -c 'trap "" TERM HUP INT; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &
(setsid sh -c '(trap "" TERM; while :; do sleep 0.1; done) & exit' </dev/null >/dev/null 2>&1 &)
(env -i /bin/sh -c 'trap "" TERM; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &)
echo started`;

async function launchStubborn(changes: Parameters<typeof at.launch>[0] = {}): Promise<string> {
  const instanceId = await at.launch(changes);
  expect((await at.run(instanceId, STUBBORN)).StandardOutputContent).toBe('started\n');
  // Guard, init, and three programs at least.
  await until('the programs run', async () => (await processCount(instanceId)) >= 5);
  return instanceId;
}

async function processCount(instanceId: string): Promise<number> {
  const { instances } = await cloud.status();
  return instances.find((one) => one.instanceId === instanceId)?.processCount ?? 0;
}

async function costUsd(instanceId: string): Promise<number> {
  const { instances } = await cloud.status();
  return instances.find((one) => one.instanceId === instanceId)?.costUsd ?? 0;
}

async function expectNothingLeft(instanceId: string): Promise<void> {
  await at.awaitState(instanceId, 'terminated');
  expect(processesOf(folderOf(instanceId))).toEqual([]);
  expect(await processCount(instanceId)).toBe(0);
}

function machineOf(instanceId: string): { guard: { pid: number }; init: { pid: number } } {
  return JSON.parse(readFileSync(join(folderOf(instanceId), 'machine.json'), 'utf8')) as {
    guard: { pid: number };
    init: { pid: number };
  };
}

async function reasonOf(instanceId: string): Promise<string | undefined> {
  const reply = await at.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  return reply.Reservations?.[0]?.Instances?.[0]?.StateReason?.Code;
}

test('a terminated instance leaves no process, whatever its programs do to survive', async () => {
  const instanceId = await launchStubborn();
  const before = await processCount(instanceId);
  await at.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  await expectNothingLeft(instanceId);
  expect(before).toBeGreaterThanOrEqual(5);
  expect(await reasonOf(instanceId)).toBe('Client.UserInitiatedShutdown');
});

test('an instance that is killed without notice leaves no process', async () => {
  const instanceId = await launchStubborn();
  await cloud.admin('POST', `instances/${instanceId}/kill`);
  await expectNothingLeft(instanceId);
  expect(await reasonOf(instanceId)).toBe('Server.SpotInstanceTermination');
});

test.each(['guard', 'init'] as const)(
  'an instance whose %s is killed dies with all',
  async (part) => {
    const instanceId = await launchStubborn({ InstanceMarketOptions: undefined });
    process.kill(machineOf(instanceId)[part].pid, 'SIGKILL');
    await expectNothingLeft(instanceId);
    expect(await reasonOf(instanceId)).toBe('Server.InternalError');
  },
);

test('a program gets SIGTERM and time to save when its instance is terminated', async () => {
  const instanceId = await at.launch();
  // Outside of the instance, whose disk goes with it.
  const saved = join(cloud.stateDir, 'saved');
  await at.run(
    instanceId,
    `setsid sh -c 'trap "sleep 0.3; echo yes > ${saved}; exit" TERM; while :; do sleep 0.05; done' </dev/null >/dev/null 2>&1 &`,
  );
  await at.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  await at.awaitState(instanceId, 'terminated');
  expect(readFileSync(saved, 'utf8')).toBe('yes\n');
});

test('an instance that shuts itself down is terminated or stopped, as was asked at launch', async () => {
  const onDemand = { InstanceMarketOptions: undefined };
  const ends = await at.launch({ ...onDemand, InstanceInitiatedShutdownBehavior: 'terminate' });
  const stops = await at.launch(onDemand);
  await at.send(ends, 'shutdown -h now');
  await at.send(stops, 'sudo -n true 2>/dev/null; shutdown now');
  await at.awaitState(ends, 'terminated');
  await at.awaitState(stops, 'stopped');
  expect(await reasonOf(ends)).toBe('Client.InstanceInitiatedShutdown');
  expect(await reasonOf(stops)).toBe('Client.InstanceInitiatedShutdown');
});

test('a stopped instance costs nothing, and starts again on its old disk with a new boot id', async () => {
  const instanceId = await at.launch({ InstanceMarketOptions: undefined });
  const first = await at.run(instanceId, 'echo kept > $HOME/file; cat $RUNCTL_BOOT_ID_FILE');
  const InstanceIds = [instanceId];
  const stop = new StopInstancesCommand({ InstanceIds });
  await at.ec2.send(stop);
  const starting = at.ec2.send(new StartInstancesCommand({ InstanceIds }));
  expect(await refusal(starting)).toMatchObject({ name: 'IncorrectInstanceState' });
  await at.awaitState(instanceId, 'stopped');
  expect((await at.ec2.send(stop)).StoppingInstances?.[0]).toMatchObject({
    PreviousState: { Name: 'stopped' },
    CurrentState: { Name: 'stopped' },
  });
  const rebooting = at.ec2.send(new RebootInstancesCommand({ InstanceIds }));
  expect(await refusal(rebooting)).toMatchObject({ name: 'IncorrectInstanceState' });
  const minuteUsd = await costUsd(instanceId);
  await at.ec2.send(new StartInstancesCommand({ InstanceIds }));
  await at.awaitState(instanceId, 'running');
  // Each time that it runs is billed by itself, with a minute at least.
  expect(await costUsd(instanceId)).toBeCloseTo(2 * minuteUsd, 5);
  const second = await at.run(instanceId, 'cat $HOME/file; cat $RUNCTL_BOOT_ID_FILE');
  const [file, bootId] = (second.StandardOutputContent ?? '').split('\n');
  expect(file).toBe('kept');
  expect(bootId).not.toBe((first.StandardOutputContent ?? '').trim());
});

test('a reboot ends the programs and changes the boot id while EC2 says running', async () => {
  const instanceId = await launchStubborn();
  const first = await at.run(instanceId, 'cat $RUNCTL_BOOT_ID_FILE');
  await at.ec2.send(new RebootInstancesCommand({ InstanceIds: [instanceId] }));
  const second = await until('another boot id', async () => {
    const seen = await at.run(instanceId, 'cat $RUNCTL_BOOT_ID_FILE');
    const isNew =
      seen.Status === 'Success' && seen.StandardOutputContent !== first.StandardOutputContent;
    return isNew && seen;
  });
  expect(second.Status).toBe('Success');
  expect(await at.state(instanceId)).toBe('running');
  expect(await processCount(instanceId)).toBeLessThan(5);
});

test('user data runs once, at the first boot', async () => {
  const script = '#!/bin/sh\necho once >> $HOME/booted\n';
  const instanceId = await at.launch({
    InstanceMarketOptions: undefined,
    UserData: Buffer.from(script).toString('base64'),
  });
  const booted = join(folderOf(instanceId), 'home/booted');
  await until('the user data ran', () => existsSync(booted));
  await at.awaitState(instanceId, 'running');
  await at.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
  await at.awaitState(instanceId, 'stopped');
  await at.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
  await at.run(instanceId, 'true');
  expect(readFileSync(booted, 'utf8')).toBe('once\n');
});

test('instances, commands and metadata outlive a server that is killed', async () => {
  const instanceId = await at.launch();
  const commandId = await at.send(instanceId, 'echo $$ > $HOME/pid; sleep 1.5; echo survived');
  await until('the command runs', () => existsSync(join(folderOf(instanceId), 'home/pid')));
  const port = cloud.facts.endpointUrl;
  await cloud.crash();
  await cloud.restart();
  const ended = await at.finished(instanceId, commandId);
  expect(cloud.facts.endpointUrl).toBe(port);
  expect(ended.StandardOutputContent).toBe('survived\n');
  expect(await at.state(instanceId)).toBe('running');
  const metadata = await at.run(
    instanceId,
    'T=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token); ' +
      'curl -s -H "X-aws-ec2-metadata-token: $T" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/meta-data/instance-id',
  );
  expect(metadata.StandardOutputContent).toBe(instanceId);
  await at.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  await expectNothingLeft(instanceId);
});

test('an instance that died while the server was down is found dead', async () => {
  const instanceId = await launchStubborn();
  const { guard } = machineOf(instanceId);
  await cloud.crash();
  process.kill(guard.pid, 'SIGKILL');
  await cloud.restart();
  await expectNothingLeft(instanceId);
});
