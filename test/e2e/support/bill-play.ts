import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSnapshot } from '../../../client';
import { attemptWorkflowId, runWorkflowId, tagKeys } from '../../../domain/ids';
import type { PlannedRun } from './bill-plan';
import { writeScript } from './scripts';
import type { Stack } from './stack';
import { patienceMs } from './wait-for';

/** One sum as runctl tells it, beside the same sum on the bill of the local cloud. */
export interface ComparedSum {
  /** The id of an instance, or `the run`. */
  readonly of: string;
  readonly toldUsd: number;
  readonly billedUsd: number;
}

export interface PlayedBill {
  readonly run: RunSnapshot;
  /** Each instance that the cloud has launched for the run, or that the run tells of; then the run itself. */
  readonly sums: readonly ComparedSum[];
}

/** What agrees to the cent differs by less than half of one. */
const halfCentUsd = 0.005;
export const agrees = ({ toldUsd, billedUsd }: ComparedSum): boolean =>
  Math.abs(toldUsd - billedUsd) < halfCentUsd;

/** Plays one run to its end, and lays what it tells beside what the cloud bills. */
export async function playBill(stack: Stack, plan: PlannedRun): Promise<PlayedBill> {
  const { name, instanceType, zone, purchase, workSeconds, happening } = plan;
  const script = writeScript(stack, 'works-for-a-while', ...scriptLines);
  if (happening.kind === 'slow boot') {
    // Whichever instance is launched next has it: that is random as well.
    await stack.cloudAdmin.addFault({ kind: 'slow-boot', seconds: 1 + workSeconds / 10, count: 1 });
  }
  const { runId } = await stack.client.train({
    ...{ script, name, scriptArgs: [String(workSeconds)], instanceTypes: [instanceType], purchase },
    ...(zone === null ? {} : { zones: [zone] }),
    ...(happening.kind === 'cost limit' ? { maxCostUsd: 0.01 } : {}),
  });
  await letHappen(stack, plan, runId);
  const run = await stack.ended(runId);
  await stack.childIsOver(runId);
  return { run, sums: await compare(stack, run) };
}

async function letHappen(stack: Stack, plan: PlannedRun, runId: string): Promise<void> {
  const { happening, afterSeconds } = plan;
  const passive: readonly string[] = ['nothing', 'slow boot', 'cost limit'];
  if (passive.includes(happening.kind)) return;
  await reach(stack, plan, runId);
  await sleep(afterSeconds * 1_000);
  const { isOver, attempts } = await stack.client.status(runId);
  const instanceId = attempts.at(-1)?.instanceId;
  if (isOver || instanceId == null) return;
  try {
    await disturb(stack, plan, { runId, instanceId });
  } catch {
    // The run, or its instance, has ended in this moment: that is an end as well.
  }
}

const lookMs = 500;

/** Waits for the moment from which the plan counts, or the end of the run. */
async function reach(stack: Stack, { since }: PlannedRun, runId: string): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  while (Date.now() < deadlineMs) {
    const { isOver, attempts, progress } = await stack.client.status(runId);
    const isLaunched = attempts.at(-1)?.instanceId != null;
    if (isOver || (since === 'launch' ? isLaunched : progress !== null)) return;
    await sleep(lookMs);
  }
}

async function disturb(
  stack: Stack,
  { happening }: PlannedRun,
  { runId, instanceId }: { readonly runId: string; readonly instanceId: string },
): Promise<void> {
  const { client, cloudAdmin } = stack;
  switch (happening.kind) {
    case 'notice':
      return cloudAdmin.interrupt(instanceId, happening.warningSeconds);
    case 'death':
      return cloudAdmin.kill(instanceId);
    case 'signal':
      return client.interrupt(runId, { instanceId });
    case 'stop':
      return client.stop(runId);
    case 'forced stop':
      return client.stop(runId, { force: true });
    case 'cancel':
      await client.temporal.workflow.getHandle(runWorkflowId(runId)).cancel();
      return;
    case 'terminated child':
      await client.temporal.workflow.getHandle(attemptWorkflowId(runId)).terminate();
      return;
    case 'nothing':
    case 'slow boot':
    case 'cost limit':
      return;
  }
}

async function compare(stack: Stack, run: RunSnapshot): Promise<ComparedSum[]> {
  const { instances } = await stack.cloudAdmin.status();
  const billed = new Map(
    instances
      .filter(({ tags }) => tags[tagKeys.runId] === run.runId)
      .map(({ instanceId, costUsd }) => [instanceId, costUsd]),
  );
  const told = new Map<string, number>();
  for (const { instanceId, costUsd } of run.attempts) {
    if (instanceId !== null) told.set(instanceId, (told.get(instanceId) ?? 0) + costUsd);
  }
  const ids = [...new Set([...billed.keys(), ...told.keys()])];
  return [
    ...ids.map((id) => ({
      of: id,
      toldUsd: told.get(id) ?? 0,
      billedUsd: billed.get(id) ?? 0,
    })),
    {
      of: 'the run',
      toldUsd: run.costUsd,
      billedUsd: [...billed.values()].reduce((sum, costUsd) => sum + costUsd, 0),
    },
  ];
}

/** Works for so many seconds over all attempts, saves when it is asked to end, and goes on where it was. */
const scriptLines = [
  'import os, pathlib, signal, sys, time',
  'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
  'resume = os.environ.get("RUNCTL_RESUME_FROM")',
  'step = int(pathlib.Path(resume).read_text()) if resume else 0',
  'last = int(sys.argv[1]) * 4',
  'asked = []',
  'signal.signal(signal.SIGTERM, lambda *_: asked.append(1))',
  'def save():',
  '    (folder / f".step-{step}").write_text(str(step))',
  '    os.rename(folder / f".step-{step}", folder / f"step-{step}")',
  'while step < last and not asked:',
  '    step += 1',
  '    print(f"step {step}/{last}", flush=True)',
  '    if step % 20 == 0:',
  '        save()',
  '    time.sleep(0.25)',
  'save()',
];
