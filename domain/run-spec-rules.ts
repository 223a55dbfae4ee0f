import type { Budgets, CheckpointPolicy, CompletionRules, DataTransfer } from './run-spec';

/** Patterns of the spec's texts; `docs/run-spec.schema.json` has the same ones. */
export const specPatterns = {
  runId: {
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    expectation: 'letters, digits, "-", "_" and ".", at most 64, the first one a letter or a digit',
  },
  sha256: { pattern: '^[0-9a-f]{64}$', expectation: 'a SHA-256 as 64 lower-case hex digits' },
  script: {
    pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\\\\\u0000-\\u001f]{1,512}$',
    expectation: 'the path of a file inside the code archive, with "/", without ".."',
  },
  argument: { pattern: '^[^\\u0000]*$', expectation: 'a text' },
  variable: {
    pattern: '^(?!RUNCTL_)[A-Za-z_][A-Za-z0-9_]*$',
    expectation: 'the name of an environment variable that does not begin with RUNCTL_',
  },
  instanceType: {
    pattern: '^[a-z][a-z0-9-]{0,30}\\.[a-z0-9-]{1,20}$',
    expectation: 'an instance type such as "g5.xlarge"',
  },
  zone: {
    pattern: '^[a-z]{2}[a-z0-9-]{3,37}$',
    expectation: 'an Availability Zone such as "us-east-1a"',
  },
  instanceId: {
    pattern: '^i-[0-9a-f]{8,17}$',
    expectation: 'the id of an instance such as "i-0123456789abcdef0"',
  },
  fileName: {
    pattern: '^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f]{1,255}$',
    expectation: 'the name of a file, without a folder',
  },
  regularExpression: {
    pattern: '^[^\\u0000]{1,500}$',
    expectation: 'a regular expression of 1 to 500 characters',
  },
  reason: {
    pattern: '^[^\\u0000-\\u001f]{1,120}$',
    expectation: 'a phrase of 1 to 120 characters',
  },
  secret: {
    pattern: '^ssm:/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$',
    expectation: 'the name of an SSM parameter such as "ssm:/training/api-key"',
  },
  s3Uri: {
    pattern: '^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\\u0000-\\u001f]*)?$',
    expectation: 'an address such as "s3://bucket/prefix"',
  },
  image: {
    pattern: '^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}$',
    expectation: 'the name of a container image such as "pytorch/pytorch:2.9.1"',
  },
} as const;

/** Bounds of the spec's numbers and lists, inclusive. */
export const specBounds = {
  sizeBytes: { min: 1, max: 5_368_709_120 },
  scriptArgs: { min: 0, max: 200 },
  instanceTypes: { min: 1, max: 20 },
  zones: { min: 0, max: 20 },
  keepLast: { min: 1, max: 1_000 },
  saveTimeoutSeconds: { min: 1, max: 3_600 },
  maxErrors: { min: 0, max: 1_000 },
  maxInterruptions: { min: 0, max: 1_000_000 },
  maxAttemptsWithoutProgress: { min: 0, max: 1_000 },
  maxCapacityWaitSeconds: { min: 0, max: 2_592_000 },
  spotMaxPriceUsdPerHour: { min: 0.0001, max: 1_000 },
  maxCostUsd: { min: 0.01, max: 10_000_000 },
  graceSeconds: { min: 0, max: 86_400 },
  hangTimeoutSeconds: { min: 1, max: 2_592_000 },
  failurePatterns: { min: 0, max: 20 },
} as const;

/** What a spec means by leaving a field out. */
export const specDefaults = {
  purchase: 'spot',
  fallback: 'none',
  // The trainer must be done before the notice of two minutes is over, and publishing needs its share.
  checkpoints: { keepLast: 3, strictResume: false, saveTimeoutSeconds: 90 },
  // Two errors are survived, so that a crash of the machine's making does not end a run; a broken script ends it soon.
  budgets: {
    maxErrors: 2,
    maxInterruptions: null,
    maxAttemptsWithoutProgress: 5,
    maxCapacityWaitSeconds: 86_400,
    maxCostUsd: null,
  },
  completion: {
    markerName: 'training_complete.txt',
    logPattern: null,
    graceSeconds: 30,
    hangTimeoutSeconds: null,
    failurePatterns: [],
  },
  data: { inputUri: null, outputUri: null },
  dependencies: 'auto',
  container: { metadata: 'blocked', keep: 'nothing' },
} as const satisfies {
  purchase: string;
  fallback: string;
  checkpoints: CheckpointPolicy;
  budgets: Budgets;
  completion: CompletionRules;
  data: DataTransfer;
  dependencies: string;
  container: { metadata: string; keep: string };
};
