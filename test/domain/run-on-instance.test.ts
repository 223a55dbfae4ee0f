import { pickRun, type RunOnInstance } from '../../domain/run-on-instance';

const run = (runId: string, phase: string | null, minute: number): RunOnInstance => ({
  runId,
  isOpen: phase !== null,
  phase,
  startedAt: `2026-11-24T10:${String(minute).padStart(2, '0')}:00.000Z`,
});

const winner = run('winner', 'training', 1);
const latecomer = run('latecomer', 'preparing', 2);
const leaving = run('leaving', 'releasing', 3);
const old = run('old', null, 4);
const older = run('older', null, 0);

test.each<[string, RunOnInstance[], string | undefined]>([
  ['nothing was ever there', [], undefined],
  ['one trains and another has just asked', [latecomer, winner], 'winner'],
  ['one is leaving and another comes', [leaving, latecomer], 'latecomer'],
  ['one that is open is older than one that is over', [old, winner], 'winner'],
  ['an unknown phase is still an open run', [old, run('odd', 'dancing', 1)], 'odd'],
  ['all are over', [older, old], 'old'],
])('an instance stands for one run: %s', (_what, runs, expected) => {
  expect(pickRun(runs)?.runId).toBe(expected);
});
