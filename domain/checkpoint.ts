import type { Instant } from './instant';

/** A complete, verified save of training state in the store. */
export interface Checkpoint {
  readonly step: number;
  readonly attemptNumber: number;
  /** `runs/<runId>/checkpoints/<step>-a<attempt>-<nonce>/`; holds the files and `manifest.json`. */
  readonly prefix: string;
  readonly publishedAt: Instant;
}

/** `manifest.json`: written last, with If-None-Match; a checkpoint without one does not exist. */
export interface CheckpointManifest {
  readonly version: 1;
  readonly runId: string;
  readonly attemptNumber: number;
  readonly step: number;
  readonly publishedAt: Instant;
  /** Name of the file or folder in RUNCTL_CHECKPOINT_DIR. */
  readonly name: string;
  readonly kind: 'file' | 'folder';
  readonly files: readonly CheckpointFile[];
}

interface CheckpointFile {
  /** Relative to the checkpoint, with `/`. For a checkpoint that is one file: its name. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** `latest.json`: moved by compare-and-swap, and only by a writer whose attempt is not below `fence`. */
export interface LatestPointer {
  readonly version: 1;
  readonly runId: string;
  /** The newest attempt that has begun; a writer of an older attempt is refused. */
  readonly fence: number;
  readonly checkpoint: Checkpoint | null;
}
