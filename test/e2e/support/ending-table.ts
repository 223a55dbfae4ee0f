import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Ending, Scene } from './ending-play';
import { scriptOf } from './ending-scripts';
import type { InstanceInside } from './instance-inside';
import { memoryGroup } from './memory-group';

const completed = 'completed, exit 0: the script completed (exit code 0)';
const saidDone =
  'completed, exit SIGTERM: the script said that it was done but did not exit, and was ended (killed by SIGTERM)';
const gone = 'trainer-lost, exit not seen: trainer and supervisor are gone without a result';

/** Ends at once in its second attempt, and goes on for ever in its first. */
const firstForever = scriptOf('if attempt > 1: sys.exit(0)', 'seen(1)', 'forever()');

/** By marker: the file that the script writes when it is done. */
const byMarker: readonly Ending[] = [
  {
    name: 'marker, then exit 0',
    script: scriptOf('mark()'),
    attempts: [completed],
    run: 'completed',
  },
  {
    name: 'marker, and the trainer hangs on',
    script: scriptOf('mark()', 'forever()'),
    attempts: [saidDone],
    run: 'completed',
  },
  {
    name: 'marker, then exit 1',
    script: scriptOf('mark()', 'sys.exit(1)'),
    attempts: [
      'trainer-failed, exit 1: exit code 1; the script had written its completion marker before it failed',
    ],
    run: 'failed: trainer-failed',
  },
  {
    // Longer than a marker has to be stable; a trainer that were ended meanwhile would not exit with 0.
    name: 'marker that is still being written',
    script: scriptOf('for _ in range(50):', '    mark("x" * 1000)', '    time.sleep(0.1)'),
    attempts: [completed],
    run: 'completed',
  },
  {
    name: 'marker left by an earlier run',
    script: scriptOf('seen(1)', 'sys.exit(1)'),
    plant: (instance) => {
      plantFile(instance, 'training/code/training_complete.txt');
    },
    attempts: ['trainer-failed, exit 1: exit code 1'],
    run: 'failed: trainer-failed',
  },
  {
    name: 'marker shipped with the code',
    script: scriptOf('seen(1)', 'sys.exit(1)'),
    files: { 'training_complete.txt': 'old' },
    attempts: ['trainer-failed, exit 1: exit code 1'],
    run: 'failed: trainer-failed',
  },
];

/** By the end of the process. */
const byExit: readonly Ending[] = [
  {
    name: 'exit 0 without a marker',
    script: scriptOf('say("no marker")'),
    attempts: [completed],
    run: 'completed',
  },
  {
    name: 'exit 3',
    script: scriptOf('sys.exit(3)'),
    attempts: ['trainer-failed, exit 3: exit code 3'],
    run: 'failed: trainer-failed',
  },
  {
    name: 'killed by SIGKILL',
    script: scriptOf('os.kill(os.getpid(), signal.SIGKILL)'),
    attempts: ['trainer-failed, exit SIGKILL: killed by SIGKILL'],
    run: 'failed: trainer-failed',
  },
];

