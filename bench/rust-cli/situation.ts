import { limits } from './limits';
import type { Ran } from './run-command';
import type { Project, World } from './world';

/** One promise, and what each tool does about it. Both answers are made of what was measured. */
export interface Situation {
  readonly title: string;
  readonly rustCli: (world: World) => Promise<string>;
  readonly ours: (world: World) => Promise<string>;
}

/** `exit code 0 after 12 s`, `still waiting after 60 s`. */
export const endOf = ({ exitCode, seconds }: Ran): string =>
  exitCode === null
    ? `still waiting after ${seconds} s`
    : `exit code ${exitCode} after ${seconds} s`;

/** What of the output matches, as a quotation; the last line when nothing does. */
export function quote({ output }: Ran, pattern: RegExp): string {
  const lines = output.split('\n').map((line) => line.trim());
  const found = lines.map((line) => pattern.exec(line)?.[0]).find((text) => text !== undefined);
  return `“${found ?? lines.findLast((line) => line !== '') ?? ''}”`;
}

/** A project whose code lies on an instance already, with that instance: what the Rust CLI needs to train at all. */
export async function readyForRustCli(
  world: World,
  name: string,
  script: string,
): Promise<{ project: Project; instanceId: string }> {
  const project = world.project(name, script);
  world.putCodeThere(project, script);
  return { project, instanceId: await world.ownInstance() };
}

/** The part of `runctl aws status --output json` that the comparison looks at. */
export interface RunDocument {
  readonly runId: string;
  readonly state: string;
  readonly message: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly attempts: readonly {
    readonly number: number;
    readonly instanceId: string | null;
    readonly outcome: string | null;
    readonly fromStep: number | null;
    readonly toStep: number | null;
    readonly message: string;
  }[];
  readonly checkpoint: { readonly step: number } | null;
  readonly warnings: readonly string[];
  readonly progress: { readonly step: number } | null;
}

/** The one document on stdout. @throws Error with the whole output when there is none. */
function documentOf(ran: Ran): RunDocument {
  try {
    return JSON.parse(ran.stdout) as RunDocument;
  } catch {
    throw new Error(`No document: ${ran.output}`);
  }
}

/** Trains with our tool, and waits for the end. */
export async function trainNow(
  world: World,
  project: Project,
  options: readonly string[],
  scriptArgs: readonly string[] = [],
): Promise<{ ran: Ran; run: RunDocument }> {
  const args = ['aws', 'train', 'src/train.py', '--name', project.name, '--output', 'json'];
  const ran = await world.ours(
    project,
    [...args, '--wait', ...options, '--', ...scriptArgs],
    limits.runSeconds,
  );
  return { ran, run: documentOf(ran) };
}

/** Starts a run and waits until it has come to a step; the run as it is then. */
export async function startNow(
  world: World,
  project: Project,
  options: readonly string[],
  step: number,
): Promise<RunDocument> {
  const args = ['aws', 'train', 'src/train.py', '--name', project.name, ...options];
  const started = await world.ours(project, [...args, '--', '60'], limits.commandSeconds);
  if (started.exitCode !== 0) throw new Error(started.output);
  let run: RunDocument | undefined;
  await world.until(`${project.name} comes to step ${step}`, async () => {
    run = await statusNow(world, project);
    return (run.progress?.step ?? 0) >= step;
  });
  if (run === undefined) throw new Error(`${project.name} was never looked at.`);
  return run;
}

async function statusNow(world: World, project: Project): Promise<RunDocument> {
  const args = ['aws', 'status', project.name, '--output', 'json'];
  return documentOf(await world.ours(project, args, limits.commandSeconds));
}

/** Waits for a run's end. */
export async function waitNow(
  world: World,
  project: Project,
): Promise<{ ran: Ran; run: RunDocument }> {
  const args = ['aws', 'wait', project.name, '--output', 'json'];
  const ran = await world.ours(project, args, limits.runSeconds);
  return { ran, run: documentOf(ran) };
}

/** What a run has left behind. */
export async function leftText(world: World, project: Project): Promise<string> {
  const count = await world.countInstancesOf(project);
  return count === 0 ? 'no instance is left' : `${count} INSTANCES ARE LEFT`;
}

/** The last step of a log. */
export function lastStep(log: string): number {
  return Number(/step (\d+)\/\d+(?![\s\S]*step \d+\/)/.exec(log)?.[1] ?? 0);
}
