import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
  InstanceTypeOffering,
} from '@aws-sdk/client-ec2';
import {
  findInstanceType,
  listInstanceTypes,
  type InstanceType,
} from '../catalogue/instance-types';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { filterBy } from './filters';

const PAGE_LIMIT = 100;
const OFFERING_PAGE_LIMIT = 1000;

/** DescribeInstanceTypes. @throws AwsError InvalidInstanceType for a name that the catalogue does not have. */
export function describeInstanceTypes(
  _context: Ec2Context,
  request: DescribeInstanceTypesRequest,
): DescribeInstanceTypesResult {
  checkDryRun(request.DryRun);
  const names: readonly string[] = request.InstanceTypes ?? [];
  const unknown = names.filter((name) => findInstanceType(name) === undefined);
  if (unknown.length > 0) {
    throw new AwsError(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
    );
  }
  const isWanted = filterBy<InstanceType>(request.Filters, {
    'current-generation': () => ['true'],
    'instance-type': ({ name }) => [name],
    'memory-info.size-in-mib': ({ memoryMiB }) => [String(memoryMiB)],
    'processor-info.supported-architecture': () => ['x86_64'],
    'supported-usage-class': () => ['on-demand', 'spot'],
    'vcpu-info.default-vcpus': ({ vcpuCount }) => [String(vcpuCount)],
  });
  const types = listInstanceTypes()
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .filter(isWanted);
  const { items, nextToken } = page(types, ({ name }) => name, {
    token: request.NextToken,
    maxResults: request.MaxResults,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return { InstanceTypes: items.map(viewType), NextToken: nextToken };
}

function viewType({ name, vcpuCount, memoryMiB, gpu }: InstanceType): InstanceTypeInfo {
  return {
    InstanceType: name as InstanceTypeInfo['InstanceType'],
    CurrentGeneration: true,
    FreeTierEligible: false,
    SupportedUsageClasses: ['on-demand', 'spot'],
    SupportedRootDeviceTypes: ['ebs'],
    SupportedVirtualizationTypes: ['hvm'],
    BareMetal: false,
    Hypervisor: 'nitro',
    ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
    VCpuInfo: {
      DefaultVCpus: vcpuCount,
      DefaultCores: Math.max(1, vcpuCount / 2),
      DefaultThreadsPerCore: 2,
    },
    MemoryInfo: { SizeInMiB: memoryMiB },
    GpuInfo:
      gpu === undefined
        ? undefined
        : {
            Gpus: [
              {
                Name: gpu.name,
                Manufacturer: gpu.manufacturer,
                Count: gpu.count,
                MemoryInfo: { SizeInMiB: gpu.memoryMiB },
              },
            ],
            TotalGpuMemoryInMiB: gpu.count * gpu.memoryMiB,
          },
    BurstablePerformanceSupported: name.startsWith('t'),
    HibernationSupported: false,
  };
}

interface Offering {
  readonly instanceType: string;
  readonly location: string;
}

/** DescribeInstanceTypeOfferings: every type of the catalogue, in every zone. A misspelt name is simply not there. */
export function describeInstanceTypeOfferings(
  { world }: Ec2Context,
  request: DescribeInstanceTypeOfferingsRequest,
): DescribeInstanceTypeOfferingsResult {
  checkDryRun(request.DryRun);
  const locationType = request.LocationType ?? 'region';
  const { subnets } = world.settings.network;
  const locations =
    locationType === 'availability-zone'
      ? subnets.map(({ zone }) => zone)
      : locationType === 'availability-zone-id'
        ? subnets.map(({ zoneId }) => zoneId)
        : [world.region];
  const isWanted = filterBy<Offering>(request.Filters, {
    'instance-type': ({ instanceType }) => [instanceType],
    location: ({ location }) => [location],
  });
  const offerings = listInstanceTypes()
    .flatMap(({ name }) =>
      locations.map((location): Offering => ({ instanceType: name, location })),
    )
    .filter(isWanted);
  const { items, nextToken } = page(
    offerings,
    ({ instanceType, location }) => `${instanceType}/${location}`,
    {
      token: request.NextToken,
      maxResults: request.MaxResults,
      limit: OFFERING_PAGE_LIMIT,
      tokenError: 'InvalidNextToken',
    },
  );
  return {
    InstanceTypeOfferings: items.map(({ instanceType, location }) => ({
      InstanceType: instanceType as InstanceTypeOffering['InstanceType'],
      LocationType: locationType,
      Location: location,
    })),
    NextToken: nextToken,
  };
}
