import { AwsError } from '../wire/aws-error';

export interface Image {
  readonly imageId: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: string;
  /** The public SSM parameters that name it. */
  readonly parameters: readonly string[];
}

const AMAZON_LINUX = '/aws/service/ami-amazon-linux-latest';
const DEEP_LEARNING = '/aws/service/deeplearning/ami/x86_64';

/** The images of this cloud. Both are the machine it runs on; a second name exists for those who ask for drivers. */
export const images: readonly Image[] = [
  {
    imageId: 'ami-0a1b2c3d4e5f60001',
    name: 'al2023-ami-2023.7.20250414.0-kernel-6.1-x86_64',
    description: 'Amazon Linux 2023 AMI 2023.7.20250414.0 x86_64 HVM kernel-6.1 (local)',
    createdAt: '2025-04-14T19:39:21.000Z',
    parameters: [
      `${AMAZON_LINUX}/al2023-ami-kernel-default-x86_64`,
      `${AMAZON_LINUX}/al2023-ami-kernel-6.1-x86_64`,
      `${AMAZON_LINUX}/al2023-ami-minimal-kernel-default-x86_64`,
      `${AMAZON_LINUX}/amzn2-ami-hvm-x86_64-gp2`,
    ],
  },
  {
    imageId: 'ami-0a1b2c3d4e5f60002',
    name: 'Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04) 20250411',
    description: 'Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04) (local)',
    createdAt: '2025-04-11T08:12:44.000Z',
    parameters: [
      `${DEEP_LEARNING}/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id`,
      `${DEEP_LEARNING}/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id`,
      `${DEEP_LEARNING}/oss-nvidia-driver-gpu-pytorch-2.7-ubuntu-22.04/latest/ami-id`,
    ],
  },
];

/** Finds what a public AMI parameter of Parameter Store names. */
export function findImageByParameter(name: string): Image | undefined {
  return images.find((image) => image.parameters.includes(name));
}

/**
 * Resolves what a launch may give as `ImageId`: an id, or `resolve:ssm:PARAMETER`.
 *
 * @throws AwsError InvalidAMIID.Malformed, InvalidAMIID.NotFound, InvalidParameterValue.
 */
export function resolveImageId(imageId: string): string {
  const prefix = 'resolve:ssm:';
  if (imageId.startsWith(prefix)) {
    const image = findImageByParameter(imageId.slice(prefix.length));
    if (image !== undefined) return image.imageId;
    throw new AwsError(
      'InvalidParameterValue',
      `Could not resolve the SSM parameter ${imageId.slice(prefix.length)}.`,
    );
  }
  if (!/^ami-[0-9a-f]{8,17}$/.test(imageId)) {
    throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${imageId}" (expecting "ami-...")`);
  }
  if (!images.some((image) => image.imageId === imageId)) {
    throw new AwsError('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`);
  }
  return imageId;
}
