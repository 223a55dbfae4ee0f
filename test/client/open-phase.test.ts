import { openPhase } from '../../client/runs/open-phase';
import type { AttemptRecord } from '../../domain/outcome';

/** Only its presence counts. */
const attempts = [{} as AttemptRecord];

test.each([
  { parent: null, child: null, phase: 'placing', why: 'nobody answers' },
  { parent: { phase: 'training', attempts: [] }, child: null, phase: 'placing', why: 'it begins' },
  { parent: null, child: 'training', phase: 'training', why: 'the child trains' },
  {
    parent: { phase: 'training', attempts },
    child: 'preparing',
    phase: 'preparing',
    why: 'the next',
  },
  {
    parent: { phase: 'training', attempts },
    child: null,
    phase: 'releasing',
    why: 'no child left',
  },
  {
    parent: { phase: 'training', attempts },
    child: 'completed',
    phase: 'releasing',
    why: 'its end',
  },
  {
    parent: { phase: 'failed', attempts },
    child: null,
    phase: 'releasing',
    why: 'the last moment',
  },
] as const)('a run that is not over is $phase: $why', ({ parent, child, phase }) => {
  expect(openPhase(parent, child)).toBe(phase);
});
