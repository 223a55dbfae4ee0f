import type { Instance, Reservation } from '@aws-sdk/client-ec2';
import { findInstanceType } from '../catalogue/instance-types';
import type { InstanceRecord, InstanceState } from '../world/records';
import type { World } from '../world/world';
import { tagList } from './tag-rules';

const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function viewState(state: InstanceState): { Code: number; Name: InstanceState } {
  return { Code: stateCodes[state], Name: state };
}

/** Instances of one launch as EC2 tells them. */
export function viewReservation(world: World, instances: readonly InstanceRecord[]): Reservation {
  return {
    ReservationId: instances[0]?.reservationId,
    OwnerId: world.settings.accountId,
    Groups: [],
    Instances: instances.map((instance) => viewInstance(world, instance)),
  };
}

function viewInstance(world: World, instance: InstanceRecord): Instance {
  const { network, accountId, instanceProfile } = world.settings;
  const isOver = instance.state === 'terminated';
  const dnsName = `ip-${instance.privateIp.replaceAll('.', '-')}.ec2.internal`;
  const cores = (findInstanceType(instance.instanceType)?.vcpuCount ?? 2) / 2;
  return {
    InstanceId: instance.instanceId,
    ImageId: instance.imageId,
    State: viewState(instance.state),
    PrivateDnsName: isOver ? '' : dnsName,
    PublicDnsName: '',
    StateTransitionReason: instance.stateReason?.transition ?? '',
    KeyName: instance.keyName ?? undefined,
    AmiLaunchIndex: instance.launchIndex,
    ProductCodes: [],
    InstanceType: instance.instanceType as Instance['InstanceType'],
    LaunchTime: new Date(instance.launchedAt),
    Placement: { AvailabilityZone: instance.zone, GroupName: '', Tenancy: 'default' },
    Monitoring: { State: instance.isDetailedMonitoring ? 'enabled' : 'disabled' },
    // A terminated instance has left its network.
    SubnetId: isOver ? undefined : instance.subnetId,
    VpcId: isOver ? undefined : network.vpcId,
    PrivateIpAddress: isOver ? undefined : instance.privateIp,
    StateReason:
      instance.stateReason === null
        ? undefined
        : { Code: instance.stateReason.code, Message: instance.stateReason.message },
    Architecture: 'x86_64',
    BlockDeviceMappings: [],
    ClientToken: instance.clientToken,
    EbsOptimized: false,
    EnaSupport: true,
    Hypervisor: 'xen',
    IamInstanceProfile:
      instance.instanceProfile === null
        ? undefined
        : {
            Arn: `arn:aws:iam::${accountId}:instance-profile/${instanceProfile}`,
            Id: 'AIPALOCALCLOUD000000',
          },
    // Absent, not 'normal', on On-Demand instances.
    InstanceLifecycle: instance.purchase === 'spot' ? 'spot' : undefined,
    SpotInstanceRequestId: instance.spotRequestId ?? undefined,
    NetworkInterfaces: [],
    RootDeviceName: '/dev/xvda',
    RootDeviceType: 'ebs',
    SecurityGroups: isOver
      ? []
      : instance.securityGroupIds.map((GroupId) => ({ GroupId, GroupName: 'default' })),
    SourceDestCheck: true,
    Tags: tagList(instance.tags),
    VirtualizationType: 'hvm',
    CpuOptions: { CoreCount: cores, ThreadsPerCore: 2 },
    MetadataOptions: {
      State: 'applied',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: instance.metadataHopLimit,
      HttpEndpoint: 'enabled',
      InstanceMetadataTags: instance.hasMetadataTags ? 'enabled' : 'disabled',
    },
  };
}
