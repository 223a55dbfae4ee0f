import { createHash } from 'node:crypto';
import { CreateLaunchTemplateCommand, type RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import { appTagValue, tagKeys } from '../domain/ids';
import { hasCode } from './aws-error';
import type { AwsClients } from './clients';
import type { CloudSettings } from './cloud-settings';
import { type ResolvedImage, resolveImage } from './machine-image';

/**
 * Makes sure that the launch template of these settings exists, and returns its name. Idempotent: the name is derived
 * from the content, so one that is there already has the same content.
 *
 * What differs between runs is not in it: user data cannot be overridden per fleet call, tags can.
 */
export async function ensureLaunchTemplate(
  clients: AwsClients,
  settings: CloudSettings,
  metadataHopLimit: 1 | 2,
): Promise<string> {
  const image = await resolveImage(clients, settings.image);
  const content = templateContent(settings, image, metadataHopLimit);
  const name = templateName(content);
  try {
    await clients.ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: name,
        ClientToken: name,
        VersionDescription: 'Made by runctl; what it holds is in its name as a hash.',
        LaunchTemplateData: content,
        TagSpecifications: [
          { ResourceType: 'launch-template', Tags: [{ Key: tagKeys.app, Value: appTagValue }] },
        ],
      }),
    );
  } catch (error) {
    if (!hasCode(error, 'InvalidLaunchTemplateName.AlreadyExistsException')) throw error;
  }
  return name;
}

/** Names a template after what it holds. */
export function templateName(content: RequestLaunchTemplateData): string {
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return `runctl-${hash.slice(0, 20)}`;
}

/** What every instance of a worker has in common whose containers reach the metadata service, or do not. */
export function templateContent(
  settings: CloudSettings,
  image: ResolvedImage,
  metadataHopLimit: 1 | 2,
): RequestLaunchTemplateData {
  const { instanceProfile, rootVolumeGiB, securityGroupIds } = settings;
  return {
    ImageId: image.imageId,
    IamInstanceProfile: instanceProfile.startsWith('arn:')
      ? { Arn: instanceProfile }
      : { Name: instanceProfile },
    // `shutdown` on the instance ends it and its bill: what the supervisor's lease relies on. EC2's default is `stop`.
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: {
      HttpTokens: 'required',
      // A container on a bridge network is one hop further away than the instance itself:
      // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
      HttpPutResponseHopLimit: metadataHopLimit,
      InstanceMetadataTags: 'enabled',
    },
    BlockDeviceMappings: [
      {
        DeviceName: image.rootDeviceName,
        Ebs: {
          Encrypted: true,
          DeleteOnTermination: true,
          VolumeType: 'gp3',
          ...(rootVolumeGiB === undefined ? {} : { VolumeSize: rootVolumeGiB }),
        },
      },
    ],
    ...(securityGroupIds.length === 0 ? {} : { SecurityGroupIds: [...securityGroupIds] }),
  };
}
