import type { Ec2Context } from './context';
import { createFleet } from './create-fleet';
import { describeImages } from './describe-images';
import { describeInstanceStatus } from './describe-instance-status';
import { describeInstances } from './describe-instances';
import {
  describeAvailabilityZones,
  describeRegions,
  describeSecurityGroups,
  describeSubnets,
  describeVpcs,
} from './describe-network';
import {
  rebootInstances,
  startInstances,
  stopInstances,
  terminateInstances,
} from './instance-power';
import { describeInstanceTypeOfferings, describeInstanceTypes } from './instance-types';
import {
  createLaunchTemplate,
  createLaunchTemplateVersion,
  deleteLaunchTemplate,
  describeLaunchTemplates,
  describeLaunchTemplateVersions,
} from './launch-templates';
import { requestSpotInstances } from './request-spot-instances';
import { runInstances } from './run-instances';
import { describeSpotPriceHistory } from './spot-price-history';
import { cancelSpotInstanceRequests, describeSpotInstanceRequests } from './spot-requests';
import { createTags, deleteTags, describeTags } from './tags';

type Handler = (context: Ec2Context, input: object) => object;

/**
 * The EC2 operations of this cloud. To add one: write its function, with the SDK's types of its input and output, and
 * name it here; reading and writing the wire follow from the SDK's schemas.
 */
const handlers = {
  CancelSpotInstanceRequests: cancelSpotInstanceRequests,
  CreateFleet: createFleet,
  CreateLaunchTemplate: createLaunchTemplate,
  CreateLaunchTemplateVersion: createLaunchTemplateVersion,
  CreateTags: createTags,
  DeleteLaunchTemplate: deleteLaunchTemplate,
  DeleteTags: deleteTags,
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeImages: describeImages,
  DescribeInstanceStatus: describeInstanceStatus,
  DescribeInstanceTypeOfferings: describeInstanceTypeOfferings,
  DescribeInstanceTypes: describeInstanceTypes,
  DescribeInstances: describeInstances,
  DescribeLaunchTemplateVersions: describeLaunchTemplateVersions,
  DescribeLaunchTemplates: describeLaunchTemplates,
  DescribeRegions: describeRegions,
  DescribeSecurityGroups: describeSecurityGroups,
  DescribeSpotInstanceRequests: describeSpotInstanceRequests,
  DescribeSpotPriceHistory: describeSpotPriceHistory,
  DescribeSubnets: describeSubnets,
  DescribeTags: describeTags,
  DescribeVpcs: describeVpcs,
  RebootInstances: rebootInstances,
  RequestSpotInstances: requestSpotInstances,
  RunInstances: runInstances,
  StartInstances: startInstances,
  StopInstances: stopInstances,
  TerminateInstances: terminateInstances,
};

// The input was read by the schema of the operation whose name the handler has, so it is of the handler's type.
export const ec2Handlers = new Map(Object.entries(handlers)) as ReadonlyMap<string, Handler>;
