import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  TagDescription,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { Tags } from '../world/records';
import type { World } from '../world/world';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { filterBy } from './filters';
import { findInstances } from './find-instances';
import { checkTags } from './tag-rules';

const PAGE_LIMIT = 1000;

/** Something that has tags, whatever it is. */
interface Tagged {
  readonly id: string;
  readonly kind: 'instance' | 'spot-instances-request' | 'launch-template';
  readonly tags: Tags;
  readonly replaceTags: (tags: Tags) => void;
}

export function createTags({ world }: Ec2Context, request: CreateTagsRequest): object {
  const resources = (request.Resources ?? []).map((id) => findTagged(world, id));
  checkTags([{ Tags: request.Tags ?? [] }]);
  checkDryRun(request.DryRun);
  const added = Object.fromEntries(
    (request.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]),
  );
  for (const { tags, replaceTags } of resources) replaceTags({ ...tags, ...added });
  return {};
}

/** DeleteTags: by key, or by key and value where a value is given; without tags, all that are not EC2's own. */
export function deleteTags({ world }: Ec2Context, request: DeleteTagsRequest): object {
  const resources = (request.Resources ?? []).map((id) => findTagged(world, id));
  checkDryRun(request.DryRun);
  const isDeleted = (key: string, value: string): boolean =>
    request.Tags === undefined
      ? !key.startsWith('aws:')
      : request.Tags.some(
          ({ Key, Value }) => Key === key && (Value === undefined || Value === value),
        );
  for (const { tags, replaceTags } of resources) {
    replaceTags(
      Object.fromEntries(Object.entries(tags).filter(([key, value]) => !isDeleted(key, value))),
    );
  }
  return {};
}

export function describeTags(
  { world }: Ec2Context,
  request: DescribeTagsRequest,
): DescribeTagsResult {
  checkDryRun(request.DryRun);
  const all = allTagged(world).flatMap(({ id, kind, tags }) =>
    Object.entries(tags).map(([key, value]) => ({ id, kind, key, value, tags: { [key]: value } })),
  );
  const isWanted = filterBy<(typeof all)[number]>(request.Filters, {
    key: ({ key }) => [key],
    'resource-id': ({ id }) => [id],
    'resource-type': ({ kind }) => [kind],
    value: ({ value }) => [value],
  });
  const { items, nextToken } = page(all.filter(isWanted), ({ id, key }) => `${id}/${key}`, {
    token: request.NextToken,
    maxResults: request.MaxResults,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return {
    Tags: items.map(({ id, kind, key, value }): TagDescription => ({
      ResourceId: id,
      ResourceType: kind,
      Key: key,
      Value: value,
    })),
    NextToken: nextToken,
  };
}

function findTagged(world: World, id: string): Tagged {
  if (id.startsWith('i-')) findInstances(world, [id]);
  const found = allTagged(world).find((resource) => resource.id === id);
  if (found !== undefined) return found;
  throw new AwsError('InvalidID', `The ID '${id}' is not valid`);
}

function allTagged(world: World): readonly Tagged[] {
  return [
    ...world.instances.all().map(({ instanceId, tags }): Tagged => ({
      id: instanceId,
      kind: 'instance',
      tags,
      replaceTags: (changed) => {
        world.updateInstance(instanceId, { tags: changed });
      },
    })),
    ...world.spotRequests.all().map((request): Tagged => ({
      id: request.requestId,
      kind: 'spot-instances-request',
      tags: request.tags,
      replaceTags: (tags) => {
        world.spotRequests.put(request.requestId, { ...request, tags });
      },
    })),
    ...world.templates.all().map((template): Tagged => ({
      id: template.templateId,
      kind: 'launch-template',
      tags: template.tags,
      replaceTags: (tags) => {
        world.templates.put(template.templateId, { ...template, tags });
      },
    })),
  ];
}
