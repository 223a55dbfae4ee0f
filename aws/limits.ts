/** Every bound of the cloud calls, with its unit and its reason. */

export const connectionLimits = {
  /** A TCP and TLS handshake within a region takes milliseconds; past this the route is broken. */
  connectMs: 5_000,
  /** AWS publishes no server-side time limit; control-plane calls answer within a few seconds. */
  requestMs: 30_000,
  /** No byte for so long on an S3 transfer means that the connection is dead, whatever the object's size. */
  idleMs: 30_000,
  /** Adaptive retries of the read-only calls; each waits at most 20 s, so a poll still ends within its activity. */
  readTries: 4,
} as const;

export const launchLimits = {
  /** Enough choice for EC2 (types × zones) while the request stays small; the list is ordered as the user gave it. */
  maxPools: 100,
  /** A token is burnt only when its instance ended; more than a few in one try means something else is wrong. */
  maxBurntTokens: 3,
  /** Tries to see a launch whose reply was ambiguous: tags are eventually consistent. */
  lookUpTries: 4,
  lookUpDelayMs: 500,
  /** A command's launch whose reply is lost is asked for again, with the same token, so often. */
  ownLaunchTries: 4,
  /** An error code that is in no table is repeated so often, then it is for a person. */
  unknownCodeTries: 3,
  /** Instance types, subnets and images of an account hardly change; a new subnet is seen after this. */
  placementCacheMs: 10 * 60_000,
  /** A launch template or profile made a moment ago may not be known everywhere yet (IAM and EC2 propagation). */
  maxPages: 50,
} as const;

export const readerLimits = {
  /** Reads that come within one window become one call. */
  windowMs: 100,
  /** Karpenter's batch size for DescribeInstances by id; EC2 accepts up to 1,000. */
  maxInstancesPerDescribe: 500,
  /** Ids that a batch could not read are asked one by one, so many at a time. */
  parallelReads: 5,
  /** Several activities of one run may look within the same second. */
  cacheMs: 1_000,
} as const;

export const commandLimits = {
  /** SendCommand takes at most 50 instance ids; a page of ListCommandInvocations holds as many. */
  maxInstancesPerCommand: 50,
  /** The least that SendCommand accepts; a command that has not begun by then never runs. */
  deliverySeconds: 30,
  /** The agent turns anything below 5 into an hour. */
  minExecutionSeconds: 5,
  statusExecutionSeconds: 30,
  /** Two looks half a second apart, and nvidia-smi, which may load a driver first. */
  usageExecutionSeconds: 30,
  /** An answer to `status` takes a second or two; an instance that needs longer counts as silent for this poll. */
  statusWaitMs: 10_000,
  /** What publishing a last checkpoint may take after the trainer has ended. */
  publishSeconds: 60,
  firstPollMs: 100,
  pollGrowth: 1.5,
  maxPollMs: 1_000,
  /** EC2 is asked beside SSM, since a command on an instance that vanished stays InProgress for long. */
  instanceCheckMs: 2_000,
  /** The exact limit of `commands` is not published; anything bigger belongs into S3. */
  maxScriptBytes: 16_384,
} as const;

export const storeLimits = {
  /** A lost race means that somebody else advanced; more losses in a row than this cannot be a race. */
  maxFenceTries: 20,
  /** Damaged checkpoints are rare; looking at more than these would delay the resume. */
  maxResumeCandidates: 20,
  parallelHeads: 16,
  /** S3 copies up to 5 GB in one call; parts of this size take seconds each and keep within the 10,000 that it takes. */
  copyPartBytes: 512 * 1024 * 1024,
  parallelParts: 4,
  /** Files of a checkpoint that are copied at the same time, each perhaps in parts. */
  parallelCopies: 4,
  /** 1,000 keys a page. */
  maxListPages: 1_000,
  /** DeleteObjects takes at most 1,000 keys. */
  maxKeysPerDelete: 1_000,
  /** The first command of an attempt downloads at once; the rest is for a slow boot. */
  presignedSeconds: 900,
} as const;

export const priceLimits = {
  /** List prices change a few times a year. */
  onDemandCacheMs: 24 * 3_600_000,
  /** A price list that does not answer, or a permission that is missing, is tried again after this. */
  retryMs: 10 * 60_000,
  /** A handshake or an answer that takes longer must not hold up a launch: there is a table. */
  pricingMs: 5_000,
  /** The filters leave one product; some types are listed twice. */
  productsPerPage: 10,
  /** Spot prices change a few times a day: a change is seen after this. */
  spotCacheMs: 5 * 60_000,
  /** A change may be told a moment after it happened. */
  publicationMs: 60_000,
  /** Filters of one call take 200 values each. */
  poolsPerCall: 100,
  /** Above that a history has so many changes that one call for many pools would take many pages. */
  shortHistoryMs: 48 * 3_600_000,
} as const;

export const releaseLimits = {
  /** EC2 answers TerminateInstances with `shutting-down`; the describe that follows may lag. */
  confirmTries: 20,
  confirmDelayMs: 500,
  /** EC2 forgets an ended instance after about this; one that it no longer knows ended before. */
  rememberedMs: 3_600_000,
  /** EC2 accepts 1,000 ids. */
  maxInstancesPerTerminate: 500,
} as const;

export const powerLimits = {
  /** Between two looks at an instance that changes its state. */
  lookMs: 1_000,
  /** Stopping saves what the operating system holds; EC2 forces it after some minutes. */
  stateWaitMs: 10 * 60_000,
  /** Booting takes about a minute; what is not there after this does not come. */
  agentWaitMs: 15 * 60_000,
} as const;
