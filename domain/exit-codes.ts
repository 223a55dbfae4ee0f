import type { FailureCode } from './failure';

/** What a script that calls `runctl` can rely on. `runctl help exit-codes` prints this table. */
export const exitCodes = {
  ok: { value: 0, meaning: 'done; with --wait or --follow: the run completed, or was stopped' },
  failed: {
    value: 1,
    meaning: 'the run failed; doctor found something missing; the demo saw a broken promise',
  },
  usage: { value: 2, meaning: 'arguments, settings or the script are not usable as given' },
  notFound: { value: 3, meaning: 'no such run or instance, or the run has none now' },
  credentials: { value: 4, meaning: 'no AWS credentials, or they may not do this' },
  temporal: { value: 5, meaning: 'no Temporal server: none found, or it does not answer' },
  cloud: { value: 6, meaning: 'the cloud refused, has no capacity, or does not answer' },
  conflict: { value: 7, meaning: 'already there: a run, a port, an environment' },
  alreadyRunning: { value: 8, meaning: 'a training runs on the instance already' },
  heldBack: { value: 9, meaning: 'not done: --yes is missing, or the instance is protected' },
  internal: { value: 70, meaning: 'a bug in runctl; --debug shows where' },
  interrupted: { value: 130, meaning: 'ended by Ctrl-C' },
} as const;

type ExitCodeName = keyof typeof exitCodes;

// Total on purpose: a new failure code does not compile until somebody has said how a script sees it.
const exitCodeNames: Record<FailureCode, ExitCodeName> = {
  'capacity-shortage': 'cloud',
  'quota-exceeded': 'cloud',
  'launch-refused': 'cloud',
  'unknown-instance-type': 'usage',
  'not-authorized': 'credentials',
  'no-credentials': 'credentials',
  'bucket-missing': 'cloud',
  'code-missing': 'cloud',
  'image-unavailable': 'cloud',
  'container-engine-missing': 'cloud',
  'container-not-started': 'cloud',
  'image-not-built': 'usage',
  'docker-missing': 'usage',
  'instance-not-ready': 'cloud',
  'already-running': 'alreadyRunning',
  'instance-not-usable': 'cloud',
  'instance-not-found': 'notFound',
  'instance-not-stoppable': 'cloud',
  'instance-protected': 'heldBack',
  'not-confirmed': 'heldBack',
  'no-instance': 'notFound',
  'instance-lost': 'failed',
  'trainer-failed': 'failed',
  'error-budget-spent': 'failed',
  'interruption-budget-spent': 'failed',
  'no-progress': 'failed',
  'pattern-unusable': 'usage',
  'max-cost-reached': 'failed',
  'too-many-instances': 'cloud',
  'alert-not-delivered': 'failed',
  'resume-ignored': 'failed',
  'child-terminated': 'failed',
  'run-id-taken': 'conflict',
  unexpected: 'failed',
  'aws-unavailable': 'cloud',
  'temporal-unreachable': 'temporal',
  'invalid-spec': 'usage',
  'invalid-input': 'usage',
  'run-not-found': 'notFound',
  'port-taken': 'conflict',
  'script-unusable': 'usage',
  'code-too-large': 'usage',
  'code-not-sendable': 'usage',
  'secret-in-code': 'usage',
  'dependencies-failed': 'failed',
  'data-missing': 'failed',
  'data-failed': 'failed',
  'secret-missing': 'failed',
  'storage-unreachable': 'cloud',
  'resume-unverified': 'failed',
  'trainer-not-started': 'failed',
  'cloud-not-chosen': 'usage',
  'local-cloud-unreachable': 'cloud',
  'temporal-server-missing': 'temporal',
  'worker-failed': 'failed',
  'already-up': 'conflict',
  'run-exists': 'conflict',
  'run-failed': 'failed',
  'internal-error': 'internal',
};

/** The exit code with which a command ends after this failure. */
export function exitCodeOf(code: FailureCode): number {
  return exitCodes[exitCodeNames[code]].value;
}

/** The table as text, for `runctl help exit-codes`. */
export function exitCodesText(): string {
  const rows = Object.values(exitCodes).map(
    ({ value, meaning }) => `${String(value).padStart(5)}  ${meaning}`,
  );
  return ['Exit codes:', ...rows].join('\n');
}
