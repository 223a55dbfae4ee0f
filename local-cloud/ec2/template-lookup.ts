import { AwsError } from '../wire/aws-error';
import type { Tags, TemplateRecord, TemplateVersion } from '../world/records';
import type { World } from '../world/world';

/** How requests name a template: by id or name, and a version number, `$Latest` or `$Default`. */
export interface TemplateReference {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
  readonly Version?: string | undefined;
}

export interface FoundTemplate {
  readonly template: TemplateRecord;
  readonly version: TemplateVersion;
}

/** @throws AwsError InvalidLaunchTemplateId.NotFound, InvalidLaunchTemplateName.NotFoundException. */
export function findTemplate(world: World, reference: TemplateReference): TemplateRecord {
  const { LaunchTemplateId: id, LaunchTemplateName: name } = reference;
  const found = world.templates
    .all()
    .find((template) => (id === undefined ? template.name === name : template.templateId === id));
  if (found !== undefined) return found;
  if (id !== undefined) {
    throw new AwsError(
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  }
  if (name === undefined) {
    throw new AwsError(
      'MissingParameter',
      'Either a launch template ID or a launch template name must be given.',
    );
  }
  throw new AwsError(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}

/** @throws AwsError InvalidLaunchTemplateId.VersionNotFound, and what {@link findTemplate} throws. */
export function findTemplateVersion(
  world: World,
  reference: TemplateReference | undefined,
): FoundTemplate | undefined {
  if (reference === undefined) return undefined;
  const template = findTemplate(world, reference);
  const asked = reference.Version ?? '$Default';
  const number =
    asked === '$Latest'
      ? template.versions.at(-1)?.number
      : asked === '$Default'
        ? template.defaultVersion
        : Number(asked);
  const version = template.versions.find((one) => one.number === number);
  if (version !== undefined) return { template, version };
  throw new AwsError(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${asked} for the launch template with ID ${template.templateId}.`,
  );
}

/** The tags that EC2 itself puts on what was launched from a template. */
export function templateTags(found: FoundTemplate | undefined): Tags {
  if (found === undefined) return {};
  return {
    'aws:ec2launchtemplate:id': found.template.templateId,
    'aws:ec2launchtemplate:version': String(found.version.number),
  };
}
