import { randomInt } from 'node:crypto';
import path from 'node:path';

// Without vowels no word can appear, and without 0, 1, l and o nothing can be misread.
const letters = '23456789bcdfghjkmnpqrstvwxz';
const suffixLength = 4;
const maxStemLength = 32;

/**
 * A run id that a person can read and nobody has yet: the script's folder or name, the time in UTC, four random
 * letters: `char-lm-20261124-093012-x7k2`.
 */
export function generateRunId(script: string, now: Date): string {
  return withStamp(stemOf(script), now);
}

/** A run id for a run that goes on from another: the same stem, a stamp of its own. */
export function generateNextRunId(runId: string, now: Date): string {
  return withStamp(runId.replace(/-\d{8}-\d{6}-[0-9a-z]{4}$/, '').slice(0, maxStemLength), now);
}

function withStamp(stem: string, now: Date): string {
  const stamp = now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const suffix = Array.from({ length: suffixLength }, () => letters[randomInt(letters.length)]);
  return `${stem}-${stamp}-${suffix.join('')}`;
}

/** `train.py` says little, so its folder names the run; any other script names it itself. */
function stemOf(script: string): string {
  const { name, dir } = path.parse(path.resolve(script));
  const isTelling = !['train', 'main', 'run', 'training'].includes(name.toLowerCase());
  const raw = isTelling ? name : path.basename(dir);
  const clean = raw.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return clean.slice(0, maxStemLength) || 'run';
}
