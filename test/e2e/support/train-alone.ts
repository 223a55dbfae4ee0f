import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Trains examples/char-lm with these arguments, without runctl: sha256 of its final model. */
export function trainAlone(totalSteps: number, scriptArgs: readonly string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'runctl-alone-'));
  try {
    const script = path.resolve(__dirname, '../../../examples/char-lm/train.py');
    execFileSync('python3', [script, ...scriptArgs], { cwd: folder, stdio: 'ignore' });
    const name = `checkpoint-${String(totalSteps).padStart(6, '0')}`;
    const model = path.join(folder, 'checkpoints', name, 'model.json');
    return createHash('sha256').update(readFileSync(model)).digest('hex');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
