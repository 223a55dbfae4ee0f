import { Context } from '@temporalio/activity';
import type { LaunchInput, LaunchReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { launchForAttempt } from '../aws/launch';
import { onDemandPrice, readPrices } from '../aws/prices';

/** @see ControlActivities.launchInstance */
export async function launchInstance(
  { cloud }: ActivityDependencies,
  input: LaunchInput,
): Promise<LaunchReply> {
  const { capacity, runId, attemptNumber, purchase, avoidPools, metadataHopLimit } = input;
  if (capacity.kind === 'existing-instance') {
    return describeExisting({ cloud }, capacity.instanceId);
  }
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
  const prices = await readPrices(cloud.clients, instance, instance.purchase);
  return { kind: 'launched', instance: { ...instance, ...prices, isOurs: true } };
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
      onDemandPricePerHourUsd: onDemandPrice(instanceType),
    },
  };
}
