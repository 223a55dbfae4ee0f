import type { Failure } from '../../domain/failure';
import { asFailure } from '../output/as-failure';

const passing: readonly Failure['code'][] = ['aws-unavailable', 'temporal-unreachable'];

/** The failure of a server that may answer again soon; null for everything that waiting cannot cure. */
export function outageOf(error: unknown): Failure | null {
  const failure = asFailure(error);
  return failure !== null && passing.includes(failure.code) ? failure : null;
}
