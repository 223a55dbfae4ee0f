import type {
  DescribeInstanceInformationRequest,
  DescribeInstanceInformationResult,
  InstanceInformation,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { InstanceRecord } from '../world/records';
import { isRegistered, type SsmContext } from './context';

// Real agents ping every five minutes.
const PING_INTERVAL_MS = 300_000;
const PAGE_DEFAULT = 10;
const PAGE_LIMIT = 50;

/** DescribeInstanceInformation: the instances whose agent has registered. PingStatus is no liveness signal. */
export function describeInstanceInformation(
  { world }: SsmContext,
  request: DescribeInstanceInformationRequest,
): DescribeInstanceInformationResult {
  const now = world.now();
  const tests = readFilters(request);
  const registered = world.instances
    .all()
    .filter((instance) => isRegistered(instance, now))
    .filter((instance) => tests.every((test) => test(instance)));
  const { items, nextToken } = page(registered, ({ instanceId }) => instanceId, {
    token: request.NextToken,
    maxResults: request.MaxResults ?? PAGE_DEFAULT,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return {
    InstanceInformationList: items.map((instance) => view(instance, now)),
    NextToken: nextToken,
  };
}

type Test = (instance: InstanceRecord) => boolean;

function readFilters(request: DescribeInstanceInformationRequest): readonly Test[] {
  const filters = [
    ...(request.Filters ?? []).map(({ Key, Values = [] }) => ({ key: Key, values: Values })),
    ...(request.InstanceInformationFilterList ?? []).map(({ key, valueSet = [] }) => ({
      key,
      values: valueSet,
    })),
  ];
  return filters.map(({ key = '', values }): Test => {
    if (key === 'InstanceIds') return ({ instanceId }) => values.includes(instanceId);
    if (key === 'PingStatus') return (instance) => values.includes(pingStatus(instance));
    if (key === 'ResourceType') return () => values.includes('EC2Instance');
    if (key.startsWith('tag:')) {
      return ({ tags }) => values.includes(tags[key.slice('tag:'.length)] ?? '');
    }
    throw new AwsError('InvalidInstanceInformationFilterValue', `Invalid filter key: ${key}`);
  });
}

function pingStatus({ ssmSilentSince }: InstanceRecord): 'Online' | 'ConnectionLost' {
  return ssmSilentSince === null ? 'Online' : 'ConnectionLost';
}

function view(instance: InstanceRecord, now: Date): InstanceInformation {
  const onlineMs = Date.parse(instance.ssmOnlineAt ?? instance.launchedAt);
  const heardUntil = instance.ssmSilentSince === null ? +now : Date.parse(instance.ssmSilentSince);
  const pings = Math.max(0, Math.floor((heardUntil - onlineMs) / PING_INTERVAL_MS));
  return {
    InstanceId: instance.instanceId,
    PingStatus: pingStatus(instance),
    LastPingDateTime: new Date(onlineMs + pings * PING_INTERVAL_MS),
    AgentVersion: '3.3.1611.0',
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: 'Amazon Linux',
    PlatformVersion: '2023',
    ResourceType: 'EC2Instance',
    IPAddress: instance.privateIp,
    ComputerName: `ip-${instance.privateIp.replaceAll('.', '-')}.ec2.internal`,
  };
}
