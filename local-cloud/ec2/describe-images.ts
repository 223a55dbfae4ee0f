import type { DescribeImagesRequest, DescribeImagesResult } from '@aws-sdk/client-ec2';
import type { Ec2Context } from './context';
import { filterBy } from './filters';
import { images, resolveImageId, type Image } from './images';

const OWNERS: ReadonlySet<string> = new Set(['amazon', '137112412989']);

/** DescribeImages: the public images of this cloud, owned by Amazon. */
export function describeImages(
  _context: Ec2Context,
  request: DescribeImagesRequest,
): DescribeImagesResult {
  const asked = request.ImageIds?.map(resolveImageId);
  const isWanted = filterBy<Image>(request.Filters, {
    architecture: () => ['x86_64'],
    'image-id': ({ imageId }) => [imageId],
    name: ({ name }) => [name],
    'owner-alias': () => ['amazon'],
    'root-device-type': () => ['ebs'],
    state: () => ['available'],
    'virtualization-type': () => ['hvm'],
  });
  const isOwned = request.Owners?.some((owner) => OWNERS.has(owner)) ?? true;
  return {
    Images: images
      .filter(({ imageId }) => isOwned && (asked === undefined || asked.includes(imageId)))
      .filter(isWanted)
      .map((image) => ({
        ImageId: image.imageId,
        Name: image.name,
        Description: image.description,
        CreationDate: image.createdAt,
        Architecture: 'x86_64',
        ImageType: 'machine',
        OwnerId: '137112412989',
        ImageOwnerAlias: 'amazon',
        Public: true,
        State: 'available',
        RootDeviceName: '/dev/xvda',
        RootDeviceType: 'ebs',
        VirtualizationType: 'hvm',
        Hypervisor: 'xen',
        EnaSupport: true,
        BlockDeviceMappings: [],
        Tags: [],
      })),
  };
}
