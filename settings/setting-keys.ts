import { z } from 'zod';
import { alertKeys } from './alert-keys';

const text = z.string().trim().min(1, 'expected some text');
const seconds = z.number().positive('expected a number of seconds above 0');
const texts = z.array(text);

/**
 * Every setting: its key in `.runctl.toml` and in the user's file, the environment variable that overrides both, and
 * what is allowed. Lists are comma-separated in the environment.
 */
export const settingKeys = {
  /** Which cloud commands talk to. */
  cloud: { schema: z.enum(['local', 'aws']), environment: ['RUNCTL_CLOUD'], kind: 'text' },
  region: { schema: text, environment: ['AWS_REGION', 'AWS_DEFAULT_REGION'], kind: 'text' },
  /** Holds code, checkpoints and logs. */
  bucket: { schema: text, environment: ['RUNCTL_BUCKET'], kind: 'text' },
  /** Name or ARN of the instance profile that instances run under. */
  instance_profile: { schema: text, environment: ['RUNCTL_INSTANCE_PROFILE'], kind: 'text' },
  ami: { schema: text, environment: ['RUNCTL_AMI'], kind: 'text' },
  /** SSM parameter that names the AMI; used when `ami` is not set. */
  ami_parameter: { schema: text, environment: ['RUNCTL_AMI_PARAMETER'], kind: 'text' },
  /** Size of an instance's root volume; not said, what the image asks for. */
  root_volume_gib: {
    schema: z
      .int('expected a whole number of GiB above 0')
      .positive('expected a whole number of GiB above 0'),
    environment: ['RUNCTL_ROOT_VOLUME_GIB'],
    kind: 'number',
  },
  subnets: { schema: texts, environment: ['RUNCTL_SUBNETS'], kind: 'list' },
  security_groups: { schema: texts, environment: ['RUNCTL_SECURITY_GROUPS'], kind: 'list' },
  /** Used by `train` when no --instance-type is given. */
  instance_types: { schema: texts, environment: ['RUNCTL_INSTANCE_TYPES'], kind: 'list' },
  zones: { schema: texts, environment: ['RUNCTL_ZONES'], kind: 'list' },
  /** Used by `train` when neither --spot nor --on-demand is given. */
  purchase: {
    schema: z.enum(['spot', 'on-demand'], 'expected "spot" or "on-demand"'),
    environment: ['RUNCTL_PURCHASE'],
    kind: 'text',
  },
  /** US dollars for an hour of a Spot instance; not said, EC2's own limit holds: the On-Demand price. */
  spot_max_price: {
    schema: z
      .number('expected a number of US dollars above 0')
      .positive('expected a number of US dollars above 0'),
    environment: ['RUNCTL_SPOT_MAX_PRICE'],
    kind: 'number',
  },
  /** Used by `train` when --checkpoint-keep-last is not given. */
  checkpoint_keep_last: {
    schema: z.int('expected a whole number above 0').positive('expected a whole number above 0'),
    environment: ['RUNCTL_CHECKPOINT_KEEP_LAST'],
    kind: 'number',
  },
  poll_interval_seconds: {
    schema: seconds,
    environment: ['RUNCTL_POLL_INTERVAL_SECONDS'],
    kind: 'number',
  },
  /** How long an instance outlives a control plane that is gone. */
  lease_seconds: { schema: seconds, environment: ['RUNCTL_LEASE_SECONDS'], kind: 'number' },
  code_limit_mb: {
    schema: z.number().positive('expected a number of megabytes above 0'),
    environment: ['RUNCTL_CODE_LIMIT_MB'],
    kind: 'number',
  },
  ...alertKeys,
} as const satisfies Record<string, SettingKey>;

interface SettingKey {
  readonly schema: z.ZodType;
  readonly environment: readonly string[];
  /** How the text of an environment variable is read. */
  readonly kind: 'text' | 'list' | 'number' | 'flag';
}

export type SettingName = keyof typeof settingKeys;

/** What is set, under the keys of the file; a key is absent when nobody said anything. */
export type SettingValues = {
  readonly [Name in SettingName]?: z.infer<(typeof settingKeys)[Name]['schema']>;
};
