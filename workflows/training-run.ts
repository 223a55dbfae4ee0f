import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { adviceFor } from '../domain/failure';
import { formatFailure } from '../domain/format';
import { runWorkflowId } from '../domain/ids';
import { addLeftovers } from '../domain/ledger';
import type { TrainingRunSpec } from '../domain/run-spec';
import { validateRunSpec } from '../domain/validate-run-spec';
import { release } from './activity-proxies';
import { runAttempts, type ChainEnd } from './child-chain';
import type { FailedRun, RunResult } from './messages';
import { RunInbox } from './run-inbox';
import { RunView } from './run-view';
import { insist } from './waiting';

/**
 * One training run, from what the user asked for to its final state. Keeps the ledger, guards the child that does the
 * work, and gives the final guarantee that nothing is left.
 *
 * The input is plain JSON, checked here: docs/run-spec.schema.json describes it.
 */
export async function trainingRun(input: unknown): Promise<RunResult> {
  const spec = checkInput(input);
  const root = CancellationScope.current();
  const inbox = new RunInbox(spec.checkpoints.saveTimeoutSeconds, {
    onAttempt: () => {
      view.showAttempt();
    },
    onAlerts: () => {
      view.showAlerts();
    },
  });
  const view = new RunView(spec, inbox);
  inbox.listen();
  view.listen();
  return CancellationScope.nonCancellable(async () => {
    view.show('training', 'The child trains; see there what it does');
    const end = await runAttempts(spec, inbox, root);
    const wasCutOff = isCutOff(end);
    if (hasOwned(end)) await releaseRun(spec, inbox, view, wasCutOff);
    if (wasCutOff) {
      await sleep(launchCallSeconds * 1000, { summary: 'Until a launch under way would show' });
      await releaseRun(spec, inbox, view, wasCutOff);
    }
    inbox.isChildOver = true;
    await condition(allHandlersFinished);
    return conclude(spec, inbox, view, end);
  });
}

/** A spec with problems fails the run at once, and names them all. */
function checkInput(input: unknown): TrainingRunSpec {
  const checked = validateRunSpec(input);
  if (checked.kind === 'invalid') throw invalidSpec(checked.problems);
  const { runId } = checked.spec;
  const { workflowId } = workflowInfo();
  if (workflowId !== runWorkflowId(runId)) {
    throw invalidSpec([
      `the workflow id: expected "${runWorkflowId(runId)}" for runId "${runId}", got "${workflowId}"`,
    ]);
  }
  return checked.spec;
}

function invalidSpec(problems: readonly string[]): ApplicationFailure {
  const list = problems.map((problem) => `  ${problem}`).join('\n');
  return ApplicationFailure.create({
    type: 'invalid-spec',
    message: formatFailure('invalid-spec', `The input of the run is not complete:\n${list}`),
    nonRetryable: true,
    details: [{ problems }],
  });
}

/** A run whose name is taken has begun nothing, and must not touch what the earlier one is cleaning up. */
const hasOwned = (end: ChainEnd): boolean => end.kind !== 'failed' || end.code !== 'run-id-taken';

/** A child that was terminated has cleaned nothing up, and may have left a launch behind whose call was under way. */
const isCutOff = (end: ChainEnd): boolean =>
  end.kind === 'failed' && end.code === 'child-terminated';

/** CreateFleet(instant) answers within seconds; what comes later than this is the reaper's. */
const launchCallSeconds = 20;

/** The final guarantee: whatever carries the run's tag is released, whoever should have done it. */
async function releaseRun(
  spec: TrainingRunSpec,
  inbox: RunInbox,
  view: RunView,
  wasCutOff: boolean,
): Promise<void> {
  const { capacity, checkpoints, runId } = spec;
  view.show('releasing', 'Making sure that nothing is left');
  const summary = 'Make sure that nothing of the run is left';
  const released = await insist(
    summary,
    () =>
      release.releaseRun.executeWithOptions({ summary }, [
        {
          runId,
          claim: workflowInfo().runId,
          existingInstanceId: capacity.kind === 'existing-instance' ? capacity.instanceId : null,
          wasCutOff,
          keepLastCheckpoints: checkpoints.keepLast,
        },
      ]),
    ({ message }) => {
      view.show('releasing', `Releasing does not succeed: ${message}`);
    },
  );
  const { instances, checkpoint } = released;
  inbox.ledger = addLeftovers(inbox.ledger, instances, checkpoint, Date.now());
}

function conclude(spec: TrainingRunSpec, inbox: RunInbox, view: RunView, end: ChainEnd): RunResult {
  const { attempts, checkpoint, costUsd, onDemandCostUsd } = inbox.ledger;
  const { trace, alerts } = inbox;
  const ledger = { attempts, checkpoint, costUsd, onDemandCostUsd, trace, alerts };
  switch (end.kind) {
    case 'finished': {
      view.showEnd(end.result.state, end.result.warning ?? 'Nothing is left running');
      return { ...end.result, ...ledger, checkpoint: end.result.checkpoint };
    }
    case 'cancelled':
      view.showEnd('cancelled', 'Cancelled; nothing is left running');
      throw new CancelledFailure('The run was cancelled; nothing is left running.');
    case 'failed': {
      const { code, message, other, next = adviceFor(code) } = end;
      view.showEnd('failed', message);
      const details: FailedRun = {
        runId: spec.runId,
        state: 'failed',
        code,
        message,
        next,
        ...(other === undefined ? {} : { other }),
        ...ledger,
      };
      throw ApplicationFailure.create({
        type: code,
        message: formatFailure(code, message, next),
        nonRetryable: true,
        details: [details],
      });
    }
  }
}
