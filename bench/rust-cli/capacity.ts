import { setTimeout as sleep } from 'node:timers/promises';
import { startThen } from './control';
import { limits } from './limits';
import { trainer } from './scripts';
import { endOf, quote, startNow, trainNow, waitNow, type Situation } from './situation';
import type { Ran } from './run-command';
import type { Project, World } from './world';

const createArgs = [
  ...['aws', 'create', 'g5.xlarge', '--spot', '--spot-max-price', '1'],
  ...['--iam-instance-profile', 'runctl-local-instance'],
];

const spotInstance: Situation = {
  title: 'a Spot instance',
  rustCli: async (world) => {
    const project = world.project('then-spot', trainer);
    const before = await liveIds(world);
    const ran = await world.rustCli(project, createArgs, limits.spotCreateSeconds);
    const made = (await world.admin.status()).instances.filter(
      ({ instanceId, state }) =>
        !before.includes(instanceId) && (state === 'running' || state === 'pending'),
    );
    const spot = made.filter(({ purchase }) => purchase === 'spot');
    const named: readonly string[] = ran.output.match(/i-[0-9a-f]+/g) ?? [];
    const orphans = spot.filter(({ instanceId }) => !named.includes(instanceId));
    return (
      `${quote(ran, /Spot request timed out.*/)}, ${endOf(ran)}; ${made.length} instances run: ` +
      `the On-Demand one that it fell back to, and ${orphans.length} on Spot that it does not know of, without tags`
    );
  },
  ours: async (world) => {
    const project = world.project('now-spot', trainer);
    const { ran, run } = await trainNow(world, project, ['--instance-type', 'g5.xlarge'], ['3']);
    return `${run.state} on it, ${endOf(ran)}`;
  },
};

const liveIds = async (world: World): Promise<string[]> =>
  (await world.admin.status()).instances
    .filter(({ state }) => state === 'running' || state === 'pending')
    .map(({ instanceId }) => instanceId);

/** Its id is never printed, so that it is taken from EC2 by hand; the command that waits for it is ended. */
async function spotInstanceByHand(world: World, project: Project): Promise<string> {
  const before = await liveIds(world);
  const create = world.rustCli(project, [...createArgs, '--no-fallback'], 10);
  let id: string | undefined;
  await world.until('its Spot instance runs', async () => {
    const { instances } = await world.admin.status();
    const found = instances.find(
      ({ instanceId, purchase, state }) =>
        purchase === 'spot' && state === 'running' && !before.includes(instanceId),
    );
    id = found?.instanceId;
    return id !== undefined;
  });
  await create;
  return id ?? '';
}

const interruption: Situation = {
  title: `interruption with ${limits.noticeSeconds} s of notice`,
  rustCli: async (world) => {
    const project = world.project('then-interruption', trainer);
    world.putCodeThere(project, trainer);
    const instanceId = await spotInstanceByHand(world, project);
    const seconds = limits.conditionSeconds + limits.noticeSeconds + limits.afterEndSeconds;
    const { ended } = await startThen(world, project, instanceId, 8, seconds);
    const asked = await world.onInstance(
      instanceId,
      'curl -s -o /dev/null -w "%{http_code}" http://169.254.169.254/latest/meta-data/spot/instance-action',
    );
    const others = await liveIds(world);
    await world.admin.interrupt(instanceId, limits.noticeSeconds);
    const noticedAt = Date.now();
    const toldAfter = await secondsUntilTold(world, project, noticedAt);
    const ran = await ended;
    const keys = (await world.checkpointKeys()).filter((key) => key.includes(project.name));
    const resumed = (await liveIds(world)).filter((id) => !others.includes(id));
    return interruptionText({ asked, toldAfter, ran, keys: keys.length, resumed: resumed.length });
  },
  ours: async (world) => {
    const project = world.project('now-interruption', trainer);
    const before = await startNow(world, project, ['--instance-type', 'g5.xlarge'], 8);
    await world.admin.interrupt(before.attempts.at(-1)?.instanceId ?? '', limits.noticeSeconds);
    const { ran, run } = await waitNow(world, project);
    const [first, second] = run.attempts;
    const lost = Math.max(0, (first?.toStep ?? 0) - (second?.fromStep ?? 0));
    return (
      `saved, moved and went on by itself: attempt 2 resumes after step ${second?.fromStep ?? '?'} on another instance, ` +
      `${lost} steps are lost; ${run.state}, ${endOf(ran)}`
    );
  },
};

/** When the script was asked to save; it says so itself. */
async function secondsUntilTold(
  world: World,
  project: Project,
  noticedAt: number,
): Promise<number | null> {
  const deadline = noticedAt + (limits.noticeSeconds + 10) * 1_000;
  while (Date.now() < deadline) {
    if (world.readRemote(project, 'training.log').includes('saved ')) {
      return Math.round((Date.now() - noticedAt) / 1_000);
    }
    await sleep(limits.pollMs);
  }
  return null;
}

function interruptionText(seen: {
  readonly asked: string;
  readonly toldAfter: number | null;
  readonly ran: Ran;
  readonly keys: number;
  readonly resumed: number;
}): string {
  const told =
    seen.toldAfter === null
      ? 'the script is never asked to save'
      : `the script is asked to save after ${seen.toldAfter} s, by the machine’s shutdown`;
  return (
    `its monitor starts only when the command that launches has returned, which is when the training is over ` +
    `(and what it asks is answered ${seen.asked}: it sends no token); ${told}; ` +
    `${seen.keys} checkpoints in the bucket, ${seen.resumed} instances to go on; ${endOf(seen.ran)}`
  );
}

export const capacity: readonly Situation[] = [spotInstance, interruption];
