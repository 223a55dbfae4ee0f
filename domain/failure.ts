/**
 * One table drives whether a failure is repeated, what is said of it, and its heading in docs/failures.md.
 *
 * transient: goes away by itself within seconds. intermittent: needs waiting. permanent: needs a person.
 */
export type FailureCategory = 'transient' | 'intermittent' | 'permanent';

interface FailureEntry {
  readonly category: FailureCategory;
  /** What to do next, as a sentence. */
  readonly advice: string;
}

export const failureTable = {
  'capacity-shortage': {
    category: 'intermittent',
    advice: 'Add instance types or zones, or allow On-Demand with --fallback on-demand.',
  },
  'quota-exceeded': {
    category: 'intermittent',
    advice: 'Ask AWS for a higher vCPU quota for this family, or use another instance family.',
  },
  'launch-refused': {
    category: 'permanent',
    advice: 'Correct the setting that EC2 names; repeating the request cannot help.',
  },
  'unknown-instance-type': {
    category: 'permanent',
    advice:
      'Check the spelling; `aws ec2 describe-instance-type-offerings` lists what the region has.',
  },
  'not-authorized': {
    category: 'permanent',
    advice:
      'Add the permission to the role named in the message; docs/iam holds complete policies.',
  },
  'no-credentials': {
    category: 'permanent',
    advice: 'Log in to AWS (`aws sso login`, or set AWS_ACCESS_KEY_ID), or use --cloud local.',
  },
  'bucket-missing': {
    category: 'permanent',
    advice: 'Create the bucket, or correct `bucket` in .runctl.toml.',
  },
  'code-missing': {
    category: 'permanent',
    advice: 'Start the run again, so that the code is staged again.',
  },
  'image-unavailable': {
    category: 'permanent',
    advice:
      "Correct the image's name, or let the instance's role read it: docs/iam holds the policy.",
  },
  'container-engine-missing': {
    category: 'permanent',
    advice:
      'Use a machine image with Docker: set `ami` or `ami_parameter` in .runctl.toml (README, "Containers").',
  },
  'container-not-started': {
    category: 'permanent',
    advice: 'Correct what the container engine names, and start the run again.',
  },
  'image-not-built': {
    category: 'permanent',
    advice: 'Correct what docker names, and try again.',
  },
  'docker-missing': {
    category: 'permanent',
    advice: 'Install Docker and start it, or name an image that is built already: --docker-image.',
  },
  'instance-not-ready': {
    category: 'intermittent',
    advice: 'Check that the AMI has the SSM agent and the subnet reaches SSM.',
  },
  'already-running': {
    category: 'permanent',
    advice: 'Wait for it, stop it, or use another instance.',
  },
  'instance-not-usable': {
    category: 'permanent',
    advice:
      'Start it with `runctl aws start-instance`, or let runctl launch one with --instance-type.',
  },
  'instance-not-found': {
    category: 'permanent',
    advice: 'Check the id and the region; `aws ec2 describe-instances` lists what is there.',
  },
  'instance-not-stoppable': {
    category: 'permanent',
    advice: 'Let it run, or give it back with `runctl aws terminate`.',
  },
  'instance-protected': {
    category: 'permanent',
    advice: 'Take the protection away first, if the instance is really not needed any more.',
  },
  'not-confirmed': {
    category: 'permanent',
    advice: 'Repeat the command with --yes.',
  },
  'no-instance': {
    category: 'permanent',
    advice:
      '`runctl aws status` shows where the run is; `runctl aws list --open` shows what goes on.',
  },
  'instance-lost': {
    category: 'permanent',
    advice:
      'Start the run on another instance, or let runctl launch one with --instance-type: that survives a loss.',
  },
  'trainer-failed': {
    category: 'permanent',
    advice: 'Read the last lines of the log, correct the script, and start the run again.',
  },
  'error-budget-spent': {
    category: 'permanent',
    advice:
      'Read the last lines of the log and correct the script; --max-errors allows more tries.',
  },
  'interruption-budget-spent': {
    category: 'permanent',
    advice:
      'Start the run again with --on-demand capacity, which is not taken back, or raise --max-interruptions.',
  },
  'no-progress': {
    category: 'permanent',
    advice:
      'Save a checkpoint more often (RUNCTL_CHECKPOINT_DIR), use --on-demand capacity, which is not taken back, or raise --max-attempts-without-progress.',
  },
  'pattern-unusable': {
    category: 'permanent',
    advice: "Correct the pattern: it is a regular expression of Python's re module.",
  },
  'max-cost-reached': {
    category: 'permanent',
    advice:
      'The newest checkpoint is kept: `runctl aws checkpoint resume RUN` goes on from it, and may spend as much again.',
  },
  'too-many-instances': {
    category: 'permanent',
    advice:
      'Wait until runs have ended (`runctl aws list --open`), or raise `max_instances` under [alerts] in .runctl.toml and start the worker again.',
  },
  'alert-not-delivered': {
    category: 'intermittent',
    advice:
      'Nothing has to be done for the run. Correct `command` or `webhook` under [alerts] in .runctl.toml and start the worker again; it is tried for a day.',
  },
  'resume-ignored': {
    category: 'permanent',
    advice: 'Let the script load RUNCTL_RESUME_FROM, or leave out --strict-resume.',
  },
  'child-terminated': {
    category: 'permanent',
    advice: 'Start the run again; to end one in good order, use cancel or `runctl aws stop`.',
  },
  'run-id-taken': {
    category: 'permanent',
    advice: 'Wait until the earlier run of that name has cleaned up, or choose another name.',
  },
  unexpected: {
    category: 'permanent',
    advice: 'Look at the failed activity in the Web UI; its message names the cause.',
  },
  'aws-unavailable': { category: 'transient', advice: 'Nothing to do: the call is repeated.' },
  'temporal-unreachable': {
    category: 'permanent',
    advice: 'Start one with `runctl up`, or set TEMPORAL_ADDRESS.',
  },
  'invalid-spec': {
    category: 'permanent',
    advice: 'Correct the fields named and start the run again.',
  },
  'invalid-input': {
    category: 'permanent',
    advice: 'Correct the arguments named; --help lists them.',
  },
  'run-not-found': { category: 'permanent', advice: '`runctl aws list` shows the runs.' },
  'port-taken': {
    category: 'permanent',
    advice: 'End the process that holds the port, or choose another port.',
  },
  'script-unusable': {
    category: 'permanent',
    advice: 'Give the path of a script that is there, is not empty, and lies in your project.',
  },
  'code-too-large': {
    category: 'permanent',
    advice: 'Keep data out of the code: name it in .gitignore, or put it in S3.',
  },
  'code-not-sendable': {
    category: 'permanent',
    advice: 'Name it in .gitignore, or put in its place what the instance can use.',
  },
  'secret-in-code': {
    category: 'permanent',
    advice:
      'Name them in .gitignore and hand secrets over with --secret, or send a file along on purpose with --include-secret-file.',
  },
  'dependencies-failed': {
    category: 'permanent',
    advice:
      'Correct what the script says that it needs, or bring it in the machine image and use --no-install.',
  },
  'data-missing': {
    category: 'permanent',
    advice: 'Correct the address; `aws s3 ls` shows what is there.',
  },
  'data-failed': {
    category: 'permanent',
    advice: 'Correct what the message names: the objects, or the size of the disk of the instance.',
  },
  'secret-missing': {
    category: 'permanent',
    advice: 'Put the parameter there with `aws ssm put-parameter --type SecureString`.',
  },
  'storage-unreachable': {
    category: 'permanent',
    advice:
      'Check that the subnet of the instances reaches S3 and that the bucket lets their role in.',
  },
  'resume-unverified': {
    category: 'permanent',
    advice: 'Begin a new run at an older one with `runctl aws checkpoint resume RUN STEP`.',
  },
  'trainer-not-started': {
    category: 'permanent',
    advice: 'Correct the first line of the script, or give a script that the image can run.',
  },
  'cloud-not-chosen': {
    category: 'permanent',
    advice: 'Say --cloud local or --cloud aws, or set `cloud` in .runctl.toml.',
  },
  'local-cloud-unreachable': {
    category: 'permanent',
    advice: 'Start it with `runctl up`.',
  },
  'temporal-server-missing': {
    category: 'permanent',
    advice:
      'Put `temporal` on PATH, set TEMPORAL_ADDRESS, or install Go so that runctl can build it.',
  },
  'worker-failed': {
    category: 'permanent',
    advice: 'Correct what the message names and start it again with `runctl worker`.',
  },
  'already-up': { category: 'permanent', advice: 'Use it, or end it with `runctl down`.' },
  'run-exists': { category: 'permanent', advice: 'Choose another --name.' },
  'internal-error': {
    category: 'permanent',
    advice: 'This is a bug in runctl: run it again with --debug and report what it prints.',
  },
  'run-failed': {
    category: 'permanent',
    advice: '`runctl aws status` and `runctl aws monitor` show what happened.',
  },
} as const satisfies Record<string, FailureEntry>;

export type FailureCode = keyof typeof failureTable;

/** Whether this version knows the code. */
export const isFailureCode = (code: string): code is FailureCode =>
  Object.hasOwn(failureTable, code);

/** What to do next about a failure, as a sentence; also for a code that another version of the worker made up. */
export const adviceFor = (code: string): string =>
  failureTable[isFailureCode(code) ? code : 'unexpected'].advice;

/** An expected, coded, explained failure: what happened (`message`), why, and what to do next. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly why: string;
  readonly next: string;
  /** What a program may want to know beside the code; part of the error's JSON document. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: FailureCode,
    message: string,
    options: {
      why?: string;
      next?: string;
      details?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.why = options.why ?? '';
    this.next = options.next ?? failureTable[code].advice;
    this.details = options.details ?? {};
  }

  get category(): FailureCategory {
    return failureTable[this.code].category;
  }
}
