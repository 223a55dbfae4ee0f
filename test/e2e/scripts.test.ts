import { writeScript } from './support/scripts';
import { Stack } from './support/stack';

/** Scripts as people have them: broken, stubborn, or half-way through a save when the notice comes. */
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
}, 60_000);

afterAll(() => stack.close(), 60_000);

const write = (name: string, ...lines: string[]): string => writeScript(stack, name, ...lines);

test.concurrent('a script that is not there is refused before anything is launched', async () => {
  const ran = await stack.runctl(['aws', 'train', 'no-such.py', '--instance-type', 'g5.xlarge']);
  expect(ran.exitCode).toBe(2);
  expect(ran.stderr).toMatch(/script-unusable/);
  expect(ran.stderr).toMatch(/no-such\.py/);
  expect(ran.stdout).toBe('');
});

test.concurrent('an empty script is refused before anything is launched', async () => {
  const ran = await stack.runctl(['aws', 'train', write('empty'), '--instance-type', 'g5.xlarge']);
  expect(ran.exitCode).toBe(2);
  expect(ran.stderr).toMatch(/empty/);
});

test.concurrent(
  'an instance type that EC2 does not know fails the run with its name',
  async () => {
    const script = write('type', 'print("never")');
    const ran = await stack.runctl([
      'aws',
      'train',
      script,
      '--instance-type',
      'g5.xlrage',
      '--wait',
    ]);
    expect(ran.exitCode).not.toBe(0);
    expect(ran.stdout).toMatch(/unknown-instance-type/);
    expect(ran.stdout).toMatch(/g5\.xlrage/);
  },
  60_000,
);

test.concurrent(
  'a script that exits at once with 1 fails the run, with its last words and exit code 1',
  async () => {
    const script = write('exit-1', 'raise SystemExit("the data is missing")');
    const ran = await stack.runctl([
      ...['aws', 'train', script, '--instance-type', 'g5.xlarge', '--max-errors', '0'],
      ...['--name', 'exits', '--wait'],
    ]);
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toMatch(/the data is missing/);
    expect(ran.stdout).toMatch(/exit code 1/);
    expect(await stack.launchedInstances('exits')).toHaveLength(1);
    expect(await stack.liveInstances('exits')).toEqual([]);
  },
  90_000,
);

test.concurrent(
  'a script that ignores SIGTERM is ended in time, and the run goes on elsewhere',
  async () => {
    const script = write(
      'stubborn',
      'import os, signal, time',
      'signal.signal(signal.SIGTERM, signal.SIG_IGN)',
      'first = "RUNCTL_RESUME_FROM" not in os.environ and os.environ["RUNCTL_ATTEMPT"] == "1"',
      'for step in range(1, 2000 if first else 20):',
      '    print(f"step {step}/2000", flush=True)',
      '    time.sleep(0.05)',
    );
    const runId = await stack.train('stubborn', { script, scriptArgs: [] });
    const instanceId = await stack.training(runId, 1, 5);
    await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '15']);
    const run = await stack.ended(runId);
    expect(run.state).toBe('completed');
    expect(run.attempts.map(({ outcome }) => outcome)).toEqual(['interrupted', 'completed']);
  },
  120_000,
);

test.concurrent(
  'a checkpoint that is half on disk when the notice comes is never resumed from',
  async () => {
    const script = write(
      'half',
      'import os, pathlib, signal, time',
      'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
      'resume = os.environ.get("RUNCTL_RESUME_FROM")',
      'if resume:',
      '    print("resumed from", pathlib.Path(resume).name, pathlib.Path(resume).read_text(), flush=True)',
      '    raise SystemExit(0)',
      '(folder / ".step-10.part").write_text("whole")',
      'os.rename(folder / ".step-10.part", folder / "step-10.ckpt")',
      'def half(*_):',
      '    (folder / "step-20.ckpt.tmp").write_text("ha")',
      '    time.sleep(60)',
      'signal.signal(signal.SIGTERM, half)',
      'for step in range(11, 2000):',
      '    print(f"step {step}/2000", flush=True)',
      '    time.sleep(0.05)',
    );
    const runId = await stack.train('half', { script, scriptArgs: [] });
    const instanceId = await stack.training(runId, 1, 12);
    await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '15']);
    const run = await stack.ended(runId);
    expect(run.state).toBe('completed');
    expect(run.attempts[1]?.fromStep).toBe(10);
    const log = await stack.runctl(['aws', 'monitor', runId, '--lines', '5']);
    expect(log.stdout).toContain('resumed from step-10.ckpt whole');
  },
  120_000,
);

test.concurrent(
  'no capacity anywhere: the run waits and says so, and goes on when there is some',
  async () => {
    await stack.runctl(['local', 'fault', 'capacity-shortage', '--instance-type', 'm5.large']);
    const script = write('capacity', 'print("step 1/1", flush=True)');
    const { runId } = await stack.runctlJson<{ runId: string }>([
      ...['aws', 'train', script, '--name', 'waits', '--instance-type', 'm5.large'],
    ]);
    await stack.reaches(
      runId,
      'waiting for capacity',
      ({ state }) => state === 'waiting-for-capacity',
    );
    await stack.runctl(['local', 'fault', 'clear']);
    expect((await stack.ended(runId)).state).toBe('completed');
  },
  180_000,
);
