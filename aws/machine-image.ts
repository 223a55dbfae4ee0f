import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { Failure } from '../domain/failure';
import type { AwsClients } from './clients';
import type { MachineImage } from './cloud-settings';

export interface ResolvedImage {
  readonly imageId: string;
  /** `/dev/xvda`, `/dev/sda1` …: needed to say anything about the root volume. */
  readonly rootDeviceName: string;
}

/**
 * Finds the AMI and its root device.
 *
 * @throws launch-refused  The parameter or the image is not there.
 */
export async function resolveImage(
  clients: AwsClients,
  image: MachineImage,
): Promise<ResolvedImage> {
  const imageId = image.kind === 'ami' ? image.imageId : await readParameter(clients, image.name);
  const reply = await clients.ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
  const rootDeviceName = reply.Images?.[0]?.RootDeviceName;
  if (rootDeviceName === undefined) throw noImage(imageId);
  return { imageId, rootDeviceName };
}

async function readParameter(clients: AwsClients, name: string): Promise<string> {
  const reply = await clients.ssm.send(new GetParameterCommand({ Name: name }));
  const imageId = reply.Parameter?.Value;
  if (imageId === undefined) throw noImage(name);
  return imageId;
}

const noImage = (name: string): Failure =>
  new Failure('launch-refused', `The machine image ${name} is not there.`, {
    next: 'Correct `image` in .runctl.toml; AMI ids differ between regions.',
  });
