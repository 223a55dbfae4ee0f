import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AttemptLine, RunSnapshot, TrainRequest } from '../../../client';
import { InstanceInside } from './instance-inside';
import type { Stack } from './stack';

/** One way in which a training can end: a script, what happens to it, and what runctl has to say of it. */
export interface Ending {
  readonly name: string;
  readonly script: string;
  /** An instance of the user's, which stays, so that it can be looked at afterwards; or one that runctl launches. */
  readonly on?: 'own-instance' | 'spot';
  /** Staged beside the script. */
  readonly files?: Readonly<Record<string, string>>;
  readonly request?: Omit<Partial<TrainRequest>, 'script' | 'instanceId' | 'name'>;
  /** What lies on the instance before. */
  readonly plant?: (instance: InstanceInside) => void;
  /** What is done meanwhile. */
  readonly happens?: (scene: Scene) => Promise<void>;
  /** `outcome, exit …: message` of each attempt. */
  readonly attempts: readonly (string | RegExp)[];
  /** State of the run, with the code if it failed. */
  readonly run: string;
  /** What its log must hold. */
  readonly log?: RegExp;
}

export interface Scene {
  readonly stack: Stack;
  readonly runId: string;
  readonly instance: InstanceInside;
  /** Called after the end, whatever it was; throws when something is wrong. */
  readonly afterwards: (act: () => void) => void;
}

export interface MeasuredEnding {
  readonly attempts: readonly string[];
  readonly run: string;
  readonly log: string;
  /** What the attempts left behind, by name. */
  readonly left: readonly string[];
  readonly seconds: number;
}

/** Plays one ending against the stack, from the start of the run until everything is looked at. */
export async function playEnding(stack: Stack, ending: Ending): Promise<MeasuredEnding> {
  const beganAt = Date.now();
  const isOwn = ending.on !== 'spot';
  const own = isOwn ? await InstanceInside.create(stack) : null;
  if (own !== null) ending.plant?.(own);
  const name = ending.name.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 60);
  const { runId } = await stack.client.train({
    script: writeScript(stack, name, ending),
    name: name.replace(/-$/, ''),
    ...(own === null ? {} : { instanceId: own.instanceId }),
    maxErrors: 0,
    completionGraceSeconds: 0,
    ...ending.request,
  });
  const run = await playOut(stack, ending, runId, own);
  const places = own === null ? instancesOf(stack, run) : [own];
  const left = await Promise.all(places.map((place) => place.leftovers()));
  return {
    attempts: run.attempts.map(describeAttempt),
    run: run.failure === null ? run.state : `${run.state}: ${run.failure.code}`,
    log: await readLog(stack, run),
    left: left.flat(),
    seconds: Math.round((Date.now() - beganAt) / 1_000),
  };
}

async function playOut(
  stack: Stack,
  ending: Ending,
  runId: string,
  own: InstanceInside | null,
): Promise<RunSnapshot> {
  const acts: (() => void)[] = [];
  const afterwards: Scene['afterwards'] = (act) => acts.push(act);
  try {
    if (ending.happens !== undefined) {
      const instance = own ?? new InstanceInside(stack, await stack.training(runId, 1, 1), 0);
      await ending.happens({ stack, runId, instance, afterwards });
    }
    return await stack.ended(runId);
  } finally {
    for (const act of acts) act();
  }
}

/** What is not as the table says, as sentences; empty is good. */
export function differences(ending: Ending, end: MeasuredEnding): readonly string[] {
  const fits = (wanted: string | RegExp | undefined, found: string | undefined): boolean =>
    wanted instanceof RegExp ? wanted.test(found ?? '') : wanted === found;
  const count = Math.max(ending.attempts.length, end.attempts.length);
  const attempts = Array.from({ length: count }, (_, index) => index)
    .filter((index) => !fits(ending.attempts[index], end.attempts[index]))
    .map(
      (index) =>
        `attempt ${index + 1}: ${end.attempts[index] ?? 'none'}\n   not: ${String(ending.attempts[index] ?? 'none')}`,
    );
  return [
    ...attempts,
    ...(end.run === ending.run ? [] : [`run: ${end.run}, not ${ending.run}`]),
    ...(end.left.length === 0 ? [] : [`left behind: ${end.left.join(', ')}`]),
    ...(ending.log === undefined || ending.log.test(end.log)
      ? []
      : [`the log does not match ${String(ending.log)}:\n${end.log}`]),
  ];
}

function writeScript(stack: Stack, name: string, { script, files }: Ending): string {
  const folder = path.join(stack.folder, 'endings', name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries({ ...files, 'train.py': script })) {
    writeFileSync(path.join(folder, file), text);
  }
  return path.join(folder, 'train.py');
}

/** Nothing lives on an instance that was released. */
const instancesOf = (stack: Stack, { attempts }: RunSnapshot): InstanceInside[] =>
  attempts.flatMap(({ instanceId }) =>
    instanceId === null ? [] : [new InstanceInside(stack, instanceId, 0)],
  );

const describeAttempt = ({ outcome, exitCode, signal, message }: AttemptLine): string =>
  `${outcome ?? 'goes on'}, exit ${signal ?? exitCode ?? 'not seen'}: ${message}`;

async function readLog(stack: Stack, run: RunSnapshot): Promise<string> {
  const lines: string[] = [];
  const sink = { onLines: (more: readonly string[]) => lines.push(...more) };
  await stack.client.logReader(run.runId).read(await stack.client.newestAttempt(run), true, sink);
  return lines.join('\n');
}
