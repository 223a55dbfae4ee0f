import { createHash } from 'node:crypto';
import {
  BatchDeleteImageCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr';
import { startLocalCloud, type TestCloud } from '../support/local-cloud';

let cloud: TestCloud;
let ecr: ECRClient;
let login: string;

beforeAll(async () => {
  cloud = await startLocalCloud();
  ecr = new ECRClient({ ...cloud.clientConfig, maxAttempts: 1 });
  const reply = await ecr.send(new GetAuthorizationTokenCommand({}));
  login = reply.authorizationData?.[0]?.authorizationToken ?? '';
});

afterAll(async () => {
  ecr.destroy();
  await cloud.close();
});

const digestOf = (content: string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** As docker asks, with the password of ECR. */
function ask(
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const address = new URL(path, cloud.facts.endpointUrl);
  return fetch(address, {
    method,
    headers: { authorization: `Basic ${login}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
}

const codeOf = async (reply: Response): Promise<[number, string | undefined]> => {
  const { errors } = (await reply.json()) as { errors: { code: string }[] };
  return [reply.status, errors[0]?.code];
};

async function createRepository(name: string, isImmutable = false): Promise<string> {
  const imageTagMutability = isImmutable ? 'IMMUTABLE' : 'MUTABLE';
  await ecr.send(new CreateRepositoryCommand({ repositoryName: name, imageTagMutability }));
  return name;
}

async function pushBlob(name: string, content: string): Promise<string> {
  const digest = digestOf(content);
  const begun = await ask('POST', `/v2/${name}/blobs/uploads/`);
  const place = begun.headers.get('location') ?? '';
  expect(begun.status).toBe(202);
  expect((await ask('PUT', `${place}?digest=${digest}`, content)).status).toBe(201);
  return digest;
}

/** An image of one layer, as small as it gets. */
async function pushImage(name: string, tag: string, layer: string): Promise<Response> {
  const [config, blob] = [await pushBlob(name, `{"of":"${layer}"}`), await pushBlob(name, layer)];
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { digest: config, size: 1 },
    layers: [{ digest: blob, size: layer.length }],
  });
  return ask('PUT', `/v2/${name}/manifests/${tag}`, manifest, { 'content-type': mediaType });
}

test('a repository is created once, described, and deleted when it is empty', async () => {
  const name = await createRepository('team/model', true);
  const twice = ecr.send(new CreateRepositoryCommand({ repositoryName: name }));
  await expect(twice).rejects.toMatchObject({ name: 'RepositoryAlreadyExistsException' });
  const wrong = ecr.send(new CreateRepositoryCommand({ repositoryName: 'Team/Model' }));
  await expect(wrong).rejects.toMatchObject({ name: 'InvalidParameterException' });
  const { repositories } = await ecr.send(
    new DescribeRepositoriesCommand({ repositoryNames: [name] }),
  );
  const host = new URL(cloud.facts.endpointUrl).host;
  expect(repositories).toMatchObject([
    { repositoryName: name, repositoryUri: `${host}/${name}`, imageTagMutability: 'IMMUTABLE' },
  ]);
  await pushImage(name, '1', 'layer');
  const full = ecr.send(new DeleteRepositoryCommand({ repositoryName: name }));
  await expect(full).rejects.toMatchObject({ name: 'RepositoryNotEmptyException' });
  await ecr.send(new DeleteRepositoryCommand({ repositoryName: name, force: true }));
  const gone = ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [name] }));
  await expect(gone).rejects.toMatchObject({ name: 'RepositoryNotFoundException' });
});

test('an image is pushed, described, pulled by tag and digest, and outlives a restart', async () => {
  const name = await createRepository('pushed');
  const pushed = await pushImage(name, 'v1', 'some layer');
  const digest = pushed.headers.get('docker-content-digest') ?? '';
  expect(pushed.status).toBe(201);
  const describe = new DescribeImagesCommand({
    repositoryName: name,
    imageIds: [{ imageTag: 'v1' }],
  });
  const { imageDetails } = await ecr.send(describe);
  expect(imageDetails).toMatchObject([{ imageDigest: digest, imageTags: ['v1'] }]);
  await cloud.crash();
  await cloud.restart();
  for (const reference of ['v1', digest]) {
    const manifest = await ask('GET', `/v2/${name}/manifests/${reference}`);
    expect(digestOf(await manifest.text())).toBe(digest);
  }
  const layer = await ask('GET', `/v2/${name}/blobs/${digestOf('some layer')}`, undefined, {
    range: 'bytes=5-',
  });
  expect([layer.status, await layer.text()]).toEqual([206, 'layer']);
});

test('a blob comes in pieces, each where the last one ended, and must be what its digest says', async () => {
  const name = await createRepository('pieces');
  const begun = await ask('POST', `/v2/${name}/blobs/uploads/`);
  const place = begun.headers.get('location') ?? '';
  const first = await ask('PATCH', place, 'one ', { 'content-range': '0-3' });
  expect([first.status, first.headers.get('range')]).toEqual([202, '0-3']);
  const again = await ask('PATCH', place, 'one ', { 'content-range': '0-3' });
  expect(await codeOf(again)).toEqual([416, 'RANGE_INVALID']);
  await ask('PATCH', place, 'two', { 'content-range': '4-6' });
  expect((await ask('GET', place)).headers.get('range')).toBe('0-6');
  const digest = digestOf('one two');
  expect((await ask('PUT', `${place}?digest=${digest}`)).status).toBe(201);
  expect((await ask('HEAD', `/v2/${name}/blobs/${digest}`)).headers.get('content-length')).toBe(
    '7',
  );

  const other = (await ask('POST', `/v2/${name}/blobs/uploads/`)).headers.get('location') ?? '';
  const wrong = await ask('PUT', `${other}?digest=${digestOf('else')}`, 'something');
  expect(await codeOf(wrong)).toEqual([400, 'DIGEST_INVALID']);
  expect((await ask('HEAD', `/v2/${name}/blobs/${digestOf('something')}`)).status).toBe(404);
});

test('a tag of an immutable repository stays with its image', async () => {
  const name = await createRepository('immutable', true);
  expect((await pushImage(name, 'v1', 'first')).status).toBe(201);
  expect((await pushImage(name, 'v1', 'first')).status).toBe(201);
  expect(await codeOf(await pushImage(name, 'v1', 'second'))).toEqual([400, 'TAG_INVALID']);
});

test('a manifest is taken only when all that it names is there', async () => {
  const name = await createRepository('incomplete');
  const manifest = JSON.stringify({ layers: [{ digest: digestOf('nowhere'), size: 1 }] });
  const put = await ask('PUT', `/v2/${name}/manifests/v1`, manifest);
  expect(await codeOf(put)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
});

test('an image is deleted by its last tag, or by its digest', async () => {
  const name = await createRepository('deleted');
  await pushImage(name, 'a', 'layer');
  await pushImage(name, 'b', 'layer');
  const remove = (imageTag: string) =>
    ecr.send(new BatchDeleteImageCommand({ repositoryName: name, imageIds: [{ imageTag }] }));
  await remove('a');
  expect((await ask('GET', `/v2/${name}/manifests/b`)).status).toBe(200);
  await remove('b');
  expect((await ask('GET', `/v2/${name}/manifests/b`)).status).toBe(404);
  expect((await remove('b')).failures).toMatchObject([{ failureCode: 'ImageNotFound' }]);
});

test('nobody without the password of ECR gets in, and nothing goes into a repository that is not there', async () => {
  const stranger = await fetch(new URL('/v2/', cloud.facts.endpointUrl), {
    headers: { authorization: `Basic ${Buffer.from('AWS:guess').toString('base64')}` },
  });
  expect(stranger.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  expect(await codeOf(stranger)).toEqual([401, 'UNAUTHORIZED']);
  expect((await ask('GET', '/v2/')).status).toBe(200);
  const nowhere = await ask('POST', '/v2/no/such/blobs/uploads/');
  expect(await codeOf(nowhere)).toEqual([404, 'NAME_UNKNOWN']);
});
