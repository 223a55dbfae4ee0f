import type { ActivityName } from '../support/scripted-cloud';
import { until } from '../support/until';
import { WorkflowLab, type LabRun } from '../support/workflow-lab';

let lab: WorkflowLab;

beforeAll(async () => {
  lab = await WorkflowLab.start();
}, 30_000);
afterAll(async () => {
  await lab.end();
});

/** What a person does with the stock CLI, and how parent and child then end. */
const doings = {
  'cancels the parent': { verb: 'cancel', target: 'parentId', ends: ['CANCELLED', 'CANCELLED'] },
  'cancels the child': { verb: 'cancel', target: 'childId', ends: ['CANCELLED', 'CANCELLED'] },
  'terminates the parent': {
    verb: 'terminate',
    target: 'parentId',
    ends: ['TERMINATED', 'CANCELLED'],
  },
  'terminates the child': { verb: 'terminate', target: 'childId', ends: ['FAILED', 'TERMINATED'] },
} as const;

type Doing = keyof typeof doings;

/** A phase, and the activity that is held to stay in it; `training` needs none, a wait for capacity holds itself. */
const phases = {
  placing: 'pickResumePoint',
  'waiting for capacity': null,
  launching: 'launchInstance',
  booting: 'awaitInstanceReady',
  starting: 'startTraining',
  training: null,
  saving: 'saveCheckpoint',
  releasing: 'releaseInstance',
} as const satisfies Record<string, ActivityName | null>;

type PhaseName = keyof typeof phases;

const shortage = {
  kind: 'capacity-shortage',
  isQuota: false,
  pools: [{ instanceType: 'g5.xlarge', zone: 'us-east-1b' }],
  message: 'No Spot capacity for g5.xlarge.',
} as const;

/** Brings the attempt under way, or the one after it, into a phase. */
async function enter(phase: PhaseName, wasInterrupted: boolean): Promise<LabRun> {
  const script = (cloud: LabRun['cloud']) => {
    if (phase === 'waiting for capacity') cloud.launchReplies.push(shortage);
    const activity = phases[phase];
    return activity === null ? undefined : cloud.hold(activity);
  };
  const isLate = phase === 'training' || phase === 'saving' || phase === 'releasing';
  const run = await lab.startRun({}, wasInterrupted || isLate ? undefined : script);
  if (wasInterrupted || isLate) await lab.training(run, 1);
  if (wasInterrupted && isLate) await lab.interrupt(run);
  const gate = wasInterrupted || isLate ? script(run.cloud) : undefined;
  if (wasInterrupted && !isLate) await run.handle.signal('spotInterruption');
  if (phase === 'saving') await run.handle.signal('saveCheckpoint');
  if (phase === 'releasing') run.cloud.end({ exitCode: 3 });
  await gate?.reached;
  if (phase === 'waiting for capacity') await lab.phase(run, 'waiting-for-capacity');
  await until(
    'the call',
    () => run.cloud.calls,
    (calls) => phases[phase] === null || calls.includes(phases[phase]),
  );
  return run;
}

async function check(phase: PhaseName, doing: Doing, wasInterrupted: boolean): Promise<string> {
  const { verb, target, ends } = doings[doing];
  const run = await enter(phase, wasInterrupted);
  await lab.temporal('workflow', verb, '-w', run[target]);
  run.cloud.openGates();
  const seen = [await lab.ended(run.parentId, 50_000), await lab.ended(run.childId, 50_000)];
  const { running, training } = run.cloud;
  const isGood = seen.join() === ends.join() && running.length === 0 && training.length === 0;
  return isGood ? 'good' : JSON.stringify({ seen, running, training });
}

const cases = [false, true].flatMap((wasInterrupted) =>
  Object.keys(phases).map((phase) => [phase as PhaseName, wasInterrupted] as const),
);

// All cases at once: each run has a cloud of its own, and a terminated child is looked after for 20 seconds.
describe('whoever ends a run from outside', () => {
  let verdicts: Map<string, string>;

  beforeAll(async () => {
    verdicts = new Map();
    const queue = (Object.keys(doings) as Doing[])
      .reverse() // the long ones first
      .flatMap((doing) =>
        cases.map(([phase, wasInterrupted]) => ({ phase, wasInterrupted, doing })),
      );
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { phase, doing, wasInterrupted } = next;
        const name = `${phase} ${doing} ${wasInterrupted}`;
        const verdict = await check(phase, doing, wasInterrupted).catch((error: unknown) =>
          String(error),
        );
        verdicts.set(name, verdict);
      }
    };
    await Promise.all(Array.from({ length: 24 }, work));
  }, 240_000);

  describe.each(cases)('in the phase %s, after an interruption: %s', (phase, wasInterrupted) => {
    test.each(Object.keys(doings))('and %s leaves no instance and no trainer', (doing) => {
      expect(verdicts.get(`${phase} ${doing} ${wasInterrupted}`)).toBe('good');
    });
  });
});
