import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { failurePatternGroups } from '../../domain/failure-patterns';
import type { FailurePattern } from '../../domain/run-spec';

/** Ends of logs as they are met, and what is said of them; `!` marks what is not tried again. */
const cases: readonly (readonly [log: string, reason: string | null])[] = [
  [
    'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB',
    'CUDA out of memory',
  ],
  ['RuntimeError: CUDA error: out of memory', 'CUDA out of memory'],
  ['jaxlib.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying', 'CUDA out of memory'],
  [
    'torch.OutOfMemoryError: CUDA out of memory.\n[rank1]: torch.distributed.DistBackendError: NCCL error in: x\ntorch.distributed.elastic.multiprocessing.errors.ChildFailedError:',
    'CUDA out of memory',
  ],
  ['RuntimeError: CUDA error: uncorrectable ECC error encountered', 'GPU hardware error'],
  [
    'RuntimeError: The NVIDIA driver on your system is too old (found version 11040).',
    'CUDA driver or device not usable',
  ],
  ['RuntimeError: No CUDA GPUs are available', 'RuntimeError: No CUDA GPUs are available'],
  [
    "RuntimeError: DataLoader worker (pid 13) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.",
    'shared memory full (/dev/shm)',
  ],
  ['RuntimeError: DataLoader worker (pid 13) is killed by signal: Killed. ', 'out of memory'],
  ['MemoryError', 'out of memory'],
  [
    '[E ProcessGroupNCCL.cpp:607] [Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=1)',
    'NCCL error',
  ],
  ['ncclUnhandledCudaError: Call to CUDA function failed.', 'NCCL error'],
  ['RuntimeError: CUDA error: an illegal memory access was encountered', 'CUDA error'],
  ["OSError: [Errno 28] No space left on device: 'x.pt'", 'disk full'],
  [
    "Traceback (most recent call last):\nModuleNotFoundError: No module named 'torch'",
    "ModuleNotFoundError: No module named 'torch' !",
  ],
  [
    "[rank0]: ImportError: cannot import name 'a'",
    "[rank0]: ImportError: cannot import name 'a' !",
  ],
  ['    x = = 1\n        ^\nSyntaxError: invalid syntax', 'SyntaxError: invalid syntax !'],
  ['IndentationError: unexpected indent', 'IndentationError: unexpected indent !'],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: 'config.yaml'",
    "FileNotFoundError: [Errno 2] No such file or directory: 'config.yaml' !",
  ],
  [
    "FileNotFoundError: [Errno 2] No such file or directory: '/mnt/data/a'",
    "FileNotFoundError: [Errno 2] No such file or directory: '/mnt/data/a'",
  ],
  [
    "python3: can't open file '/x/y.py': [Errno 2] No such file or directory",
    "can't open file '/x/y.py': [Errno 2] No such file or directory !",
  ],
  [
    'train.py: error: unrecognized arguments: --epoch 3',
    'train.py: error: unrecognized arguments: --epoch 3 !',
  ],
  ["PermissionError: [Errno 13] Permission denied: '/data'", 'permission denied'],
  ['requests.exceptions.ConnectionError: HTTPSConnectionPool(host=x)', 'connection problem'],
  ['socket.gaierror: [Errno -3] Temporary failure in name resolution', 'connection problem'],
  ["KeyError: 'loss'", "KeyError: 'loss'"],
  ["ImportError: no flash_attn, going on\nstep 3\nKeyError: 'loss'", "KeyError: 'loss'"],
  ['WARNING:root:ImportError: going on without\nstep 3/10', null],
  ['step 3/10 error 0.3 permission to go on', null],
];

const own: FailurePattern[] = [{ pattern: 'NaN', reason: 'loss is NaN', isRetried: false }];

/** Asks the supervisor's own search, as on an instance: the engine is Python's. */
function explain(logs: readonly string[], patterns: readonly FailurePattern[]): unknown[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'runctl-patterns-'));
  try {
    logs.forEach((log, index) => {
      writeFileSync(path.join(folder, String(index)), `step 1/10\n${log}\n`);
    });
    const program = [
      'import json, sys',
      'from runctl_supervisor.trainer.known_failure import find_known_failure',
      'groups, paths = json.load(sys.stdin)',
      'print(json.dumps([find_known_failure(path, groups)[0] for path in paths]))',
    ].join('\n');
    const paths = logs.map((_, index) => path.join(folder, String(index)));
    const output = execFileSync('python3', ['-c', program], {
      cwd: path.resolve(__dirname, '../../supervisor'),
      input: JSON.stringify([failurePatternGroups(patterns), paths]),
      encoding: 'utf8',
    });
    return JSON.parse(output) as unknown[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the last lines of a log tell why the script failed, and whether trying again can help', () => {
  const found = explain(
    cases.map(([log]) => log),
    [],
  );
  const expected = cases.map(([, text]) =>
    text === null ? null : { reason: text.replace(/ !$/, ''), isRetried: !text.endsWith(' !') },
  );
  expect(found).toEqual(expected);
});

test("the user's own patterns come before the others, wherever they stand in the log", () => {
  expect(explain(['NaN\nRuntimeError: CUDA out of memory'], own)).toEqual([
    { reason: 'loss is NaN', isRetried: false },
  ]);
});

test('the patterns are small enough to be told to an instance with each start', () => {
  expect(JSON.stringify(failurePatternGroups([])).length).toBeLessThan(4_000);
});
