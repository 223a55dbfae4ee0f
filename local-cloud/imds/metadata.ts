import type { InstanceRecord } from '../world/records';
import type { World } from '../world/world';

/** IMDS dates have no fraction of a second. */
function seconds(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}

/**
 * What an instance can read about itself, by path below `/latest/`. Paths that are not here are 404: so is
 * `spot/instance-action` as long as no interruption was announced.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
 */
export function metadataOf(world: World, instance: InstanceRecord): ReadonlyMap<string, string> {
  const hostname = `ip-${instance.privateIp.replaceAll('.', '-')}.ec2.internal`;
  const subnet = world.settings.network.subnets.find((one) => one.subnetId === instance.subnetId);
  const entries: [string, string][] = [
    ['ami-id', instance.imageId],
    ['ami-launch-index', String(instance.launchIndex)],
    ['hostname', hostname],
    ['instance-id', instance.instanceId],
    ['instance-life-cycle', instance.purchase],
    ['instance-type', instance.instanceType],
    ['local-hostname', hostname],
    ['local-ipv4', instance.privateIp],
    ['placement/availability-zone', instance.zone],
    ['placement/availability-zone-id', subnet?.zoneId ?? ''],
    ['placement/region', world.region],
    ['reservation-id', instance.reservationId],
    ['security-groups', 'default'],
    ['services/domain', 'amazonaws.com'],
    ['services/partition', 'aws'],
    ...spotEntries(instance),
    ...roleEntries(world, instance),
    ...tagEntries(instance),
  ];
  const metadata = new Map(entries.map(([path, value]) => [`meta-data/${path}`, value]));
  metadata.set('dynamic/instance-identity/document', identityDocument(world, instance));
  if (instance.userData !== null) {
    metadata.set('user-data', Buffer.from(instance.userData, 'base64').toString('utf8'));
  }
  return metadata;
}

function spotEntries({ interruption }: InstanceRecord): [string, string][] {
  if (interruption === null) return [];
  const time = seconds(interruption.endsAt);
  return [
    ['spot/instance-action', JSON.stringify({ action: 'terminate', time })],
    ['spot/termination-time', time],
    [
      'events/recommendations/rebalance',
      JSON.stringify({ noticeTime: seconds(interruption.noticedAt) }),
    ],
  ];
}

function roleEntries(world: World, instance: InstanceRecord): [string, string][] {
  const role = instance.instanceProfile;
  const credentials = instance.credentials.at(-1);
  if (role === null || credentials === undefined) return [];
  return [
    [
      'iam/info',
      JSON.stringify({
        Code: 'Success',
        LastUpdated: seconds(credentials.issuedAt),
        InstanceProfileArn: `arn:aws:iam::${world.settings.accountId}:instance-profile/${role}`,
        InstanceProfileId: 'AIPALOCALCLOUD000000',
      }),
    ],
    [
      `iam/security-credentials/${role}`,
      JSON.stringify({
        Code: 'Success',
        LastUpdated: seconds(credentials.issuedAt),
        Type: 'AWS-HMAC',
        AccessKeyId: credentials.accessKeyId,
        SecretAccessKey: credentials.secretAccessKey,
        Token: credentials.sessionToken,
        Expiration: seconds(credentials.expiresAt),
      }),
    ],
  ];
}

function tagEntries({ hasMetadataTags, tags }: InstanceRecord): [string, string][] {
  if (!hasMetadataTags) return [];
  return Object.entries(tags).map(([key, value]) => [`tags/instance/${key}`, value]);
}

function identityDocument(world: World, instance: InstanceRecord): string {
  return JSON.stringify(
    {
      accountId: world.settings.accountId,
      architecture: 'x86_64',
      availabilityZone: instance.zone,
      imageId: instance.imageId,
      instanceId: instance.instanceId,
      instanceType: instance.instanceType,
      pendingTime: seconds(instance.launchedAt),
      privateIp: instance.privateIp,
      region: world.region,
      version: '2017-09-30',
    },
    null,
    2,
  );
}

/** The entries right below a path, folders with a slash at the end; null when there are none. */
export function listMetadata(metadata: ReadonlyMap<string, string>, folder: string): string | null {
  const prefix = folder === '' ? '' : `${folder}/`;
  const names = new Set<string>();
  for (const path of metadata.keys()) {
    if (!path.startsWith(prefix)) continue;
    const [name = '', ...rest] = path.slice(prefix.length).split('/');
    names.add(rest.length > 0 ? `${name}/` : name);
  }
  return names.size === 0 ? null : [...names].sort().join('\n');
}
