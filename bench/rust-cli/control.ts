import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from './limits';
import { trainer } from './scripts';
import {
  endOf,
  lastStep,
  leftText,
  quote,
  readyForRustCli,
  startNow,
  waitNow,
  type RunDocument,
  type Situation,
} from './situation';
import type { Ran } from './run-command';
import type { Project, World } from './world';

/** Trains with the Rust CLI in the background; resolves once the script has come to a step. */
export async function startThen(
  world: World,
  project: Project,
  instanceId: string,
  step: number,
  seconds: number,
): Promise<{ ended: Promise<Ran> }> {
  const args = ['aws', 'train', instanceId, 'src/train.py', '--wait', '--', '600'];
  const ended = world.rustCli(project, args, seconds);
  await world.until(
    `${project.name} comes to step ${step}`,
    () => lastStep(world.readRemote(project, 'training.log')) >= step,
  );
  return { ended };
}

/** How many trainers run, as the process table says. */
const countTrainers = (world: World, needle: string): number =>
  world
    .commandLines()
    .filter((line) => /^\S*python3? .*train\.py/.test(line) && line.includes(needle)).length;

const secondStart: Situation = {
  title: 'second start on an instance that trains',
  rustCli: async (world) => {
    const { project, instanceId } = await readyForRustCli(world, 'then-second', trainer);
    const first = await startThen(world, project, instanceId, 3, limits.conditionSeconds);
    const args = ['aws', 'train', instanceId, 'src/train.py', '--', '600'];
    const second = world.rustCli(project, args, limits.secondStartSeconds);
    await sleep(limits.secondStartSeconds * 900);
    const count = countTrainers(world, project.name);
    const refused = (await second).output.includes('already running');
    await world.admin.terminateAll();
    await first.ended;
    return `${refused ? 'refused' : 'not refused'}; ${count} trainers run in one folder`;
  },
  ours: async (world) => {
    const project = world.project('now-second', trainer);
    const instanceId = await world.ownInstance();
    const args = ['aws', 'train', instanceId, 'src/train.py'];
    await world.ours(project, [...args, '--name', 'now-second', '--', '60'], limits.commandSeconds);
    await world.until('the first trains', () => countTrainers(world, instanceId) === 1);
    const second = await world.ours(project, [...args, '--', '60'], limits.commandSeconds);
    const count = countTrainers(world, instanceId);
    await world.ours(project, ['aws', 'stop', 'now-second', '--force'], limits.commandSeconds);
    return `${quote(second, /Training already running.*/)} with the four ways on, ${endOf(second)}; ${count} trainer`;
  },
};

function stopping(title: string, name: string, force: readonly string[]): Situation {
  return {
    title,
    rustCli: async (world) => {
      const { project, instanceId } = await readyForRustCli(world, `then-${name}`, trainer);
      const { ended } = await startThen(world, project, instanceId, 8, limits.conditionSeconds);
      const args = ['aws', 'stop', instanceId, ...force];
      const stop = await world.rustCli(project, args, limits.commandSeconds);
      await world.until('it stopped', async () => {
        const state = (await world.instance(instanceId))?.state;
        return state === 'stopped' || state === 'terminated';
      });
      const saved = /saved (\d+)/.exec(world.readRemote(project, 'training.log'))?.[1];
      const keys = (await world.checkpointKeys()).filter((key) => key.includes(project.name));
      const state = (await world.instance(instanceId))?.state ?? 'gone';
      await world.admin.terminateAll();
      await ended;
      return (
        `${quote(stop, /^(Instance stop requested|Error).*/)}, ${endOf(stop)}: the instance goes, with it the training; ` +
        `${saved === undefined ? 'nothing is saved' : `the script saves step ${saved} to the instance’s disk`}, ` +
        `${keys.length} checkpoints in the bucket; the instance stays ${state}, and its disk is billed`
      );
    },
    ours: async (world) => {
      const project = world.project(`now-${name}`, trainer);
      const before = await startNow(world, project, ['--instance-type', 't3.medium'], 8);
      const stop = await world.ours(
        project,
        ['aws', 'stop', project.name, ...force],
        limits.commandSeconds,
      );
      const { run } = await waitNow(world, project);
      return `${endOf(stop)}; ${run.state}: ${lossOf(before, run)}; ${await leftText(world, project)}`;
    },
  };
}

/** What became of the steps that were done when the stop came. */
function lossOf(before: RunDocument, after: RunDocument): string {
  const saved = after.checkpoint?.step ?? 0;
  const last = after.attempts.at(-1)?.toStep ?? before.progress?.step ?? 0;
  return `step ${saved} is in the bucket, ${Math.max(0, last - saved)} steps are lost`;
}

export const control: readonly Situation[] = [
  secondStart,
  stopping('stop', 'stop', []),
  stopping('forced stop', 'force', ['--force']),
];
