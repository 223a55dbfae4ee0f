import { readFileSync } from 'node:fs';
import path from 'node:path';
import { attemptEndMark, logLossBoundSeconds } from '../../client/output/log-marks';
import type { AttemptLine } from '../../client/runs/run-snapshot';
import { attemptLine } from './support/attempt-line';

const ended = (outcome: AttemptLine['outcome']): AttemptLine => attemptLine({ outcome });

test('after a sudden death the log says where lines may be missing, and for how long', () => {
  expect(attemptEndMark(1, ended('instance-lost'))).toMatch(/last 5 seconds.*may be missing here/);
  expect(attemptEndMark(1, ended('interrupted'))).toBe('== attempt 1 ended: interrupted ==');
});

test('the log says how an attempt ended', () => {
  const failed = { ...ended('trainer-failed'), message: 'CUDA out of memory (exit code 1)' };
  expect(attemptEndMark(2, failed)).toBe(
    '== attempt 2 ended: trainer-failed: CUDA out of memory (exit code 1) ==',
  );
});

test("the bound that is told is the supervisor's own pace", () => {
  const file = path.join(__dirname, '../../supervisor/runctl_supervisor/limits.py');
  const pace = /^LOG_PUBLISH_SECONDS = ([\d.]+)$/m.exec(readFileSync(file, 'utf8'))?.[1];
  expect(Number(pace)).toBe(logLossBoundSeconds);
});
