import { existsSync } from 'node:fs';
import { limits } from './limits';
import { failsAfterMarker, failsAtOnce, saysIncomplete, trainer } from './scripts';
import { endOf, leftText, quote, readyForRustCli, trainNow, type Situation } from './situation';
import type { World } from './world';

/** The way that the Rust CLI's README shows: create, then train. */
const firstTraining: Situation = {
  title: 'a first training, as its README shows',
  rustCli: async (world) => {
    const project = world.project('then-first', trainer);
    const created = await world.rustCli(
      project,
      ['aws', 'create', 't3.medium', '--iam-instance-profile', 'runctl-local-instance', '--wait'],
      limits.commandSeconds,
    );
    const id = /instance: (i-[0-9a-f]+)/.exec(created.output)?.[1] ?? '';
    const args = ['aws', 'train', id, 'src/train.py', '--wait', '--', '3'];
    const ran = await world.rustCli(project, args, limits.commandSeconds);
    const state = (await world.instance(id))?.state ?? 'gone';
    return `${quote(ran, /^Error.*/)}: it looks for the script before it sends the code; ${endOf(ran)}; the instance stays ${state}`;
  },
  ours: async (world) => {
    const project = world.project('now-first', trainer);
    const { ran, run } = await trainNow(world, project, ['--instance-type', 't3.medium'], ['3']);
    return `${run.state}, ${endOf(ran)}; ${await leftText(world, project)}`;
  },
};

/** A script that fails, and what each tool says of it. */
function failing(title: string, name: string, script: string, timeoutMinutes: number): Situation {
  return {
    title,
    rustCli: async (world) => {
      const { project, instanceId } = await readyForRustCli(world, `then-${name}`, script);
      const ran = await world.rustCli(
        project,
        ['aws', 'train', instanceId, 'src/train.py', '--wait', '--timeout', String(timeoutMinutes)],
        limits.waitSeconds,
      );
      const left = existsSync(world.homeOf(instanceId, 'training.pid'))
        ? '; training.pid stays'
        : '';
      return `${quote(ran, /^(Training completed|Error).*/)}, ${endOf(ran)}${left}`;
    },
    ours: async (world: World) => {
      const project = world.project(`now-${name}`, script);
      const { ran, run } = await trainNow(world, project, [
        ...['--instance-type', 't3.medium', '--max-errors', '0'],
      ]);
      return `${run.state}: “${run.attempts.at(-1)?.message ?? run.message}”, ${endOf(ran)}`;
    },
  };
}

export const endings: readonly Situation[] = [
  firstTraining,
  failing('end by marker: the script writes it, then exits 3', 'marker', failsAfterMarker, 2),
  failing('end by exit: the script exits 3 without a word', 'exit', failsAtOnce, 1),
  failing('end by log: “Dataset INCOMPLETE”, exit 1', 'log', saysIncomplete, 2),
];
