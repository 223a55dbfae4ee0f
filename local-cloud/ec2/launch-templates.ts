import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateResult,
  CreateLaunchTemplateVersionRequest,
  CreateLaunchTemplateVersionResult,
  DeleteLaunchTemplateRequest,
  DeleteLaunchTemplateResult,
  DescribeLaunchTemplatesRequest,
  DescribeLaunchTemplatesResult,
  DescribeLaunchTemplateVersionsRequest,
  DescribeLaunchTemplateVersionsResult,
  LaunchTemplate,
  LaunchTemplateVersion,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import { newId } from '../world/ids';
import type { TemplateRecord, TemplateVersion } from '../world/records';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { filterBy } from './filters';
import { page } from '../wire/paging';
import { checkTags, tagList, tagsFor } from './tag-rules';
import { findTemplate, findTemplateVersion } from './template-lookup';

const PAGE_LIMIT = 200;

/** CreateLaunchTemplate. The data is checked when it is used, as EC2 does for most of it. */
export function createLaunchTemplate(
  { world }: Ec2Context,
  request: CreateLaunchTemplateRequest,
): CreateLaunchTemplateResult {
  const name = request.LaunchTemplateName ?? '';
  if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name)) {
    throw new AwsError(
      'InvalidLaunchTemplateName.MalformedException',
      'Launch template names have 3 to 128 letters, digits or the characters ()./_- .',
    );
  }
  if (world.templates.all().some((template) => template.name === name)) {
    throw new AwsError(
      'InvalidLaunchTemplateName.AlreadyExistsException',
      'Launch template name already in use.',
    );
  }
  checkTags(request.TagSpecifications ?? []);
  checkDryRun(request.DryRun);
  const createdAt = world.now().toISOString();
  const templateId = newId('lt');
  const template = world.templates.put(templateId, {
    templateId,
    name,
    createdAt,
    defaultVersion: 1,
    tags: tagsFor(request.TagSpecifications ?? [], 'launch-template'),
    versions: [
      {
        number: 1,
        description: request.VersionDescription ?? null,
        createdAt,
        data: request.LaunchTemplateData ?? {},
      },
    ],
  });
  return { LaunchTemplate: viewTemplate(template) };
}

/** CreateLaunchTemplateVersion: laid over the source version where one is named. */
export function createLaunchTemplateVersion(
  { world }: Ec2Context,
  request: CreateLaunchTemplateVersionRequest,
): CreateLaunchTemplateVersionResult {
  const template = findTemplate(world, request);
  checkDryRun(request.DryRun);
  const source =
    request.SourceVersion === undefined
      ? undefined
      : findTemplateVersion(world, {
          LaunchTemplateId: template.templateId,
          Version: request.SourceVersion,
        });
  const version: TemplateVersion = {
    number: (template.versions.at(-1)?.number ?? 0) + 1,
    description: request.VersionDescription ?? null,
    createdAt: world.now().toISOString(),
    data: { ...source?.version.data, ...request.LaunchTemplateData },
  };
  const changed = world.templates.put(template.templateId, {
    ...template,
    versions: [...template.versions, version],
  });
  return { LaunchTemplateVersion: viewVersion(changed, version) };
}

export function deleteLaunchTemplate(
  { world }: Ec2Context,
  request: DeleteLaunchTemplateRequest,
): DeleteLaunchTemplateResult {
  const template = findTemplate(world, request);
  checkDryRun(request.DryRun);
  world.templates.remove(template.templateId);
  return { LaunchTemplate: viewTemplate(template) };
}

export function describeLaunchTemplates(
  { world }: Ec2Context,
  request: DescribeLaunchTemplatesRequest,
): DescribeLaunchTemplatesResult {
  const ids = request.LaunchTemplateIds ?? [];
  const names = request.LaunchTemplateNames ?? [];
  const named = [
    ...ids.map((LaunchTemplateId) => findTemplate(world, { LaunchTemplateId })),
    ...names.map((LaunchTemplateName) => findTemplate(world, { LaunchTemplateName })),
  ];
  const isWanted = filterBy<TemplateRecord>(request.Filters, {
    'launch-template-name': ({ name }) => [name],
    'create-time': ({ createdAt }) => [createdAt],
  });
  const all = ids.length + names.length > 0 ? named : world.templates.all();
  const { items, nextToken } = page(all.filter(isWanted), ({ templateId }) => templateId, {
    token: request.NextToken,
    maxResults: request.MaxResults,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return { LaunchTemplates: items.map(viewTemplate), NextToken: nextToken };
}

export function describeLaunchTemplateVersions(
  { world }: Ec2Context,
  request: DescribeLaunchTemplateVersionsRequest,
): DescribeLaunchTemplateVersionsResult {
  const template = findTemplate(world, request);
  const asked = (request.Versions ?? []).map((version) => {
    if (version === '$Latest') return template.versions.at(-1)?.number;
    return version === '$Default' ? template.defaultVersion : Number(version);
  });
  const versions = template.versions.filter(
    ({ number }) => asked.length === 0 || asked.includes(number),
  );
  return { LaunchTemplateVersions: versions.map((version) => viewVersion(template, version)) };
}

function viewTemplate(template: TemplateRecord): LaunchTemplate {
  return {
    LaunchTemplateId: template.templateId,
    LaunchTemplateName: template.name,
    CreateTime: new Date(template.createdAt),
    DefaultVersionNumber: template.defaultVersion,
    LatestVersionNumber: template.versions.at(-1)?.number ?? 1,
    Tags: tagList(template.tags),
  };
}

function viewVersion(template: TemplateRecord, version: TemplateVersion): LaunchTemplateVersion {
  return {
    LaunchTemplateId: template.templateId,
    LaunchTemplateName: template.name,
    VersionNumber: version.number,
    VersionDescription: version.description ?? undefined,
    CreateTime: new Date(version.createdAt),
    DefaultVersion: version.number === template.defaultVersion,
    LaunchTemplateData: version.data,
  };
}
