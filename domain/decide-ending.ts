import type { FailureCode } from './failure';
import { tagKeys } from './ids';
import { protectionOf } from './orphans';
import type { OtherTraining } from './outcome';

/** What a person wants to do to an instance. */
export type InstanceEnding = 'stop' | 'terminate';

/** What is known of it before anything is done. */
export interface EndingFacts {
  readonly instanceId: string;
  /** `i-0abc (g5.xlarge, us-east-1a, on-demand, "mine")` */
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly training:
    | { readonly kind: 'none' }
    | { readonly kind: 'running'; readonly other: OtherTraining }
    /** Nobody can tell. */
    | { readonly kind: 'unseen'; readonly why: string };
}

export type EndingStep =
  /** `endsTraining`: saves and stops it first. */
  | { readonly kind: 'go'; readonly endsTraining: boolean }
  | {
      readonly kind: 'refuse';
      readonly code: FailureCode;
      readonly message: string;
      readonly why: string;
      readonly next: string;
      readonly other?: OtherTraining;
    };

/**
 * Decides whether an instance may be stopped or terminated. Pure and total; test/domain/decide-ending.test.ts is its
 * table. A protection counts before everything, and what cannot be undone needs a word of confirmation last, so that who
 * gives it has seen all the rest.
 */
export function decideEnding(
  ending: InstanceEnding,
  facts: EndingFacts,
  options: { readonly force: boolean; readonly isConfirmed: boolean },
): EndingStep {
  if (ending === 'terminate') {
    const tag = protectionOf(facts.tags);
    if (tag !== null) return isProtected(facts, tag);
  }
  const runId = facts.tags[tagKeys.runId];
  if (ending === 'stop' && runId !== undefined && facts.training.kind === 'running') {
    return isOfRun(facts, runId);
  }
  if (facts.training.kind === 'running' && !options.force) {
    return isBusy(ending, facts, facts.training.other);
  }
  if (facts.training.kind === 'unseen' && !options.force) {
    return isUnseen(ending, facts, facts.training.why);
  }
  const endsTraining = facts.training.kind === 'running';
  if (ending === 'terminate' && !options.isConfirmed) return unconfirmed(facts, options.force);
  return { kind: 'go', endsTraining };
}

const verbs = { stop: 'stop-instance', terminate: 'terminate' } as const;
const doneTo = { stop: 'stopped', terminate: 'terminated' } as const;

const isProtected = ({ instanceId }: EndingFacts, tag: string): EndingStep => ({
  kind: 'refuse',
  code: 'instance-protected',
  message: `Instance ${instanceId} is protected, and is not terminated.`,
  why: `It carries the tag ${tag}=true.`,
  next: `Take the tag away if it is really not needed any more: aws ec2 delete-tags --resources ${instanceId} --tags Key=${tag}`,
});

/** To end the training first would end the instance too, which is not what was asked for. */
const isOfRun = ({ instanceId }: EndingFacts, runId: string): EndingStep => ({
  kind: 'refuse',
  code: 'instance-not-usable',
  message: `Instance ${instanceId} was launched for run ${runId}, and goes back with it; it is not stopped.`,
  why: 'Only an instance of your own can be kept.',
  next: `End both: runctl aws stop ${runId}`,
});

const isBusy = (
  ending: InstanceEnding,
  { instanceId }: EndingFacts,
  other: OtherTraining,
): EndingStep => ({
  kind: 'refuse',
  code: 'already-running',
  message: `Training runs on instance ${instanceId} (PID: ${other.pid ?? 'not known yet'}), so it is not ${doneTo[ending]}.`,
  why: `Run ${other.runId} trains there since ${other.since}.`,
  next: [
    `Stop the training first: runctl aws stop ${instanceId}`,
    `Or let --force save and stop it: runctl aws ${verbs[ending]} ${instanceId} --force`,
  ].join('\n'),
  other,
});

const isUnseen = (
  ending: InstanceEnding,
  { instanceId }: EndingFacts,
  why: string,
): EndingStep => ({
  kind: 'refuse',
  code: 'instance-not-ready',
  message: `Nobody can see whether a training runs on ${instanceId}, so it is not ${doneTo[ending]}.`,
  why: `SSM does not reach it: ${why}.`,
  next: `To go on without looking: runctl aws ${verbs[ending]} ${instanceId} --force`,
});

function unconfirmed(
  { instanceId, description, training }: EndingFacts,
  force: boolean,
): EndingStep {
  const first =
    training.kind === 'running'
      ? ` The training of run ${training.other.runId} would be saved and stopped first.`
      : '';
  return {
    kind: 'refuse',
    code: 'not-confirmed',
    message: `${description} would be terminated.${first} Nothing was done.`,
    why: 'Its root volume and all that is on it would be gone for good; other volumes and what is in S3 stay.',
    next: `runctl aws terminate ${instanceId}${force ? ' --force' : ''} --yes`,
  };
}
