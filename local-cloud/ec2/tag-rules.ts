import type { Tag } from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import type { Tags } from '../world/records';

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
const KEY_LIMIT = 128;
const VALUE_LIMIT = 256;
const TAG_LIMIT = 50;

/** Of a request, or of a launch template: those differ in the kinds of resources that they may name. */
export type TagSpecifications = readonly {
  ResourceType?: string | undefined;
  Tags?: Tag[] | undefined;
}[];

/** Refuses tags that EC2 refuses. @throws AwsError InvalidParameterValue, TagLimitExceeded. */
export function checkTags(specifications: TagSpecifications): void {
  for (const { Tags: tags = [] } of specifications) {
    if (tags.length > TAG_LIMIT) {
      throw new AwsError('TagLimitExceeded', `The maximum number of Tags is ${TAG_LIMIT}.`);
    }
    for (const { Key: key = '', Value: value = '' } of tags) checkTag(key, value);
  }
}

function checkTag(key: string, value: string): void {
  if (key === '') throw new AwsError('InvalidParameterValue', 'Tag key cannot be empty.');
  if (key.toLowerCase().startsWith('aws:')) {
    throw new AwsError(
      'InvalidParameterValue',
      `Tag keys starting with 'aws:' are reserved for internal use`,
    );
  }
  if (key.length > KEY_LIMIT || value.length > VALUE_LIMIT) {
    throw new AwsError(
      'InvalidParameterValue',
      `Tag keys have at most ${KEY_LIMIT} characters, tag values ${VALUE_LIMIT}.`,
    );
  }
}

/** The tags that a launch request gives to one kind of resource; of equal keys the last wins. */
export function tagsFor(specifications: TagSpecifications, resourceType: string): Tags {
  const tags = specifications
    .filter((specification) => specification.ResourceType === resourceType)
    .flatMap((specification) => specification.Tags ?? []);
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Tags as EC2 answers them, in a fixed order. */
export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }));
}
