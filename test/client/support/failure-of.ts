import { Failure } from '../../../domain/failure';

/** The failure that a function throws. */
export function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}
