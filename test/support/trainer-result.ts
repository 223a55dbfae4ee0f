import type { TrainerResult } from '../../domain/supervisor-report';

/** A trainer that exited with 0 by itself, with what differs. */
export const trainerResult = (result: Partial<TrainerResult> = {}): TrainerResult => ({
  exitCode: 0,
  signal: null,
  stopCause: 'own-accord',
  hasMarker: false,
  hasLogMatch: false,
  isOutOfMemory: false,
  quietSeconds: null,
  knownFailure: null,
  endedAt: '2026-11-24T10:00:00.000Z',
  lastLogLines: '',
  ...result,
});
