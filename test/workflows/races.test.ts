import { DeterminismViolationError } from '@temporalio/workflow';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type InjectedSinks,
} from '@temporalio/worker';
import { firstCarryOver, type AttemptCarryOver } from '../../domain/carry-over';
import { checkedSpec } from '../support/checked-spec';
import { History } from '../support/history';
import type { EndSinks } from '../support/report-end';
import { trainerResult } from '../support/trainer-result';

let bundle: { code: string };
let carriedOn: AttemptCarryOver[] = [];

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined), // a replay that fails is told by its exception
    telemetryOptions: { logging: { filter: 'OFF' } },
  });
  bundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    workflowInterceptorModules: [require.resolve('../support/report-end')],
    logger: new DefaultLogger('ERROR'),
  });
}, 60_000);

/** Replays a history: throws when our code would have done anything else than it says. */
async function replay(history: History): Promise<void> {
  carriedOn = [];
  const sinks: InjectedSinks<EndSinks> = {
    end: {
      continuedAsNew: {
        fn: (_info, carried) => {
          carriedOn.push(carried as AttemptCarryOver); // our own code wrote it
        },
        callDuringReplay: true,
      },
    },
  };
  await Worker.runReplayHistory(
    {
      workflowBundle: bundle,
      interceptors: { workflowModules: [require.resolve('../support/report-end')] },
      sinks,
    },
    { events: history.events },
    'w',
  );
}

const instance = {
  instanceId: 'i-00000001',
  instanceType: 'g5.xlarge',
  zone: 'us-east-1a',
  purchase: 'spot',
  launchedAt: '2026-11-24T10:00:00.000Z',
  isOurs: true,
  pricePerHourUsd: null,
  onDemandPricePerHourUsd: null,
};
const gone = { kind: 'instance-gone', gone: { code: '', message: '' }, firstStep: 0, lastStep: 5 };
const completed = {
  kind: 'trainer-ended',
  result: trainerResult(),
  checkpoint: null,
  notice: null,
  firstStep: 0,
  lastStep: 9,
};
const released = { instances: [] };

/** An attempt, up to the task after its launch has answered. */
function launching(parentId?: string): { history: History; launch: number } {
  const history = new History('trainingAttempt', firstCarryOver(checkedSpec()), parentId);
  history.task();
  history.upsert(
    ...['RunctlPhase', 'RunctlAttempt', 'RunctlInstanceId', 'RunctlPurchase', 'RunctlOutcome'],
  );
  const pick = history.schedule('pickResumePoint');
  history.complete(pick, null);
  history.task();
  history.upsert('RunctlPhase');
  return { history, launch: history.schedule('launchInstance') };
}

/** The same, up to the poll that goes on while the trainer lives. */
function training(parentId?: string): { history: History; watch: number } {
  const { history, launch } = launching(parentId);
  history.complete(launch, { kind: 'launched', instance });
  history.task();
  history.upsert('RunctlInstanceId', 'RunctlPurchase');
  history.upsert('RunctlPhase');
  const ready = history.schedule('awaitInstanceReady');
  history.complete(ready, { kind: 'ready' });
  history.task();
  const start = history.schedule('startTraining');
  history.complete(start, { kind: 'started' });
  history.task();
  const watch = history.schedule('watchTraining');
  history.upsert('RunctlPhase');
  return { history, watch };
}

/** What a lost attempt saved last is looked for, before the release. */
function lastSave(history: History): void {
  const pick = history.schedule('pickResumePoint');
  history.complete(pick, null);
  history.task();
}

/** From the task that goes to release, up to the reply of the release. */
function release(history: History): void {
  history.upsert('RunctlPhase');
  const cleanUp = history.schedule('cleanUpTraining');
  history.complete(cleanUp, { removed: [] });
  history.task();
  const releasing = history.schedule('releaseInstance');
  history.complete(releasing, released);
}

function endAs(history: History, end: 'continuedAsNew' | 'completed' | 'failed' | 'cancelled') {
  history.upsert('RunctlOutcome');
  history.upsert('RunctlPhase');
  history[end]('trainingAttempt');
}

/** The save inside the notice, and its reply. */
function urgentSave(history: History, reply: unknown): void {
  history.upsert('RunctlPhase');
  const save = history.schedule('saveCheckpoint');
  history.complete(save, reply);
  history.task();
}

test('a training that has completed in the moment of a notice has completed', async () => {
  const { history, watch } = training();
  history.complete(watch, completed);
  history.signal('spotInterruption', { instanceId: 'i-00000001' });
  history.task();
  urgentSave(history, {
    kind: 'saved',
    checkpoint: null,
    result: trainerResult({ stopCause: 'own-accord' }),
    lastStep: 9,
  });
  release(history);
  history.task();
  endAs(history, 'completed');
  await replay(history);
});

