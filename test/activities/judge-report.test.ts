import { judgeReport } from '../../activities/watch-training';
import { detailsOf, silenceLine, statusLine } from '../../activities/watch-details';
import type { SupervisorReport } from '../../domain/supervisor-report';
import { trainerResult } from '../support/trainer-result';

const input = { runId: 'r1', attemptNumber: 2, instanceId: 'i-1' };
const nothing = { firstStep: null, lastStep: null };
const at = '2026-11-24T10:00:00.000Z';
const report: SupervisorReport = {
  version: 1,
  runId: 'r1',
  attemptNumber: 2,
  state: 'training',
  supervisor: { pid: 10, startTime: '1', bootId: 'b' },
  trainer: { pid: 11, startTime: '2', bootId: 'b' },
  progress: { step: 1200, totalSteps: 5000, loss: 2.3149, stepsPerSecond: 4, at },
  losses: [[1001, 4]],
  firstStep: 1001,
  checkpoint: { step: 1150, attemptNumber: 2, prefix: 'p/', publishedAt: at },
  notice: null,
  leaseExpiresAt: at,
  result: null,
  preparationFailure: null,
  warnings: [],
};
const result = trainerResult({ hasMarker: true, endedAt: at, lastLogLines: 'done' });

describe('what a report means', () => {
  test.each(['preparing', 'training', 'saving'] as const)('%s goes on', (state) => {
    expect(judgeReport({ ...report, state }, input, nothing)).toBeNull();
  });

  test('an end with a result is the verdict of the process that waited for it', () => {
    expect(judgeReport({ ...report, state: 'ended', result }, input, nothing)).toEqual({
      kind: 'trainer-ended',
      result,
      checkpoint: report.checkpoint,
      notice: null,
      firstStep: 1001,
      lastStep: 1200,
      trace: { totalSteps: 5000, stepsPerSecond: 4, losses: report.losses },
    });
  });

  test('a failed preparation says why', () => {
    const preparationFailure = { code: 'bad-archive', message: 'sha256 differs' };
    expect(judgeReport({ ...report, state: 'ended', preparationFailure }, input, nothing)).toEqual({
      kind: 'preparation-failed',
      ...preparationFailure,
    });
  });

  test('an end without a result, and processes that are gone, are lost, never completed', () => {
    for (const state of ['ended', 'gone'] as const) {
      expect(judgeReport({ ...report, state }, input, nothing)).toMatchObject({
        kind: 'trainer-lost',
        lastStep: 1200,
      });
    }
  });

  test('the result of another attempt or run is not ours', () => {
    const ended = { ...report, state: 'ended', result } as const;
    for (const other of [{ attemptNumber: 1 }, { runId: 'r2' }]) {
      expect(
        judgeReport({ ...ended, ...other }, input, { firstStep: 5, lastStep: 9 }),
      ).toMatchObject({ kind: 'trainer-lost', firstStep: 5, lastStep: 9 });
    }
  });

  test('a script that starts from zero ends a strict run, and is a warning otherwise', () => {
    const ignoring = { ...report, firstStep: 1 };
    const strict = { ...input, resumeStep: 1000, strictResume: true };
    expect(judgeReport(ignoring, strict, nothing)).toEqual({
      kind: 'resume-ignored',
      firstStep: 1,
      expectedStep: 1000,
    });
    const lenient = { ...strict, strictResume: false };
    expect(judgeReport(ignoring, lenient, nothing)).toBeNull();
    expect(detailsOf(ignoring, lenient).warnings.join()).toContain('RUNCTL_RESUME_FROM');
    expect(judgeReport({ ...report, firstStep: 1000 }, strict, nothing)).toBeNull();
    expect(detailsOf(report, strict).warnings).toEqual([]);
  });
});

test('a person reads step, loss and checkpoint on the pending activity', () => {
  expect(statusLine(report)).toBe('step 1200/5000, loss 2.31, checkpoint 1150');
  expect(
    statusLine({
      ...report,
      losses: [
        [1001, 4],
        [1100, 3],
        [1200, 2.31],
      ],
    }),
  ).toBe('step 1200/5000, loss 2.31 █▄▁, checkpoint 1150');
  expect(statusLine({ ...report, progress: null, checkpoint: null })).toBe(
    'training, no step reported yet',
  );
  expect(statusLine({ ...report, state: 'saving', checkpoint: null })).toBe(
    'saving, step 1200/5000, loss 2.31',
  );
});

test('silence says since when, and that the instance runs', () => {
  const before = { ...detailsOf(report, input), at };
  expect(silenceLine(before, 'no answer')).toBe(
    `SSM silent since ${at} (no answer), while EC2 says that the instance runs; last seen at step 1200`,
  );
  expect(silenceLine(null, 'no answer')).toContain('since the start');
});
