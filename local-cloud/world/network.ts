import { newId } from './ids';
import type { NetworkRecord, SubnetRecord } from './records';

/** The default VPC of a new account: one /20 subnet in each of three zones, one security group. */
export function newNetwork(region: string): NetworkRecord {
  return {
    vpcId: newId('vpc'),
    securityGroupId: newId('sg'),
    subnets: ['a', 'b', 'c'].map((letter, index) => ({
      subnetId: newId('subnet'),
      zone: `${region}${letter}`,
      zoneId: `${shortRegion(region)}-az${index + 1}`,
      cidr: `172.31.${index * 16}.0/20`,
    })),
  };
}

/** `us-east-1` is `use1` in zone ids. */
function shortRegion(region: string): string {
  const [area = '', direction = '', number = ''] = region.split('-');
  const letters = direction.replace(/(north|south|east|west|central)/g, (word) => word.charAt(0));
  return `${area}${letters}${number}`;
}

/** The n-th private address of a subnet; AWS keeps the first four for itself. */
export function privateIp(subnet: SubnetRecord, index: number): string {
  const third = Number(subnet.cidr.split('.')[2] ?? 0);
  const offset = 4 + (index % 4000);
  return `172.31.${third + Math.floor(offset / 256)}.${offset % 256}`;
}
