import type { Phase, RunStatus } from '../../workflows/messages';

/** A run is over when its parent says so, not when its last attempt is. */
const finalPhases: readonly Phase[] = ['completed', 'failed', 'stopped', 'cancelled'];

/**
 * The phase of a run that is not over, as its parent and its child say it; null for one that does not answer.
 *
 * The child knows it until it has ended; then the parent makes sure that nothing is left. While its child is not there
 * the parent says "training", although nothing trains: the first attempt is about to begin, or the last has ended.
 */
export function openPhase(
  parent: Pick<RunStatus, 'phase' | 'attempts'> | null,
  child: Phase | null,
): Phase {
  const phase = child ?? parent?.phase ?? 'placing';
  if (finalPhases.includes(phase)) return 'releasing';
  if (child !== null || phase !== 'training') return phase;
  return parent?.attempts.length === 0 ? 'placing' : 'releasing';
}
