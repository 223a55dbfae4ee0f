import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { RunSnapshot } from '../../client';
import type { LocalCloudStatus } from '../../client/local-cloud/admin-client';
import { tagKeys } from '../../domain/ids';

/** What was promised of a run and does not hold; empty when all is well. */
export function examineRun(
  run: RunSnapshot,
  { instances, spotRequests }: LocalCloudStatus,
  folder: string,
): string[] {
  const own = instances.filter(({ tags }) => tags[tagKeys.runId] === run.runId);
  const ids = new Set(own.map(({ instanceId }) => instanceId));
  return [
    ...own
      .filter(({ state, processCount }) => state !== 'terminated' || processCount > 0)
      .map(({ instanceId, state }) => `${instanceId} is ${state}`),
    ...spotRequests
      .filter(({ instanceId, state }) => ids.has(instanceId ?? '') && /open|active/.test(state))
      .map(({ requestId, state }) => `${requestId} is ${state}`),
    ...[...ids].flatMap((instanceId) => leftOnDisk(folder, instanceId)),
    ...compareWithCloud(run, own),
    ...findLostSteps(run),
  ];
}

/** A ledger that agrees with the cloud names the same instances in the same order, and the same money. */
function compareWithCloud(run: RunSnapshot, own: LocalCloudStatus['instances']): string[] {
  // A run whose parent was terminated has nobody who keeps its ledger.
  if (run.state === 'terminated') return [];
  const told = run.attempts.filter(({ instanceId }) => instanceId !== null);
  const line = (each: {
    instanceId: string | null;
    instanceType: string | null;
    zone: string | null;
    purchase: string | null;
  }): string => `${each.instanceId} ${each.instanceType} ${each.zone} ${each.purchase}`;
  const [ours, theirs] = [told.map(line).join(', '), own.map(line).join(', ')];
  const bill = own.reduce((sum, { costUsd }) => sum + costUsd, 0);
  // The bill begins when the instance runs, ours with its launch: seconds apart.
  const isPaid = Math.abs(run.costUsd - bill) <= bill * 0.01 + 0.002 * own.length;
  return [
    ...(ours === theirs ? [] : [`ledger: ${ours}; cloud: ${theirs}`]),
    ...(isPaid ? [] : [`ledger: $${run.costUsd}; bill: $${bill}`]),
    ...(new Set(run.attempts.map(({ number }) => number)).size === run.attempts.length
      ? []
      : ['an attempt is listed twice']),
  ];
}

/** Each attempt begins where the one before ended, unless that died before it could publish. */
function findLostSteps({ attempts, checkpoint }: RunSnapshot): string[] {
  return attempts.flatMap(({ number, fromStep, toStep }, at) => {
    const before = attempts[at - 1];
    const lost =
      before?.outcome === 'interrupted' &&
      before.toStep !== null &&
      fromStep !== null &&
      fromStep < before.toStep
        ? [`attempt ${number} began at ${fromStep}, the one before had saved ${before.toStep}`]
        : [];
    const isLast = at === attempts.length - 1;
    const isUnsaved = isLast && toStep !== null && toStep > (checkpoint?.step ?? 0) + savedEvery;
    return isUnsaved
      ? [...lost, `${toStep} steps, checkpoint ${checkpoint?.step ?? 'none'}`]
      : lost;
  });
}

/** The script of the storm saves so often, and each publication takes a moment. */
const savedEvery = 60;

function leftOnDisk(folder: string, instanceId: string): string[] {
  return filesBelow(path.join(folder, '.runctl', 'local-cloud'))
    .filter((file) => file.includes(instanceId))
    .filter((file) => /training\.pid$|training\/lock$/.test(file))
    .map((file) => `${file} is left`);
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    // A folder vanished while it was read.
    return [];
  }
}
