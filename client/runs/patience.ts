import type { Failure } from '../../domain/failure';
import { limits } from '../limits';
import { outageOf } from './outage';

/** Outlives a server or a bucket that does not answer for a while, for whoever looks again and again. */
export class Patience {
  private outageBeganAt: number | null = null;

  constructor(private readonly onOutage: ((failure: Failure) => void) | undefined) {}

  /**
   * What the look returns; null when a server is away, which is told once per outage.
   *
   * @throws The look's own error, when waiting cannot cure it or has lasted for `followOutageSeconds`.
   */
  async unlessAway<Seen>(look: () => Promise<Seen>): Promise<Seen | null> {
    try {
      const seen = await look();
      this.outageBeganAt = null;
      return seen;
    } catch (error) {
      const outage = outageOf(error);
      if (outage === null) throw error;
      if (this.outageBeganAt === null) this.onOutage?.(outage);
      this.outageBeganAt ??= Date.now();
      if (Date.now() - this.outageBeganAt > limits.followOutageSeconds * 1_000) throw error;
      return null;
    }
  }
}
