import { readFileSync } from 'node:fs';
import path from 'node:path';
import { attemptEndMark, logLossBoundSeconds } from '../../client/output/log-marks';
import type { AttemptLine } from '../../client/runs/run-snapshot';

const ended = (outcome: AttemptLine['outcome']): AttemptLine => ({
  ...{ number: 1, instanceId: 'i-0abc', instanceType: null, zone: null, purchase: null },
  ...{ fromStep: null, toStep: null, costUsd: 0, onDemandCostUsd: 0, message: '' },
  ...{ reason: null, exitCode: null, signal: null },
  ...{ startedAt: '2026-01-31T12:00:00Z', endedAt: null, outcome },
});

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