/** Where nobody saw how it ended, or the files speak of another process. */
const unseen: readonly Ending[] = [
  {
    name: 'trainer gone, supervisor gone, no result',
    script: firstForever,
    request: { maxAttemptsWithoutProgress: 0 },
    happens: async ({ instance }) => {
      await instance.step(1);
      instance.killSupervisor({ withTrainer: true });
    },
    attempts: [gone],
    run: 'failed: no-progress',
  },
  {
    name: 'supervisor killed -9 while the trainer lives',
    script: scriptOf(
      'open(os.path.join(root, "starts"), "a").write("%d" % attempt)',
      'seen(1)',
      'told("go")',
    ),
    happens: async ({ instance, afterwards }) => {
      const before = await instance.step(1);
      instance.killSupervisor({ withTrainer: false });
      await instance.reports(
        'another supervisor with the same trainer',
        ({ state, supervisor, trainer }) =>
          state === 'training' &&
          supervisor.pid !== before.supervisor.pid &&
          trainer?.pid === before.trainer?.pid,
      );
      plantFile(instance, 'go');
      afterwards(() => {
        expectSame('starts per attempt', readFileSync(instance.path('starts'), 'utf8'), '1');
      });
    },
    attempts: [completed],
    run: 'completed',
  },
  {
    name: 'instance rebooted in good order',
    script: firstForever,
    happens: async ({ stack, instance }) => {
      await instance.step(1);
      await stack.cloudAdmin.reboot(instance.instanceId);
    },
    // How far the supervisor comes before the machine is down is not ours to say.
    attempts: [/^trainer-lost, exit (SIGTERM|not seen): /, completed],
    run: 'completed',
  },
  {
    name: 'instance rebooted, and the pid is that of another process (boot id)',
    script: firstForever,
    happens: (scene) => pretend(scene, { isRebooted: true }),
    attempts: [gone, completed],
    run: 'completed',
  },
  {
    name: 'pid reused by another process (start time)',
    script: firstForever,
    happens: (scene) => pretend(scene, { isRebooted: false }),
    attempts: [gone, completed],
    run: 'completed',
  },
];

/** By a line of the log that matches the pattern of the user. */
const byLog: readonly Ending[] = [
  {
    name: 'log line that matches the pattern',
    script: scriptOf('say("== training finished: 0.3 ==")', 'forever()'),
    request: { logPattern: String.raw`training finished: \d` },
    attempts: [saidDone],
    run: 'completed',
  },
  {
    // Ended by the word, it would not exit with 0.
    name: 'log line INCOMPLETE with the pattern COMPLETE',
    script: scriptOf('say("INCOMPLETE")', 'seen(1)', 'time.sleep(1)'),
    request: { logPattern: 'COMPLETE' },
    attempts: [completed],
    run: 'completed',
  },
  {
    name: 'match only in an old log',
    script: scriptOf('seen(1)', 'time.sleep(1)'),
    plant: (instance) => {
      plantFile(instance, 'training/training.log', 'COMPLETE\n');
    },
    request: { logPattern: 'COMPLETE' },
    attempts: [completed],
    run: 'completed',
  },
];

/** When somebody asks for the end at the moment of success, or just before. */
const asked: readonly Ending[] = [
  {
    name: 'notice during the last step',
    on: 'spot',
    script: scriptOf(
      'at_sigterm(lambda: (say("step 9/9"), mark(), sys.exit(0)))',
      'seen(1)',
      'forever()',
    ),
    happens: interrupt,
    attempts: [completed],
    run: 'completed',
  },
  {
    name: 'notice, saved, and not done yet',
    on: 'spot',
    script: scriptOf('at_sigterm(lambda: sys.exit(0))', 'seen(1)', 'forever()'),
    request: { maxInterruptions: 0 },
    happens: interrupt,
    attempts: ['interrupted, exit 0: a Spot notice came, and the trainer ended'],
    run: 'failed: interruption-budget-spent',
  },
  {
    name: 'stop at the moment of success',
    script: scriptOf(
      'at_sigterm(lambda: (say("step 9/9"), mark(), sys.exit(0)))',
      'seen(1)',
      'forever()',
    ),
    happens: async ({ stack, runId, instance }) => {
      await instance.step(1);
      await stack.client.stop(runId);
    },
    attempts: [completed],
    run: 'completed',
  },
  {
    name: 'hang: no progress and no log',
    script: scriptOf('def stuck_here():', '    forever()', 'seen(1)', 'stuck_here()'),
    request: { hangTimeoutSeconds: 4 },
    attempts: ['trainer-failed, exit SIGTERM: hung: no progress and no log for 4 s'],
    run: 'failed: trainer-failed',
    log: /runctl: hung: no progress and no log for 4 s(.|\n)*thread .* python3(.|\n)*in stuck_here/,
  },
];

const notRetried = (reason: string, ...lines: readonly string[]): Ending => ({
  name: `not tried again: ${reason.split(':')[0] ?? ''}`,
  script: scriptOf(...lines),
  request: { maxErrors: 2, failurePatterns: [nanPattern] },
  attempts: [`trainer-failed, exit 1: ${reason} (exit code 1)`],
  run: 'failed: trainer-failed',
});

