import type { Cloud } from '../aws/connect-cloud';
import type { InstanceView } from '../aws/instance-view';
import { releaseLimits } from '../aws/limits';
import { pricesAt, readHistory, type Prices } from '../aws/prices';
import type { EndedInstance } from '../aws/terminate';
import { billFor, instanceHourAt } from '../domain/bill';
import { tagKeys } from '../domain/ids';
import type { LaunchedInstance } from '../domain/instance';
import type { Instant } from '../domain/instant';
import { attemptNumberOf } from '../domain/orphans';
import type { ReleasedInstance } from './contract';

/** What the attempt knows of its own instance. */
export interface KnownInstance {
  readonly instance: LaunchedInstance;
  readonly runningAt: Instant | null;
}

/** The bill of each instance that has ended. */
export function billAll(
  cloud: Cloud,
  ended: readonly EndedInstance[],
  known: KnownInstance | null,
): Promise<ReleasedInstance[]> {
  return Promise.all(
    ended.map((one) => {
      const isKnown = one.view.instanceId === known?.instance.instanceId;
      return billEnded(cloud, one, isKnown ? known : null);
    }),
  );
}

async function billEnded(
  cloud: Cloud,
  { view, wasPending }: EndedInstance,
  known: KnownInstance | null,
): Promise<ReleasedInstance> {
  const runningAt = wasPending ? null : (known?.runningAt ?? runningAtOf(view));
  // EC2 gives the moment for a while; then this is the moment that we saw it.
  const endedAt = view.stateChangedAt ?? new Date().toISOString();
  const fromMs = Date.parse(runningAt ?? view.launchedAt);
  const lastHourMs = instanceHourAt(new Date(fromMs).toISOString(), Date.parse(endedAt));
  const { changes, onDemand } = await readHistory(
    cloud.prices,
    view,
    view.purchase,
    fromMs,
    lastHourMs,
  );
  const atLaunch = known?.instance.pricePerHourUsd ?? null;
  const spotPrices =
    changes.length > 0 || atLaunch === null || view.purchase === 'on-demand'
      ? changes
      : [{ at: view.launchedAt, pricePerHourUsd: atLaunch }];
  const bill = billFor({
    purchase: view.purchase,
    runningAt,
    endedAt,
    isTakenByEc2: isTakenByEc2(view),
    spotPrices,
    onDemandPricePerHourUsd: onDemand.pricePerHourUsd,
  });
  const prices = pricesAt(spotPrices, onDemand, fromMs);
  return {
    attemptNumber: attemptNumberOf(view),
    instance: known?.instance ?? describe(view, prices),
    ...bill,
    priceSource: prices.priceSource,
    onDemandPriceSource: prices.onDemandPriceSource,
  };
}

function describe(view: InstanceView, prices: Prices): LaunchedInstance {
  const { instanceId, instanceType, zone, purchase, launchedAt } = view;
  return { instanceId, instanceType, zone, purchase, launchedAt, isOurs: true, ...prices };
}

/** The launch counts, some seconds earlier, where nobody saw it running; null for one that failed on the way there. */
function runningAtOf({ stateReason, launchedAt }: InstanceView): Instant | null {
  return launchFailures.includes(stateReason.code) ? null : launchedAt;
}

/** Ends of a pending instance. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
const launchFailures: readonly string[] = [
  'Client.InternalError',
  'Client.InvalidSnapshot.NotFound',
  'Client.VolumeLimitExceeded',
  'Server.InsufficientInstanceCapacity',
];

/** Terminated, or stopped, by EC2 to have its capacity back. */
const isTakenByEc2 = ({ stateReason }: InstanceView): boolean =>
  stateReason.code.startsWith('Server.Spot');

/**
 * An instance that EC2 has forgotten: it ended so long ago that nobody can say when. It is billed until EC2 would still
 * have shown it, which is never too cheap.
 */
export function forgotten({ instance }: KnownInstance, attemptNumber: number): EndedInstance {
  const latestEndMs = Date.now() - releaseLimits.rememberedMs;
  const { instanceId, instanceType, zone, purchase, launchedAt } = instance;
  return {
    wasPending: false,
    view: {
      ...{ instanceId, instanceType, zone, purchase, launchedAt },
      state: 'terminated',
      stateReason: { code: '', message: '' },
      stateChangedAt: new Date(Math.max(latestEndMs, Date.parse(launchedAt))).toISOString(),
      spotRequestId: null,
      tags: { [tagKeys.attempt]: String(attemptNumber) },
    },
  };
}