test('two notices and garbage in the task of the death are one interruption', async () => {
  const { history, watch } = training();
  history.complete(watch, gone);
  history.signal('spotInterruption');
  history.signal('spotInterruption', 'garbage', { more: [] });
  history.signal('stop-it', 7);
  history.signal('saveCheckpoint', null);
  history.task();
  urgentSave(history, gone);
  lastSave(history);
  release(history);
  history.task();
  endAs(history, 'continuedAsNew');
  await replay(history);
  expect(carriedOn.at(-1)).toMatchObject({
    attemptNumber: 2,
    history: { interruptionCount: 1, attemptsWithoutProgress: 1 },
    staleNoticeCount: 0,
  });
});

test('a late notice, in the very task that continues as new, does not reach the next attempt', async () => {
  const { history, watch } = training();
  history.complete(watch, gone);
  history.task();
  lastSave(history);
  release(history);
  history.signal('spotInterruption', { instanceId: 'i-00000001' });
  history.signal('spotInterruption');
  history.task();
  endAs(history, 'continuedAsNew');
  await replay(history);
  // They came while the instance still counted as ours, in the task that learned of its release.
  expect(carriedOn.at(-1)).toMatchObject({ attemptNumber: 2, staleNoticeCount: 0 });
});

test('a notice after a refused continue-as-new is stale: the instance is released by then', async () => {
  const { history, watch } = training();
  history.complete(watch, gone);
  history.task();
  lastSave(history);
  release(history);
  history.refusedTask();
  history.signal('spotInterruption', { instanceId: 'i-00000001' });
  history.signal('spotInterruption');
  history.task();
  endAs(history, 'continuedAsNew');
  await replay(history);
  expect(carriedOn.at(-1)).toMatchObject({ attemptNumber: 2 });
});

test('a stop after a refused continue-as-new ends the run instead of starting another attempt', async () => {
  const { history, watch } = training();
  history.complete(watch, gone);
  history.task();
  lastSave(history);
  release(history);
  history.refusedTask();
  history.signal('stop');
  history.task();
  endAs(history, 'completed');
  await replay(history);
});

test('a cancel after a refused continue-as-new ends the run instead of starting another attempt', async () => {
  const { history, watch } = training();
  history.complete(watch, gone);
  history.task();
  lastSave(history);
  release(history);
  history.refusedTask();
  history.cancel();
  history.task();
  endAs(history, 'cancelled');
  await replay(history);
});

test('a stop while the parent is being told of the end keeps the next attempt from starting', async () => {
  const { history, watch } = training('run/r1');
  history.complete(watch, gone);
  history.task();
  lastSave(history);
  release(history);
  history.task();
  const told = history.signalOther('run/r1', 'attemptEnded');
  history.signal('stop');
  history.answerSignal(told, 'arrived');
  history.task();
  endAs(history, 'completed');
  await replay(history);
});

test('an attempt whose parent is gone ends all the same', async () => {
  const { history, watch } = training('run/r1');
  history.complete(watch, completed);
  history.task();
  release(history);
  history.task();
  const told = history.signalOther('run/r1', 'attemptEnded');
  history.answerSignal(told, 'not-found');
  history.task();
  endAs(history, 'completed');
  await replay(history);
});

test('a cancel while the launch is under way waits for its answer, and releases what it gave', async () => {
  const { history, launch } = launching();
  history.cancel();
  history.task();
  history.requestActivityCancel(launch);
  history.complete(launch, { kind: 'launched', instance });
  history.task();
  history.upsert('RunctlInstanceId', 'RunctlPurchase');
  history.upsert('RunctlPhase');
  const releasing = history.schedule('releaseInstance');
  history.complete(releasing, released);
  history.task();
  endAs(history, 'cancelled');
  await replay(history);
});

test('a cancel in the first task launches nothing, and has nothing to release', async () => {
  const history = new History('trainingAttempt', firstCarryOver(checkedSpec()));
  history.cancel();
  history.task();
  history.upsert(
    ...['RunctlPhase', 'RunctlAttempt', 'RunctlInstanceId', 'RunctlPurchase', 'RunctlOutcome'],
  );
  endAs(history, 'cancelled');
  await replay(history);
});

test('a release that is refused for want of a permission is tried again until it succeeds', async () => {
  const { history, watch } = training();
  history.complete(watch, completed);
  history.task();
  history.upsert('RunctlPhase');
  const cleanUp = history.schedule('cleanUpTraining');
  history.fail(cleanUp, 'not-authorized', 'ssm:SendCommand is not allowed');
  history.task();
  const first = history.schedule('releaseInstance');
  history.fail(first, 'not-authorized', 'ec2:TerminateInstances is not allowed');
  history.task();
  const timer = history.startTimer('1');
  history.fireTimer(timer, '1');
  history.task();
  const second = history.schedule('releaseInstance');
  history.complete(second, released);
  history.task();
  endAs(history, 'completed');
  await replay(history);
});

test('a history in which a notice was not followed by a save does not pass as ours', async () => {
  const { history } = training();
  history.signal('spotInterruption');
  history.task();
  release(history);
  history.task();
  endAs(history, 'continuedAsNew');
  await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
});
