import type { Instant } from '../domain/instant';
import { releaseLimits } from './limits';

/** What one instance's turn cost. */
export interface Bill {
  readonly billedSeconds: number;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
}

/**
 * EC2's rule: per second from running to shutting-down, one minute at least. EC2 does not tell when an instance became
 * running, so its launch counts, some seconds earlier.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
 */
export function billFor(turn: {
  readonly launchedAt: Instant;
  readonly endedAt: Instant;
  readonly pricePerHourUsd: number | null;
  readonly onDemandPricePerHourUsd: number | null;
}): Bill {
  const seconds = Math.ceil((Date.parse(turn.endedAt) - Date.parse(turn.launchedAt)) / 1_000);
  const billedSeconds = Math.max(seconds, releaseLimits.minBilledSeconds);
  const cost = (pricePerHourUsd: number | null): number =>
    ((pricePerHourUsd ?? 0) * billedSeconds) / 3_600;
  return {
    billedSeconds,
    costUsd: cost(turn.pricePerHourUsd ?? turn.onDemandPricePerHourUsd),
    onDemandCostUsd: cost(turn.onDemandPricePerHourUsd ?? turn.pricePerHourUsd),
  };
}
