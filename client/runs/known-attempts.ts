import type { AttemptRecord } from '../../domain/outcome';

/**
 * The ended attempts, of what the parent has in its ledger and what the child has carried over. Asked at the same moment,
 * the child may be an attempt further: it tells the parent of an end just before it begins the next.
 */
export function knownAttempts(
  ofParent: readonly AttemptRecord[],
  ofChild: readonly AttemptRecord[],
): AttemptRecord[] {
  const numbers = new Set(ofParent.map(({ number }) => number));
  const others = ofChild.filter(({ number }) => !numbers.has(number));
  return [...ofParent, ...others].sort((one, other) => one.number - other.number);
}
