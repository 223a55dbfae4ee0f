import type { FailurePattern } from './run-spec';

/**
 * What the last lines of a failed script's log tell about the reason, as regular expressions of Python's `re`: the
 * supervisor looks for them, since the log is there, and it can stop a pattern that takes too long.
 *
 * `{match}` in a reason stands for the text that was found. A row is not retried only where the same would happen on
 * every instance: a wrong `retried` costs an attempt of the error budget, a wrong `not retried` costs the run.
 */
const row = (pattern: string, reason: string, isRetried = true): FailurePattern => ({
  pattern,
  reason,
  isRetried,
});

/** What brings everything else down with it, wherever in the last lines it stands. */
const causes: readonly FailurePattern[] = [
  row(
    // PyTorch; the driver's own name for it; TensorFlow and JAX.
    String.raw`CUDA(?: error:)? out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|OutOfMemoryError: CUDA|RESOURCE_EXHAUSTED: Out of memory|OOM when allocating tensor`,
    'CUDA out of memory',
  ),
  row(
    String.raw`uncorrectable ECC|ECC_UNCORRECTABLE|NVRM: Xid|fallen off the bus|GPU is lost`,
    'GPU hardware error',
  ),
  row(
    String.raw`CUDA driver version is insufficient|NVIDIA driver on your system is too old|[Nn]o CUDA-capable device|Found no NVIDIA driver|Failed to initialize NVML|Driver/library version mismatch`,
    'CUDA driver or device not usable',
  ),
  row(
    String.raw`DataLoader worker \(pid\D*\d+\) is killed by signal: Bus error|insufficient shared memory`,
    'shared memory full (/dev/shm)',
  ),
  row(
    String.raw`is killed by signal: Killed|std::bad_alloc|^(?:\[rank\d+\]: ?)?MemoryError\b|Cannot allocate memory`,
    'out of memory',
  ),
];

/** What the other processes of a training say when one of them went down for a reason above. */
const consequences: readonly FailurePattern[] = [
  row(
    String.raw`\bnccl\w*Error\b|NCCL error|NCCL watchdog|Watchdog caught collective operation timeout|DistBackendError`,
    'NCCL error',
  ),
  row(String.raw`CUDA error: |CUBLAS_STATUS_|CUDNN_STATUS_`, 'CUDA error'),
];

/** Begins the line of an uncaught exception; torchrun puts the rank before it. */
const uncaught = String.raw`^(?:\[rank\d+\]: ?)?`;

/** The last words of the script: the line nearest to the end counts, since it may have survived those before. */
const lastWords: readonly FailurePattern[] = [
  row(String.raw`${uncaught}(?:ModuleNotFoundError|ImportError): .*`, '{match}', false),
  row(String.raw`${uncaught}(?:SyntaxError|IndentationError|TabError): .*`, '{match}', false),
  // A relative path is one of the script's own folder, which is the same on every instance.
  row(
    String.raw`${uncaught}FileNotFoundError: \[Errno 2\] No such file or directory: ["'](?!/).*`,
    '{match}',
    false,
  ),
  row(String.raw`can't open file .*: \[Errno 2\] No such file or directory`, '{match}', false),
  row(
    String.raw`^\S+: error: (?:unrecognized arguments|the following arguments are required|argument \S+).*`,
    '{match}',
    false,
  ),
  row(String.raw`No space left on device|Disk quota exceeded`, 'disk full'),
  row(String.raw`Permission denied|${uncaught}PermissionError\b.*`, 'permission denied'),
  row(
    String.raw`Connection(?:Reset|Refused|Aborted)?Error\b|Connection (?:reset|refused|timed out)|Temporary failure in name resolution|Name or service not known|Max retries exceeded|Read timed out`,
    'connection problem',
  ),
  // Not those that only report the failure of another process.
  row(
    String.raw`${uncaught}(?!\S*(?:ChildFailedError|CalledProcessError))(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt)(?::.*|$)`,
    '{match}',
  ),
];

/** In the order in which they count: a group that explains the failure ends the search. The user's own come first. */
export const failurePatternGroups = (
  own: readonly FailurePattern[],
): readonly (readonly FailurePattern[])[] =>
  [own, causes, consequences, lastWords].filter((group) => group.length > 0);
