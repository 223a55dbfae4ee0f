import type { RunSnapshot } from '../runs/run-snapshot';
import { followRun } from '../runs/follow-run';
import type { DemoWorld } from './demo-world';
import type { LiveView } from './live-view';
import { nextDisturbance, type Disturbance } from './storyline';

/** The notice that EC2 gives: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html */
const noticeSeconds = 120;

/**
 * Trains, takes the first instance away with a notice and the second one without, and returns how the run ended; null
 * when the signal ended it first.
 */
export async function playDemo(
  world: DemoWorld,
  run: { readonly runId: string },
  view: LiveView,
  signal: AbortSignal,
): Promise<RunSnapshot | null> {
  let doneCount = 0;
  let shownAttempt = 0;
  let shownState = '';
  let shownCheckpoint = -1;
  const disturb = async (disturbance: Disturbance): Promise<void> => {
    doneCount += 1;
    view.event(sentenceOf(disturbance));
    if (disturbance.kind === 'notice') {
      await world.admin.interrupt(disturbance.instanceId, noticeSeconds);
    } else {
      await world.admin.kill(disturbance.instanceId);
    }
  };
  const under: Promise<void>[] = [];
  const end = await followRun(
    world.client,
    run.runId,
    {
      onSnapshot: (snapshot) => {
        const attempt = snapshot.attempts.at(-1);
        if (attempt?.instanceId != null && attempt.number !== shownAttempt) {
          shownAttempt = attempt.number;
          view.event(`attempt ${attempt.number} has instance ${attempt.instanceId}`);
        }
        if (snapshot.state !== shownState) view.event(`phase: ${snapshot.state}`);
        shownState = snapshot.state;
        const step = snapshot.checkpoint?.step ?? -1;
        if (step > shownCheckpoint) view.event(`checkpoint of step ${step} is published`);
        shownCheckpoint = Math.max(step, shownCheckpoint);
        view.update(snapshot);
        const next = nextDisturbance(snapshot, doneCount);
        if (next !== null) under.push(disturb(next));
      },
    },
    signal,
  );
  await Promise.all(under);
  view.end();
  return end;
}

function sentenceOf({ kind, instanceId, step }: Disturbance): string {
  return kind === 'notice'
    ? `>> interruption notice to ${instanceId} at step ${step}`
    : `>> ${instanceId} dies without notice at step ${step}`;
}
