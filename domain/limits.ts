/** Bounds of what is kept, carried and said. Each with its unit and its reason. */
export const limits = {
  /** A spec is carried through every continue-as-new: with the rest of the state it must stay below 10 KB. */
  runSpecBytes: 4_500,
  /** Carried state is read on every replay and kept in every history of the chain. */
  carryOverBytes: 10_000,
  /** Ended attempts that the child carries; the parent keeps them all. */
  recentAttempts: 1,
  /** Rows that the parent keeps: at 1 KB each they stay below Temporal's 2 MiB for one payload. */
  ledgerRows: 1_000,
  /** Rows in the Markdown table of the Web UI: more do not fit a page. */
  shownAttempts: 20,
  /** A message in a row of the ledger, in bytes of JSON. */
  recordMessageBytes: 240,
  /** Points of a loss curve: more than a line of text shows, and some 400 bytes wherever they travel. */
  lossPoints: 24,
  /** What failed, in a row of the ledger; the message has it whole. */
  recordReasonBytes: 120,
  /** Pools that are remembered as short of capacity. */
  avoidedPools: 8,
  /** After that a pool that failed may be tried again like any other. */
  avoidPoolSeconds: 600,
  /** Notices kept while a launch is under way; more are stale, since one launch gives one instance. */
  keptNotices: 16,
  /** Requests for a checkpoint that wait for one answer. */
  saveRequests: 32,
  /** Alerts that are remembered and shown, beside those in force: as many as a run has thresholds. */
  raisedAlerts: 4,
  /** Messages that the parent holds while the child is not there yet. */
  outbox: 64,
} as const;
