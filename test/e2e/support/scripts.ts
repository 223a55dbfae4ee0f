import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Stack, TrainOptions } from './stack';

/** Writes a training script into a folder of its own below the stack's. */
export function writeScript(stack: Stack, name: string, ...lines: string[]): string {
  const folder = path.join(stack.folder, 'scripts', name);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'train.py');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

/**
 * A trainer that goes on until SIGTERM, takes its time over the save, and is done soon after it was resumed: nothing in
 * it ends before the test has done what it came for, however slow the machine is.
 */
export const untilSigterm = (stack: Stack, saveSeconds = 0): TrainOptions => ({
  script: writeScript(stack, 'until-sigterm', ...untilSigtermLines),
  scriptArgs: [String(saveSeconds)],
});

const untilSigtermLines = [
  'import os, pathlib, signal, sys, time',
  'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
  'resume = os.environ.get("RUNCTL_RESUME_FROM")',
  'first = int(pathlib.Path(resume).read_text()) if resume else 0',
  'asked = []',
  'signal.signal(signal.SIGTERM, lambda *_: asked.append(1))',
  'for step in range(first + 1, first + (10 if resume else 10000)):',
  '    print(f"step {step}/10000", flush=True)',
  '    time.sleep(0.1)',
  '    if asked:',
  '        time.sleep(float(sys.argv[1]))',
  '        (folder / f".step-{step}").write_text(str(step))',
  '        os.rename(folder / f".step-{step}", folder / f"step-{step}")',
  '        break',
];
