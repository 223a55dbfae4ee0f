/** Every bound of the client: what it limits, its unit in the name, and the reason. */
export const limits = {
  /** A dev server answers within a second; a loaded machine may need much longer. */
  temporalReadySeconds: 60,
  /** The local cloud only opens a port. */
  localCloudReadySeconds: 30,
  /** Bundling workflows takes seconds on a small machine. */
  workerReadySeconds: 90,
  /** How long a process of ours may take to end after SIGTERM before SIGKILL. */
  processEndSeconds: 15,
  /** Two processes may pick the same free port at the same moment; a third time in a row is something else. */
  portAttempts: 5,
  /** What is read of the log of a server that did not start: its words and the stacks of a panic. */
  temporalLogLines: 2_000,
  /** A fresh build of the server took 3 min 41 s on two cores; slower machines exist. */
  serverInstallSeconds: 1_200,
  /** One request of the official download, so that a machine without internet goes on soon. */
  downloadConnectSeconds: 5,
  /** Another process may be installing the same server. */
  installLockSeconds: 1_260,
  /** A query needs a live worker; without one the server would let it wait for ten seconds. */
  queryTimeoutSeconds: 5,
  /** How often --follow, --wait and the demo look. */
  followIntervalMs: 1_000,
  /** Largest staged code archive, in bytes, unless configured: data belongs in S3, not in the code. */
  codeArchiveBytes: 200 * 1024 * 1024,
  /** What git prints of a project of a million files. */
  fileListBytes: 256 * 1024 * 1024,
  /** Lines of git's own explanation that are passed on. */
  gitErrorLines: 8,
  /** Repositories inside of repositories; more than this is a circle of links or mounts. */
  nestedRepositories: 10,
  /** Files named in an error about what cannot be sent along. */
  refusedFilesShown: 20,
  /** Files named in the error about a too large archive. */
  largestFilesShown: 5,
  /** How long `train` waits to name the process of a training that has just begun on the same instance. */
  trainerPidSeconds: 15,
  /** An instance that runs takes or refuses a training within seconds; after this `train` returns without its word. */
  acceptanceSeconds: 180,
  /** How long `stop` waits for the end: longer than a save and a release take, unless nobody works on them. */
  stopSeconds: 600,
  /** Attempts that are looked at to find the run on an instance: more than can want it at the same moment. */
  runsOnInstance: 20,
  /** Looks at the account that may be under way, or have failed, before the last that tells something. */
  accountLooks: 3,
  /** Runs shown by `list` unless --limit or --all says otherwise. */
  listedRuns: 50,
  /** Runs that `list` looks at, the newest: more are a matter for Temporal's own search. */
  scannedRuns: 1_000,
  /** Workflow ids named in one search of Temporal's: well below the 1 MB that its server takes. */
  idsPerSearch: 100,
  /** Runs, buckets' folders and prices that are read at the same time. */
  parallelReads: 10,
  /** As the worker's reaper: an instance younger than this may belong to a run that is not visible yet. */
  orphanGraceSeconds: 15 * 60,
  /** Seconds between two looks of --watch. */
  watchSeconds: 2,
  watchSecondsMin: 0.2,
  watchSecondsMax: 3_600,
  /** Python compiles a pattern within milliseconds; the instance checks again. */
  patternCheckSeconds: 10,
  /** Log lines shown by `monitor` unless --lines says otherwise. */
  monitorLines: 20,
  /** How long --follow outlives a server or a bucket that does not answer: longer than a laptop's sleepy network. */
  followOutageSeconds: 900,
  /** A longer line of a log is given in pieces, so that a script that never ends its line fills no memory. */
  logLineBytes: 1024 * 1024,
  /** Largest number of lines that `monitor` keeps for its JSON document; the text has no bound. */
  logDocumentLines: 100_000,
  /** The end of what docker said, for an error: a failed build says why in its last lines. */
  dockerWordsCharacters: 2_000,
  /** What is kept of an answer of docker's; those that are read have a line. */
  dockerOutputCharacters: 64 * 1024,
  /** One look at the admin API of the local cloud. */
  localCloudRequestSeconds: 15,
} as const;
