import path from 'node:path';
import { writeScript } from '../../test/e2e/support/scripts';
import type { Stack, TrainOptions } from '../../test/e2e/support/stack';

/**
 * A trainer that goes on until its gate is there, then saves and is done; on SIGTERM it takes its time over the save.
 * So nothing ends before the storm has done what it came for, however slow the machine is.
 */
export function gatedScript(stack: Stack, saveSeconds: number): TrainOptions & { gate: string } {
  const gate = path.join(stack.folder, 'gate');
  const script = writeScript(stack, 'gated', ...lines);
  return { gate, script, scriptArgs: [gate, String(saveSeconds)] };
}

const lines = [
  'import os, pathlib, signal, sys, time',
  'gate, save_seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])',
  'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
  'resume = os.environ.get("RUNCTL_RESUME_FROM")',
  'step = int(pathlib.Path(resume).read_text()) if resume else 0',
  'asked = []',
  'signal.signal(signal.SIGTERM, lambda *_: asked.append(1))',
  'def save():',
  '    (folder / f".step-{step}").write_text(str(step))',
  '    os.rename(folder / f".step-{step}", folder / f"step-{step}")',
  'while not gate.exists():',
  '    step += 1',
  '    print(f"step {step}/100000", flush=True)',
  '    if step % 20 == 0:',
  '        save()',
  '    time.sleep(0.1)',
  '    if asked:',
  '        time.sleep(save_seconds)',
  '        break',
  'save()',
];
