import type { CloudSettings, MachineImage } from '../aws/cloud-settings';
import { Failure } from '../domain/failure';
import type { SettingName, SettingValues } from './setting-keys';

/** Amazon Linux 2023: has the SSM agent and Python. Images for GPUs are named by `ami` or `ami_parameter`. */
const defaultImageParameter =
  '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

/**
 * The settings of `aws/` out of what was configured. A client that only stages code and reads logs needs no instance
 * profile; a worker does.
 *
 * @throws invalid-input  Names every setting that is missing.
 */
export function requireCloudSettings(
  values: SettingValues,
  user: 'client' | 'worker',
): CloudSettings {
  const { region, bucket, instance_profile: instanceProfile } = values;
  const needed: Partial<Record<SettingName, string | undefined>> =
    user === 'worker' ? { region, bucket, instance_profile: instanceProfile } : { region, bucket };
  const missing = Object.keys(needed).filter(
    (name) => (needed as Record<string, unknown>)[name] === undefined,
  );
  if (missing.length > 0 || region === undefined || bucket === undefined) throw notSet(missing);
  return {
    region,
    bucket,
    instanceProfile: instanceProfile ?? '',
    image: pickImage(values),
    subnetIds: values.subnets ?? [],
    securityGroupIds: values.security_groups ?? [],
    ...(values.root_volume_gib === undefined ? {} : { rootVolumeGiB: values.root_volume_gib }),
  };
}

function pickImage({ ami, ami_parameter: parameter }: SettingValues): MachineImage {
  return ami === undefined
    ? { kind: 'ssm-parameter', name: parameter ?? defaultImageParameter }
    : { kind: 'ami', imageId: ami };
}

function notSet(names: readonly string[]): Failure {
  return new Failure('invalid-input', `not set: ${names.join(', ')}.`, {
    why: 'Neither the environment nor .runctl.toml nor the user settings say it.',
    next: `Write ${names.map((name) => `${name} = "…"`).join(' and ')} into .runctl.toml, or run \`runctl up\` for the local cloud. \`runctl doctor\` checks all settings.`,
  });
}
