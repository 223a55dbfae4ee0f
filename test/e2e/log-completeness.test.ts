import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Stack } from './support/stack';

/** Every line of a script comes out of `monitor` once and in order, wherever and whenever it was written. */
const lineCount = 100_000;
const interruptionCount = 5;

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
}, 60_000);

afterAll(() => stack.close(), 60_000);

/**
 * Writes numbered lines: a burst, then slowly until the notice, then a burst during the notice, and saves how far it came.
 * The attempt behind the last interruption writes the rest.
 */
const trainer = [
  'import os, pathlib, signal, sys, time',
  `LINES, INTERRUPTIONS = ${lineCount}, ${interruptionCount}`,
  'resume = os.environ.get("RUNCTL_RESUME_FROM")',
  'done = int(pathlib.Path(resume).read_text()) if resume else 0',
  'attempt = int(os.environ["RUNCTL_ATTEMPT"])',
  'noticed = []',
  'signal.signal(signal.SIGTERM, lambda *_: noticed.append(1))',
  'def write(count):',
  '    global done',
  '    for number in range(done + 1, min(LINES, done + count) + 1):',
  '        print(f"line {number}")',
  '    done = min(LINES, done + count)',
  '    sys.stdout.flush()',
  'progress = open(os.environ["RUNCTL_PROGRESS_FILE"], "a")',
  'def report():',
  '    progress.write(\'{"step": %d, "totalSteps": %d}\\n\' % (done, LINES))',
  '    progress.flush()',
  'if attempt > INTERRUPTIONS:',
  '    write(LINES)',
  '    report()',
  '    sys.exit(0)',
  'write(8000)',
  'report()',
  'while not noticed:',
  '    write(7)',
  '    time.sleep(0.05)',
  'write(8000)',
  'report()',
  'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
  '(folder / ".saving").write_text(str(done))',
  'os.rename(folder / ".saving", folder / f"step-{done}")',
];

const linesOf = (stdout: string): string[] =>
  stdout.split('\n').filter((line) => line.startsWith('line '));

test('100,000 lines over 5 interruptions come once each and in order, live and afterwards', async () => {
  const folder = path.join(stack.folder, 'numbered');
  mkdirSync(folder, { recursive: true });
  const script = path.join(folder, 'train.py');
  writeFileSync(script, trainer.map((line) => `${line}\n`).join(''));
  const runId = await stack.train('numbered', { script, scriptArgs: [] });
  const live = stack.runctl(['aws', 'monitor', runId, '--follow']);
  for (let attempt = 1; attempt <= interruptionCount; attempt += 1) {
    const instanceId = await stack.training(runId, attempt, 1);
    await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '20']);
  }
  const followed = await live;
  expect(followed.exitCode).toBe(0);
  const run = await stack.ended(runId);
  expect(run.attempts.map(({ outcome }) => outcome)).toEqual([
    ...Array<string>(interruptionCount).fill('interrupted'),
    'completed',
  ]);
  const written = Array.from({ length: lineCount }, (_, index) => `line ${index + 1}`);
  const isExactly = (stdout: string): boolean => linesOf(stdout).join('\n') === written.join('\n');
  expect(isExactly(followed.stdout)).toBe(true);
  const afterwards = await stack.runctl(['aws', 'monitor', runId, '--lines', 'all']);
  expect(isExactly(afterwards.stdout)).toBe(true);

  const marks = followed.stderr.match(/^== attempt \d+ (on|ended).*$/gm) ?? [];
  expect(marks).toHaveLength(2 * (interruptionCount + 1));
  const one = await stack.runctl(['aws', 'monitor', runId, '--attempt', '6', '--lines', '2']);
  expect(linesOf(one.stdout)).toEqual([`line ${lineCount - 1}`, `line ${lineCount}`]);

  await checkpointsAreShownAndCleanedUp(runId);
  expect((await stack.runctl(['aws', 'wait', runId])).exitCode).toBe(0);
}, 240_000);

interface Checkpoints {
  readonly checkpoints: readonly { readonly step: number; readonly prefix: string }[];
}

async function checkpointsAreShownAndCleanedUp(runId: string): Promise<void> {
  const checkpoint = ['aws', 'checkpoint'];
  const list = (): Promise<Checkpoints> => stack.runctlJson([...checkpoint, 'list', runId]);
  const before = await list();
  expect(before.checkpoints.length).toBeGreaterThan(1);
  const info = await stack.runctlJson<{ step: number; files: readonly unknown[] }>([
    ...[...checkpoint, 'info', runId],
  ]);
  expect(info).toMatchObject({ step: before.checkpoints[0]?.step, files: [{}] });
  const cleanUp = [...checkpoint, 'cleanup', runId, '--keep-last', '1'];
  const older = before.checkpoints.slice(1).map(({ prefix }) => prefix);
  expect(await stack.runctlJson([...cleanUp, '--dry-run'])).toEqual({
    dryRun: true,
    deleted: older,
  });
  expect(await list()).toEqual(before);
  await stack.runctlJson(cleanUp);
  expect((await list()).checkpoints).toEqual(before.checkpoints.slice(0, 1));
}
