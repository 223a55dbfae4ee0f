import type { Instant } from './instant';

interface Grace {
  readonly nowMs: number;
  readonly graceSeconds: number;
}

/** What of a run that is over may be nobody's any more. */
interface RunLeftover {
  readonly isRunOpen: boolean;
  /** Whether an instance of the run still lives, which may be writing. */
  readonly hasLiveInstance: boolean;
  readonly lastChangedAt: Instant;
}

/**
 * Whether an upload that never became a checkpoint is a leftover: its run is over, nothing of it lives, and nothing has
 * changed for the grace time.
 */
export const isLeftoverUpload = (upload: RunLeftover, at: Grace): boolean =>
  !upload.isRunOpen && !upload.hasLiveInstance && isOldEnough(upload.lastChangedAt, at);

/**
 * Whether a Spot request of ours that is still open could bring, or keep, an instance that nobody owns. One whose instance
 * lives is that instance's matter.
 */
export const isLeftoverRequest = (
  request: Omit<RunLeftover, 'hasLiveInstance'> & { readonly isInstanceLive: boolean },
  at: Grace,
): boolean =>
  !request.isRunOpen && !request.isInstanceLive && isOldEnough(request.lastChangedAt, at);

const isOldEnough = (instant: Instant, { nowMs, graceSeconds }: Grace): boolean =>
  nowMs - Date.parse(instant) >= graceSeconds * 1_000;
