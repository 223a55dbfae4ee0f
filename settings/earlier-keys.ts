import type { SettingName } from './setting-keys';

/** What became of a key of the earlier runctl's `.runctl.toml`. */
export type EarlierKey =
  | {
      readonly kind: 'setting';
      readonly name: SettingName;
      /** From the earlier form of the value to today's; what has another type stays, so that it is told as written. */
      readonly read?: (value: unknown) => unknown;
      /** From today's form to the earlier one; undefined when that cannot be said there. */
      readonly write?: (value: unknown) => unknown;
    }
  /** Means nothing any more; a note says what to do instead. */
  | { readonly kind: 'gone'; readonly instead: string };

const noRunpod = 'runs are on EC2 only; leave the section out';
const runsHaveIds = 'a run is found by its id (`runctl aws train --name`); leave it out';
const checkpointFolder =
  'a script saves to RUNCTL_CHECKPOINT_DIR, or to ./checkpoints, which leads there; no other folder is looked at';

/** Sections and keys as the earlier runctl wrote them. */
export const earlierKeys: Readonly<Record<string, Readonly<Record<string, EarlierKey>>>> = {
  aws: {
    region: { kind: 'setting', name: 'region' },
    default_instance_type: {
      kind: 'setting',
      name: 'instance_types',
      read: (value) => (typeof value === 'string' ? [value] : value),
      write: onlyItem,
    },
    default_ami: { kind: 'setting', name: 'ami' },
    use_spot: {
      kind: 'setting',
      name: 'purchase',
      read: (value) => (typeof value === 'boolean' ? (value ? 'spot' : 'on-demand') : value),
      write: (value) => value === 'spot',
    },
    spot_max_price: {
      kind: 'setting',
      name: 'spot_max_price',
      read: (value) => (typeof value === 'string' && value.trim() !== '' ? toNumber(value) : value),
      write: (value) => String(value),
    },
    iam_instance_profile: { kind: 'setting', name: 'instance_profile' },
    s3_bucket: { kind: 'setting', name: 'bucket' },
    default_project_name: { kind: 'gone', instead: runsHaveIds },
    user_id: { kind: 'gone', instead: runsHaveIds },
  },
  runpod: {
    api_key: { kind: 'gone', instead: noRunpod },
    default_gpu: { kind: 'gone', instead: noRunpod },
    default_disk_gb: { kind: 'gone', instead: noRunpod },
    default_image: { kind: 'gone', instead: noRunpod },
  },
  local: {
    default_device: {
      kind: 'gone',
      instead: 'TRAINCTL_DEVICE is "auto" unless `train --env TRAINCTL_DEVICE=…` says otherwise',
    },
    checkpoint_dir: { kind: 'gone', instead: checkpointFolder },
  },
  checkpoint: {
    dir: { kind: 'gone', instead: checkpointFolder },
    save_interval: { kind: 'gone', instead: 'how often to save is for the script to decide' },
    keep_last_n: { kind: 'setting', name: 'checkpoint_keep_last' },
  },
  monitoring: {
    log_dir: {
      kind: 'gone',
      instead: 'logs are kept in the bucket; `runctl aws monitor RUN` prints them',
    },
    update_interval_secs: {
      kind: 'gone',
      instead: 'poll_interval_seconds says how often the worker looks at a run',
    },
    enable_warnings: {
      kind: 'gone',
      instead: 'limits of cost warnings stand under [alerts]; 0 switches one off',
    },
  },
};

/** Variables that the earlier runctl read, with what to do instead. */
export const earlierVariables: Readonly<Record<string, string>> = {
  TRAINCTL_AUTO_RESUME:
    'every run resumes by itself; `train --max-interruptions 0` ends it instead',
  TRAINCTL_USE_SHELL_SYNC: 'the code goes through the bucket; nothing is sent by a shell',
};

/** Undefined for anything but a list of one. */
function onlyItem(value: unknown): unknown {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.length === 1 ? items[0] : undefined;
}

/** Keeps the text of what is no number, so that a message shows what was written. */
function toNumber(text: string): unknown {
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
