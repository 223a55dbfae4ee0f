import type { Client } from '@temporalio/client';
import { inParallel } from '../../aws/in-parallel';
import { limits } from '../limits';
import { listRuns, type ListOptions } from './list-runs';
import type { ListedRun } from './listed-run';
import { Queries } from './queries';
import { readRun } from './read-run';
import type { LossSample, RunSnapshot } from './run-snapshot';
import { type SortableRun, sortRuns, type Sorting } from './select-runs';

/** A run in a list, with how far it is and what it cost. */
export interface SurveyedRun extends SortableRun {
  readonly instanceType: string | null;
  readonly totalSteps: number | null;
  readonly loss: number | null;
  readonly lossHistory: readonly LossSample[];
  readonly secondsLeft: number | null;
  readonly checkpointStep: number | null;
  readonly onDemandCostUsd: number;
  readonly savedUsd: number;
  readonly isCostEstimated: boolean;
}

export interface SurveyOptions extends ListOptions {
  readonly sort?: Sorting;
}

/**
 * Lists runs with their progress and cost. Reads each run, so it takes a moment more than a plain list; what is over is
 * read once however often it is asked.
 */
export class RunSurvey {
  private readonly ended = new Map<string, RunSnapshot>();

  constructor(private readonly client: Client) {}

  async read(options: SurveyOptions): Promise<SurveyedRun[]> {
    const { sort = 'started', limit = limits.listedRuns } = options;
    // What the search itself knows decides which runs have to be read at all.
    const isKnownBySearch = sort !== 'step' && sort !== 'cost';
    const found = await listRuns(this.client, { ...options, limit: limits.scannedRuns });
    const candidates = isKnownBySearch
      ? sortRuns(found.map(withoutReading), sort).slice(0, limit)
      : found;
    const queries = new Queries(this.client);
    const read = await inParallel(limits.parallelReads, candidates, async (run) => {
      const snapshot =
        this.ended.get(run.runId) ?? (await readRun(this.client, run.runId, queries));
      if (snapshot.isOver) this.ended.set(run.runId, snapshot);
      return surveyed(run, snapshot);
    });
    return sortRuns(read, sort).slice(0, limit);
  }
}

const withoutReading = (run: ListedRun): SortableRun => ({ ...run, step: null, costUsd: 0 });

function surveyed(run: ListedRun, snapshot: RunSnapshot): SurveyedRun {
  const attempt = snapshot.attempts.at(-1);
  const { runId, startedAt, endedAt, purchase } = run;
  return {
    runId,
    // The search may be a moment behind what the run itself says.
    state: snapshot.state,
    isOver: snapshot.isOver,
    startedAt,
    endedAt,
    attempt: attempt?.number ?? run.attempt,
    instanceId: attempt?.instanceId ?? run.instanceId,
    instanceType: attempt?.instanceType ?? null,
    purchase: attempt?.purchase ?? purchase,
    step: snapshot.step,
    totalSteps: snapshot.totalSteps,
    loss: snapshot.progress?.loss ?? snapshot.lossHistory.at(-1)?.loss ?? null,
    lossHistory: snapshot.lossHistory,
    secondsLeft: snapshot.estimate?.secondsLeft ?? null,
    checkpointStep: snapshot.checkpoint?.step ?? null,
    costUsd: snapshot.costUsd,
    onDemandCostUsd: snapshot.onDemandCostUsd,
    savedUsd: snapshot.savedUsd,
    isCostEstimated: snapshot.isCostEstimated,
  };
}
