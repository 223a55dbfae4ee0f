import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { InstanceView } from '../../aws/instance-view';
import type { Prices } from '../../aws/prices';
import { tooManyInstances } from '../../domain/alerts';
import { decideEnding, type EndingFacts, type InstanceEnding } from '../../domain/decide-ending';
import { Failure } from '../../domain/failure';
import type { PurchaseOption } from '../../domain/instance';
import { specDefaults } from '../../domain/run-spec-rules';
import type { CloudAccess } from '../cloud-access';
import { limits } from '../limits';
import type { RunSnapshot } from '../runs/run-snapshot';
import { describeInstance } from './instance-document';
import {
  findOccupation,
  instanceNotFound,
  type ForeignTraining,
  type Occupation,
} from './occupation';

/** What instances need of runs: a run that is on one is ended before the instance is. */
export interface RunsOnInstances {
  readonly temporal: Client;
  status(runId: string): Promise<RunSnapshot>;
  stop(runId: string): Promise<void>;
  wait(runId: string, signal: AbortSignal): Promise<RunSnapshot>;
}

export interface CreateRequest {
  readonly instanceType: string;
  readonly purchase: PurchaseOption;
  /** Empty: any. */
  readonly zones: readonly string[];
  readonly name: string;
}

export interface EndingOptions {
  /** Saves and stops a training that is there first, instead of refusing. */
  readonly force: boolean;
  /** Needed to terminate. */
  readonly isConfirmed: boolean;
}

/** Instances of the user's own: launching, starting, stopping and terminating them. Runs look after theirs themselves. */
export class InstanceClient {
  constructor(
    private readonly cloud: CloudAccess,
    private readonly runs: RunsOnInstances,
  ) {}

  /** Who has the instance. @throws instance-not-found */
  occupation(instanceId: string): Promise<Occupation> {
    return findOccupation(this.runs.temporal, this.cloud, instanceId);
  }

  /**
   * Stops an instance; its volumes stay. One that is stopped already is success.
   *
   * @throws already-running, instance-not-stoppable, instance-not-usable, instance-not-found
   */
  async stop(instanceId: string, options: Omit<EndingOptions, 'isConfirmed'>): Promise<void> {
    const view = await readInstance(this.cloud, instanceId);
    if (view.state === 'stopped' || view.state === 'stopping') return;
    if (view.state === 'pending' || view.state === 'running') {
      await this.cloud.ask(({ calls, cloud }) => calls.refuseUnstoppable(cloud, view));
    }
    await this.free('stop', view, { ...options, isConfirmed: true });
    const now = await readInstance(this.cloud, instanceId);
    await this.cloud.ask(({ calls, cloud }) => calls.stopInstance(cloud, now));
  }

  /**
   * Terminates an instance, also one that a run has left. One that is terminated already is success.
   *
   * @throws instance-protected, already-running, not-confirmed, instance-not-found
   */
  async terminate(instanceId: string, options: EndingOptions): Promise<void> {
    const view = await readInstance(this.cloud, instanceId);
    if (view.state === 'shutting-down' || view.state === 'terminated') return;
    await this.free('terminate', view, options);
    await this.cloud.ask(({ calls, cloud }) => calls.terminateInstance(cloud, view));
  }

  /** Saves and ends a training that was started through another Temporal server; with force kills it at once. */
  endForeign(instanceId: string, training: ForeignTraining, force: boolean): Promise<void> {
    const { saveTimeoutSeconds } = specDefaults.checkpoints;
    return this.cloud.ask(({ calls, cloud }) =>
      calls.endTraining(cloud, instanceId, training, { force, saveTimeoutSeconds }),
    );
  }

  /** Does what has to come before an instance ends, or refuses. */
  private async free(
    ending: InstanceEnding,
    view: InstanceView,
    options: EndingOptions,
  ): Promise<void> {
    const { instanceId, tags } = view;
    const occupation = await this.occupation(instanceId);
    const training = await this.trainingOf(occupation, instanceId);
    const facts = { instanceId, tags, description: describeInstance(view), training };
    const step = decideEnding(ending, facts, options);
    if (step.kind === 'refuse') {
      const { code, message, why, next, other } = step;
      throw new Failure(code, message, { why, next, details: { ...other } });
    }
    if (!step.endsTraining) return;
    if (occupation.kind === 'run') await this.endRun(occupation.runId, instanceId);
    if (occupation.kind === 'foreign') {
      await this.endForeign(instanceId, occupation.training, false);
    }
  }

  private async trainingOf(
    occupation: Occupation,
    instanceId: string,
  ): Promise<EndingFacts['training']> {
    switch (occupation.kind) {
      case 'free':
        return { kind: 'none' };
      case 'unseen':
        return { kind: 'unseen', why: occupation.why };
      case 'foreign': {
        const { pid, runId, since } = occupation.training;
        return { kind: 'running', other: { pid, runId, since } };
      }
      case 'run': {
        const { runId } = occupation;
        const { attempts, trainerPid, isOver } = await this.runs.status(runId);
        if (isOver) return { kind: 'none' };
        const here = attempts.findLast((attempt) => attempt.instanceId === instanceId);
        const since = here?.startedAt ?? new Date().toISOString();
        return { kind: 'running', other: { pid: trainerPid, runId, since } };
      }
    }
  }

  private async endRun(runId: string, instanceId: string): Promise<void> {
    await this.runs.stop(runId);
    const late = AbortSignal.timeout(limits.stopSeconds * 1_000);
    try {
      await this.runs.wait(runId, late);
    } catch (error) {
      if (!late.aborted) throw error;
      throw new Failure('run-failed', `run ${runId} has not ended, so ${instanceId} is left.`, {
        why: `It was asked to save and stop ${limits.stopSeconds / 60} minutes ago.`,
        cause: error,
      });
    }
  }
}

/** An instance as EC2 sees it. @throws instance-not-found */
export async function readInstance(cloud: CloudAccess, instanceId: string): Promise<InstanceView> {
  const view = await cloud.readInstance(instanceId);
  if (view === null) throw instanceNotFound(instanceId);
  return view;
}

/**
 * Launches an instance of the user's own; no run ends it, and nothing else of ours.
 *
 * @param maxInstances with so many of runctl's no other is launched; null is no limit.
 * @throws too-many-instances, capacity-shortage, quota-exceeded, unknown-instance-type, launch-refused, not-authorized
 */
export function createInstance(
  access: CloudAccess,
  request: CreateRequest,
  maxInstances: number | null,
): Promise<{
  readonly view: InstanceView;
  readonly prices: Prices;
  /** Of all that runctl runs now, this one included. */
  readonly instanceCount: number;
}> {
  return access.ask(async ({ calls, cloud }) => {
    const { instances } = await cloud.live.read(0);
    if (maxInstances !== null && instances.length >= maxInstances) {
      throw tooManyInstances(instances.length, maxInstances);
    }
    const view = await calls.launchOwn(cloud, { ...request, token: randomUUID() });
    const prices = await calls.readPrices(cloud.prices, view, view.purchase);
    return { view, prices, instanceCount: instances.length + 1 };
  });
}
