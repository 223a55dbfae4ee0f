import { Failure } from '../domain/failure';
import type { CapacityPool } from '../domain/instance';
import { type ErrorClass, findErrorRow } from './error-table';

/** One reason why EC2 did not launch, for one pool or for the whole call. */
export interface LaunchError {
  readonly code: string;
  readonly message: string;
  readonly pool: CapacityPool | null;
}

/** What follows from the errors of one launch. */
export type LaunchJudgement =
  | {
      readonly kind: 'capacity-shortage';
      readonly isQuota: boolean;
      readonly pools: readonly CapacityPool[];
      readonly message: string;
    }
  | { readonly kind: 'burnt-token' }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** Something made a moment ago may be unknown for a while: IAM and EC2 are eventually consistent. */
const propagationMs = 60_000;

/** Codes that mean the request, not the capacity, once every pool gives them. */
const requestCodes = new Set(['Unsupported', 'UnsupportedOperation', 'InvalidFleetConfiguration']);

/**
 * Judges why a launch failed. What needs a person wins, since EC2 reports a missing iam:PassRole in the same place and
 * form as a lack of capacity; then quota, if nothing else was wrong; then capacity.
 *
 * @param ageMs  Since the launch was first tried: how long doubtful errors are repeated.
 */
export function judgeLaunchErrors(errors: readonly LaunchError[], ageMs: number): LaunchJudgement {
  const fatal = errors.find((error) => classOf(error, ageMs) === 'fail' || isUnknown(error, ageMs));
  if (fatal !== undefined) return { kind: 'failure', failure: refusal(fatal) };
  const credentials = errors.find((error) => classOf(error, ageMs) === 'credentials');
  if (credentials !== undefined) return { kind: 'failure', failure: refusal(credentials) };
  if (errors.some((error) => classOf(error, ageMs) === 'burnt-token')) {
    return { kind: 'burnt-token' };
  }
  const first = errors[0];
  if (first !== undefined && errors.every((error) => requestCodes.has(error.code))) {
    return { kind: 'failure', failure: new Failure('launch-refused', first.message, why(first)) };
  }
  const isQuota = errors.length > 0 && errors.every((error) => classOf(error, ageMs) === 'quota');
  const shortages = errors.filter((error) =>
    ['quota', 'elsewhere'].includes(classOf(error, ageMs) ?? ''),
  );
  if (shortages.length > 0) return shortage(shortages, isQuota);
  return { kind: 'failure', failure: unavailable(first) };
}

function classOf(error: LaunchError, ageMs: number): ErrorClass | null {
  if (ageMs < propagationMs && isPropagating(error)) return 'retry';
  return findErrorRow(error.code)?.class ?? null;
}

const isPropagating = (error: LaunchError): boolean =>
  /^InvalidLaunchTemplate.*NotFound/.test(error.code) ||
  (error.code === 'InvalidParameterValue' && /IAM Instance Profile/i.test(error.message));

const isUnknown = (error: LaunchError, ageMs: number): boolean =>
  findErrorRow(error.code) === null && ageMs >= propagationMs;

function refusal(error: LaunchError): Failure {
  return new Failure(
    findErrorRow(error.code)?.failure ?? 'launch-refused',
    error.message === '' ? `EC2 refused the launch: ${error.code}` : error.message,
    why(error),
  );
}

const unavailable = (error: LaunchError | undefined): Failure =>
  new Failure(
    'aws-unavailable',
    error === undefined ? 'EC2 launched nothing and gave no reason.' : error.message,
    error === undefined ? {} : why(error),
  );

const why = (error: LaunchError): { why: string } => ({
  why: `EC2 answered ${error.code} to the launch${error.pool === null ? '' : ` in ${name(error.pool)}`}.`,
});

function shortage(errors: readonly LaunchError[], isQuota: boolean): LaunchJudgement {
  const pools = errors.map((error) => error.pool).filter((pool) => pool !== null);
  const codes = [...new Set(errors.map((error) => error.code))].join(', ');
  const where = [...new Set(pools.map(name))].join(', ');
  return {
    kind: 'capacity-shortage',
    isQuota,
    pools,
    message: `EC2 answered ${codes}${where === '' ? '' : ` for ${where}`}: ${errors[0]?.message ?? ''}`,
  };
}

const name = (pool: CapacityPool): string => `${pool.instanceType} in ${pool.zone}`;
