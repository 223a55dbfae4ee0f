import { exitCodes } from '../../domain/exit-codes';
import { CloudAccess } from '../cloud-access';
import { startedProcesses } from '../environment/up-file';
import type { Console } from '../output/console';
import { inPackage } from '../package-root';
import type { RunSnapshot } from '../runs/run-snapshot';
import { demoText, judgeDemo } from './demo-report';
import { createDemoWorld, type DemoWorld } from './demo-world';
import { findLeftovers } from './leftovers';
import { LiveView } from './live-view';
import { playDemo } from './play';
import { modelFile, sha256, trainUninterrupted } from './reference-run';

/** About half a minute of training on one core, slowed down so that there is time to watch. */
const scriptArgs = ['--steps', '500', '--checkpoint-every', '50', '--step-seconds', '0.05'];
/** The pace changes nothing in the model, so the comparison needs none. */
const unpacedArgs = scriptArgs.slice(0, -2);

/**
 * Trains `examples/char-lm` in a world of its own, takes two instances away, and proves that nothing was lost and nothing
 * is left. Returns the exit code: 0 only if all of that holds.
 */
export async function runDemo(options: {
  readonly environment: NodeJS.ProcessEnv;
  readonly keepsWorld: boolean;
  readonly console: Console;
}): Promise<number> {
  const { console } = options;
  const interrupt = new AbortController();
  const onSignal = (): void => {
    interrupt.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const world = await createDemoWorld(options.environment, (text) => {
    console.say(text);
  });
  let isKept = false;
  try {
    const code = await train(world, console, interrupt.signal);
    isKept = options.keepsWorld && !interrupt.signal.aborted;
    return code;
  } finally {
    if (isKept) await tellKept(world, console);
    else await world.destroy();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
  }
}

async function train(world: DemoWorld, console: Console, signal: AbortSignal): Promise<number> {
  // In parallel: it shares no file with the run but the script itself.
  const reference = trainUninterrupted(world.script, unpacedArgs, world.folder, signal);
  // Whoever reads the result hears of a failure; until then it must not end the process.
  reference.catch(() => undefined);
  const started = await world.client.train({
    script: world.script,
    scriptArgs,
    instanceTypes: ['g5.xlarge', 'g6.xlarge', 'g4dn.xlarge'],
  });
  console.say(`Run:             ${started.runId}`);
  console.say(`Web UI:          ${started.webUiUrl ?? 'where your Temporal server has it'}\n`);
  const end = signal.aborted ? null : await playDemo(world, started, new LiveView(), signal);
  if (end === null) {
    console.say('Interrupted; cleaning up.');
    return exitCodes.interrupted.value;
  }
  const report = judgeDemo(end, {
    finalModelSha256: await hashFinalModel(world, end),
    uninterruptedModelSha256: await reference,
    leftovers: await findLeftovers({
      admin: world.admin,
      folder: world.folder,
      ownPids: startedProcesses(world.running.upFile).map(({ pid }) => pid),
    }),
  });
  console.say('');
  console.data(report, demoText(report));
  return report.brokenPromises.length === 0 ? exitCodes.ok.value : exitCodes.failed.value;
}

/** Of the bytes in the bucket themselves, not of what a manifest says about them. */
async function hashFinalModel(
  world: DemoWorld,
  { checkpoint }: RunSnapshot,
): Promise<string | null> {
  if (checkpoint === null) return null;
  const access = new CloudAccess(world.client.environment);
  try {
    const model = await access.readText(`${checkpoint.prefix}${modelFile}`);
    return model === null ? null : sha256(model);
  } finally {
    await access.close();
  }
}

async function tellKept(world: DemoWorld, console: Console): Promise<void> {
  await world.client.close();
  for (const { process } of world.running.processes) process.release();
  console.say(
    [
      '',
      `Everything still runs in ${world.folder}. To look at it:`,
      `  cd ${world.folder}; alias runctl='node "${inPackage('dist/client/main.js')}"'`,
      '  runctl aws list; runctl local status; eval "$(runctl env)"',
      'To end it:',
      `  runctl down && cd - && rm -r ${world.folder}`,
    ].join('\n'),
  );
}
