import type { AttemptLine } from '../runs/run-snapshot';

/** What a sudden death can take with it; the supervisor's pace of publishing and one upload. */
export const logLossBoundSeconds = 5;

/** `== attempt 2 on i-0abc, from step 120 ==` */
export function attemptBeginMark(number: number, attempt: AttemptLine | undefined): string {
  const where = attempt?.instanceId == null ? '' : ` on ${attempt.instanceId}`;
  const from = attempt?.fromStep == null ? '' : `, from step ${attempt.fromStep}`;
  return `== attempt ${number}${where}${from} ==`;
}

/** `== attempt 1 ended: trainer-failed: exit code 3 ==`; says where lines may be missing, and how many seconds of them. */
export function attemptEndMark(number: number, attempt: AttemptLine | undefined): string {
  const outcome = attempt?.outcome ?? 'no outcome known';
  const isSudden = outcome === 'instance-lost' || outcome === 'trainer-lost';
  const loss = isSudden
    ? `; what the script wrote in the last ${logLossBoundSeconds} seconds, and what was being uploaded, may be missing here`
    : '';
  const message = attempt === undefined || attempt.message === '' ? '' : `: ${attempt.message}`;
  return `== attempt ${number} ended: ${outcome}${message}${loss} ==`;
}