const nanPattern = { pattern: 'loss is NaN', reason: 'the loss is no number', isRetried: false };

/** What the end of the log explains is the reason. */
const byReason: readonly Ending[] = [
  {
    name: 'failures that may pass, until the error budget is spent',
    script: scriptOf(
      'fail(["", "RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB",',
      '    "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1970",',
      '    "OSError: [Errno 28] No space left on device"][attempt])',
    ),
    request: { maxErrors: 2 },
    attempts: ['CUDA out of memory', 'NCCL error', 'disk full'].map(
      (reason) => `trainer-failed, exit 1: ${reason} (exit code 1)`,
    ),
    run: 'failed: error-budget-spent',
  },
  notRetried("ModuleNotFoundError: No module named 'no_such'", 'import no_such'),
  notRetried('SyntaxError: invalid syntax', 'x = = 1'),
  notRetried(
    "FileNotFoundError: [Errno 2] No such file or directory: 'config.yaml'",
    "open('config.yaml')",
  ),
  notRetried('the loss is no number', 'fail("step 4: loss is NaN")'),
];

/** Killed by the kernel, in a control group that has too little memory; only where this machine lets us make one. */
function forMemory(): readonly Ending[] {
  const group = memoryGroup(64 * 1024 * 1024);
  if (!group.isPossible()) {
    process.stderr.write('\nSKIPPED for want of control groups of memory: killed for memory.\n');
    return [];
  }
  return [
    {
      name: 'killed for memory',
      script: scriptOf(
        'told("go")',
        'open(sys.argv[1], "w").write(str(os.getpid()))',
        'seen(1)',
        'hoard = []',
        'while True: hoard.append(b"x" * 2**20)',
      ),
      request: { scriptArgs: [group.processesFile] },
      happens: ({ instance, afterwards }) => {
        group.make();
        afterwards(group.remove);
        plantFile(instance, 'go');
        return Promise.resolve();
      },
      attempts: ['trainer-failed, exit SIGKILL: killed by SIGKILL (out of memory)'],
      run: 'failed: trainer-failed',
    },
  ];
}

/** Every way in which a training can end. */
export const endings = (): readonly Ending[] => [
  ...byMarker,
  ...byExit,
  ...forMemory(),
  ...unseen,
  ...byLog,
  ...asked,
  ...byReason,
];

function plantFile(instance: InstanceInside, name: string, text = 'planted'): void {
  const file = instance.path(name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function interrupt({ stack, instance }: Scene): Promise<void> {
  await instance.step(1);
  await stack.cloudAdmin.interrupt(instance.instanceId, 20);
}

/**
 * Kills trainer and supervisor while nobody looks, and lets the files name a process of another program: one that had
 * its number since another moment of this boot, or one of another boot. It must be neither taken for the trainer nor
 * signalled.
 */
async function pretend(
  { stack, instance, afterwards }: Scene,
  { isRebooted }: { readonly isRebooted: boolean },
): Promise<void> {
  const { supervisor, trainer } = await instance.step(1);
  const { instanceId } = instance;
  await stack.cloudAdmin.setSsmSilent(instanceId, true);
  const other = spawn('sleep', ['600'], { stdio: 'ignore', detached: true, env: {} });
  afterwards(() => {
    const isUntouched = other.exitCode === null && other.signalCode === null;
    other.kill('SIGKILL');
    expectSame('the other process lives', isUntouched, true);
  });
  const pid = other.pid ?? 0;
  const itsStartTime = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
  const startTime = isRebooted ? itsStartTime : trainer?.startTime;
  instance.killSupervisor({ withTrainer: true });
  instance.pretend({ pid, startTime: startTime ?? '', bootId: supervisor.bootId });
  if (isRebooted) await stack.cloudAdmin.reboot(instanceId);
  await stack.cloudAdmin.setSsmSilent(instanceId, false);
}

function expectSame<T>(what: string, found: T, wanted: T): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)}, not ${String(wanted)}`);
}
