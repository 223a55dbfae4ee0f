import type { Instant } from './instant';

/** What a training and its instance use at one moment: the supervisor's answer to `processes`. */
export interface MachineUsage {
  readonly at: Instant;
  /** Whose training is on the instance; null when nothing was ever started there. */
  readonly runId: string | null;
  readonly attemptNumber: number | null;
  /** As in {@link SupervisorReport}. */
  readonly state: string | null;
  readonly cpu: {
    readonly count: number;
    /** Of all processors together, over half a second. */
    readonly percent: number;
    /** Over the last minute, five minutes and a quarter of an hour. */
    readonly load: readonly number[];
  };
  readonly memory: {
    readonly totalBytes: number;
    readonly usedBytes: number;
    readonly swapUsedBytes: number;
  };
  readonly disks: readonly DiskUsage[];
  /** Empty where there is none, or no nvidia-smi that answers. */
  readonly gpus: readonly GpuUsage[];
  /** Those of the training that use most; `processCount` counts all. */
  readonly processes: readonly ProcessUsage[];
  readonly processCount: number;
}

export interface DiskUsage {
  readonly path: string;
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
}

/** Null where the card does not know a value. */
export interface GpuUsage {
  readonly index: number;
  readonly name: string;
  readonly percent: number | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly celsius: number | null;
  readonly watts: number | null;
}

export interface ProcessUsage {
  readonly pid: number;
  readonly role: 'trainer' | 'supervisor' | 'child';
  /** Of one processor, as `top` counts. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly ageSeconds: number;
  /** Its name; with its arguments when they were asked for. */
  readonly command: string;
  /** The kernel's letter (R runs, S sleeps, D waits for a disk); only when details were asked for. */
  readonly state?: string | undefined;
  readonly threads?: number | undefined;
}
