import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from '../../domain/failure';
import type { CloudAccess } from '../cloud-access';
import { findProject } from '../staging/project-root';
import { buildImage } from './build-image';
import { docker } from './docker';

export interface PublishRequest {
  readonly dockerfile: string;
  /** The script that is trained: its project is what the Dockerfile sees. */
  readonly script: string;
  readonly folder: string;
  readonly architecture: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly tell: (line: string) => void;
}

/**
 * Builds the image of a Dockerfile and pushes it to ECR, unless the same one is there already.
 *
 * @returns The image by its digest: what a run trains in never changes, whatever is pushed later.
 * @throws invalid-input, script-unusable, image-not-built, docker-missing, no-credentials, not-authorized
 */
export async function publishImage(access: CloudAccess, request: PublishRequest): Promise<string> {
  const { folder, script, environment, tell } = request;
  const dockerfile = path.resolve(folder, request.dockerfile);
  if (statSync(dockerfile, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new Failure(
      'invalid-input',
      `--dockerfile: expected the path of a file, got ${JSON.stringify(request.dockerfile)}`,
    );
  }
  const { root } = findProject(script, folder);
  tell(`Building ${request.dockerfile} for linux/${request.architecture}`);
  const imageId = await buildImage({ ...request, dockerfile, context: root });
  const repository = repositoryName(root);
  const tag = imageId.replace(/^sha256:/, '').slice(0, 32);
  const address = await access.ensureRepository(repository);
  const pushed = await access.findImageDigest(repository, tag);
  if (pushed !== null) {
    tell(`Image ${address}:${tag} is in ECR already`);
    return `${address}@${pushed}`;
  }
  const named = `${address}:${tag}`;
  await docker('`docker tag`', { args: ['tag', imageId, named], environment });
  await push(access, named, environment, tell);
  const digest = await access.findImageDigest(repository, tag);
  if (digest === null) {
    throw new Failure('aws-unavailable', `ECR does not show ${named}, which was just pushed.`);
  }
  return `${address}@${digest}`;
}

/** `runctl/` and the name of the project's folder, in the letters that ECR allows. */
export function repositoryName(root: string): string {
  const name = path.basename(root).toLowerCase().slice(0, 100);
  return `runctl/${name.match(/[a-z0-9]+/g)?.join('-') ?? 'project'}`;
}

/** Logs in for this one push, in a configuration that is thrown away, so that no password stays on the disk. */
async function push(
  access: CloudAccess,
  image: string,
  environment: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<void> {
  const { registry, user, password } = await access.logInToRegistry();
  const configuration = mkdtempSync(path.join(tmpdir(), 'runctl-docker-'));
  try {
    const apart: NodeJS.ProcessEnv = {
      ...environment,
      // Which engine docker speaks to may be a part of the configuration that is left out.
      DOCKER_HOST: await engineAddress(environment),
      DOCKER_CONFIG: configuration,
    };
    delete apart['DOCKER_CONTEXT'];
    await docker('`docker login`', {
      args: ['login', '--username', user, '--password-stdin', registry],
      environment: apart,
      input: password,
    });
    tell(`Pushing ${image}`);
    await docker('`docker push`', { args: ['push', image], environment: apart, tell });
  } finally {
    rmSync(configuration, { recursive: true, force: true });
  }
}

async function engineAddress(environment: NodeJS.ProcessEnv): Promise<string> {
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const said = await docker('`docker context`', { args, environment });
  return said.trim();
}
