import type { TrainingRunSpec } from '../../domain/run-spec';
import { validateRunSpec } from '../../domain/validate-run-spec';
import { smallSpec } from './small-spec';

/** The small spec with its defaults, and with what differs. */
export function checkedSpec(changes: object = {}): TrainingRunSpec {
  const checked = validateRunSpec({ ...smallSpec('r1'), ...changes });
  if (checked.kind === 'invalid') throw new Error(checked.problems.join('\n'));
  return checked.spec;
}
