import { execFileSync } from 'node:child_process';

let found: string | null = null;

/**
 * The interpreter that runs machines, by its own path: a `python3` on PATH may be a wrapper that changes the environment
 * of what it starts.
 *
 * @throws Error with advice when there is none, or it is older than 3.9.
 */
export function findPython(): string {
  if (found !== null) return found;
  const question = 'import sys; print(sys.executable if sys.version_info >= (3, 9) else "")';
  let answer: string;
  try {
    answer = execFileSync('python3', ['-E', '-s', '-c', question], { encoding: 'utf8' }).trim();
  } catch {
    answer = '';
  }
  if (answer === '') {
    throw new Error('Instances need python3, 3.9 or newer, on PATH. Install it, then try again.');
  }
  found = answer;
  return answer;
}
