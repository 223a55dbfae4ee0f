import { Context } from '@temporalio/activity';
import type { CapacityRequest } from '../domain/run-spec';
import type { LaunchInput, LaunchReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { launchForAttempt } from '../aws/launch';
import { readPrices } from '../aws/prices';
import { lookForAlerts } from './run-alerts';

/** @see ControlActivities.launchInstance */
export async function launchInstance(
  dependencies: ActivityDependencies,
  input: LaunchInput,
): Promise<LaunchReply> {
  const { cloud, guard } = dependencies;
  const { capacity, runId, attemptNumber } = input;
  if (capacity.kind === 'existing-instance') {
    return describeExisting({ cloud }, capacity.instanceId);
  }
  return guard.admit(cloud, { runId, attemptNumber }, async (otherCount) => {
    const reply = await launch(dependencies, input, capacity);
    if (reply.kind === 'launched') await tellOfCount(dependencies, otherCount + 1);
    return reply;
  });
}

async function launch(
  dependencies: ActivityDependencies,
  input: LaunchInput,
  capacity: CapacityRequest & { kind: 'launch' },
): Promise<LaunchReply> {
  const { cloud } = dependencies;
  const { runId, attemptNumber, purchase, avoidPools, metadataHopLimit, tab } = input;
  const { cancellationSignal, info } = Context.current();
  const { instanceTypes, zones, spotMaxPriceUsdPerHour } = capacity;
  const outcome = await launchForAttempt(
    cloud,
    {
      runId,
      attemptNumber,
      // A repeat of this activity asks again; a new one, after a shortage, asks anew.
      requestKey: `${info.workflowExecution?.runId ?? ''} ${info.activityId}`,
      instanceTypes,
      zones,
      purchase,
      spotMaxPriceUsdPerHour,
      avoidPools,
      metadataHopLimit,
      ageMs: Date.now() - info.scheduledTimestampMs,
    },
    cancellationSignal,
  );
  if (outcome.kind !== 'launched') return outcome;
  const { instance } = outcome;
  const prices = await readPrices(cloud.prices, instance, instance.purchase);
  const launched = { ...instance, ...prices, isOurs: true };
  const now = { ...launched, costUsd: 0 };
  const alerts = tab === undefined ? null : lookForAlerts(dependencies, tab, now);
  return { kind: 'launched', instance: launched, alerts };
}

/** The schedule that warns of the account looks at once, since so many instances are news now. */
async function tellOfCount(
  { alerts, lookAtAccount }: ActivityDependencies,
  count: number,
): Promise<void> {
  const { instanceCount } = alerts.thresholds;
  if (instanceCount === null || count < instanceCount) return;
  try {
    await lookAtAccount();
  } catch {
    // It looks every few minutes anyway; the launch has succeeded.
  }
}

/** An instance of the user's is only looked at. */
async function describeExisting(
  { cloud }: Pick<ActivityDependencies, 'cloud'>,
  instanceId: string,
): Promise<LaunchReply> {
  const view = await cloud.instances.read(instanceId);
  if (view === null) return { kind: 'not-usable', message: `There is no instance ${instanceId}.` };
  if (view.state !== 'running' && view.state !== 'pending') {
    return { kind: 'not-usable', message: `The instance ${instanceId} is ${view.state}.` };
  }
  const { instanceType, zone, purchase, launchedAt } = view;
  const listed = await cloud.prices.onDemand(instanceType);
  return {
    kind: 'launched',
    instance: {
      instanceId,
      instanceType,
      zone,
      purchase,
      launchedAt,
      isOurs: false,
      // It runs anyway: the run adds nothing to its bill.
      pricePerHourUsd: null,
      onDemandPricePerHourUsd: listed.pricePerHourUsd,
      priceSource: null,
      onDemandPriceSource: listed.source,
    },
  };
}
