import { formatDuration, formatUsd } from '../../domain/format';
import type { HeldInstance } from '../resources/held-instances';
import { type HeldStorage, storageUsdPerMonth } from '../resources/held-storage';
import { type CleanupPlan, countOf } from '../resources/plan-cleanup';
import type { RunStates } from '../resources/run-states';
import type { ResourceSummary } from '../resources/summarise';
import { formatBytes } from './format';
import { formatTable } from './table';

/** Runs listed by what they keep in the bucket; the smaller ones are added up. */
const listedRuns = 20;

/** What is held now: instances, and what lies in the bucket. */
export function resourcesText(
  instances: readonly HeldInstance[],
  storage: HeldStorage,
  runStates: RunStates,
): string {
  return [
    instances.length === 0 ? 'No instances.' : instanceTable(instances),
    '',
    ...storageLines(storage, runStates),
  ].join('\n');
}

function instanceTable(instances: readonly HeldInstance[]): string {
  const header = ['INSTANCE', 'OWNER', 'RUN', '#', 'RUN IS', 'STATE', 'TYPE', 'ZONE', 'PURCHASE'];
  const rows = instances.map((each) => [
    each.instanceId,
    each.ownership,
    each.runId ?? '-',
    each.attemptNumber === null ? '-' : String(each.attemptNumber),
    each.runState ?? '-',
    each.state,
    each.instanceType,
    each.zone,
    each.purchase,
    formatDuration(each.ageSeconds),
    each.pricePerHourUsd === null ? '?' : formatUsd(each.pricePerHourUsd),
    formatUsd(each.costUsd),
  ]);
  return formatTable([...header, 'AGE', '$/HOUR', 'SO FAR'], rows);
}

function storageLines({ bucket, code, runs }: HeldStorage, runStates: RunStates): string[] {
  const bytes = runs.reduce((sum, { checkpointBytes }) => sum + checkpointBytes, code.sizeBytes);
  const shown = runs.slice(0, listedRuns);
  const rows = shown.map(({ runId, checkpointBytes }) => [
    runId,
    runStates.get(runId) ?? '-',
    formatBytes(checkpointBytes),
  ]);
  return [
    `Bucket ${bucket}: ${formatBytes(bytes)} of checkpoints and code, ${formatUsd(storageUsdPerMonth(bytes))} a month`,
    `  code: ${formatBytes(code.sizeBytes)} in ${code.objectCount} archives`,
    ...(rows.length === 0 ? [] : ['', formatTable(['RUN', 'RUN IS', 'CHECKPOINTS'], rows)]),
    ...(runs.length > shown.length ? [`and ${runs.length - shown.length} runs with less.`] : []),
  ];
}

/** The numbers of `resources summary`. */
export function summaryText(summary: ResourceSummary): string {
  const { storage } = summary;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  const unpriced =
    summary.unpricedCount === 0 ? '' : `, without ${summary.unpricedCount} of unknown price`;
  return [
    `Instances   ${[String(summary.instanceCount), counts(summary.byState), counts(summary.byPurchase)].filter((text) => text !== '').join(': ')}`,
    ...(summary.orphanCount === 0
      ? []
      : [
          `            ${summary.orphanCount} that nobody owns: runctl resources cleanup --dry-run`,
        ]),
    `Now         ${formatUsd(summary.usdPerHour)} an hour, ${formatUsd(summary.usdPerDay)} a day if it goes on${unpriced}`,
    `So far      ${formatUsd(summary.costSoFarUsd)} for the instances that live now`,
    `Storage     ${formatBytes(storage.totalBytes)} in ${storage.objectCount} objects, ${formatUsd(storage.usdPerMonth)} a month`,
    `            checkpoints ${formatBytes(storage.checkpointBytes)}, logs ${formatBytes(storage.logBytes)}, code ${formatBytes(storage.codeBytes)}, other ${formatBytes(storage.otherBytes)}`,
  ].join('\n');
}

/** What a cleanup takes, or would take, away: one line each. */
export function cleanupText(plan: CleanupPlan, verb: 'Would take away' | 'Took away'): string {
  const lines = [
    ...plan.instances.map(
      (each) =>
        `  instance     ${each.instanceId}  ${each.instanceType} of run ${each.runId ?? ''} #${each.attemptNumber ?? ''} (${each.runState ?? ''}), ${formatDuration(each.ageSeconds)} old: ${each.why}`,
    ),
    ...plan.spotRequests.map(
      ({ requestId, runId, state }) => `  Spot request ${requestId}  ${state}, of run ${runId}`,
    ),
    ...plan.unfinishedCheckpoints.map(
      ({ prefix, sizeBytes }) => `  upload       ${prefix}  ${formatBytes(sizeBytes)}, no manifest`,
    ),
    ...plan.unfinishedObjects.map(
      ({ key, begunAt }) => `  upload       ${key}  begun ${begunAt}, never finished`,
    ),
  ];
  const kept = plan.kept.map(({ instanceId, why }) => `  left alone   ${instanceId}  ${why}`);
  const count = countOf(plan);
  return [
    count === 0 ? 'Nothing is left that nobody owns.' : `${verb} ${count}:`,
    ...lines,
    ...kept,
  ].join('\n');
}
