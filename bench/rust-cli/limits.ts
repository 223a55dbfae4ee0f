/** Every bound of the comparison, with its reason. */
export const limits = {
  /** The Rust CLI asks 60 times, every 5 s, whether its Spot request is fulfilled. */
  spotCreateSeconds: 400,
  /** `--timeout 1` takes 30 looks of several SSM commands, of 2 s or more each. */
  waitSeconds: 600,
  /** A command that only starts or stops something. */
  commandSeconds: 120,
  /** How long a second start is watched: it has done what it does long before. */
  secondStartSeconds: 40,
  /** What a run of ours may take from start to end. */
  runSeconds: 240,
  /** How long is waited for a condition: a step in a log, a state of an instance. */
  conditionSeconds: 300,
  /** After a notice and the instance's end: what a tool does by then is what it does. */
  afterEndSeconds: 45,
  /** What EC2 gives. */
  noticeSeconds: 120,
  pollMs: 200,
} as const;
