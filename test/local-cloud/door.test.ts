import { request } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeInstancesCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DescribePatchGroupsCommand, ListCommandsCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CreateVpcCommand } from '@aws-sdk/client-ec2';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalCloud, type TestCloud } from '../support/local-cloud';
import { connect, refusal } from './clients';

let cloud: TestCloud;
let at: ReturnType<typeof connect>;

beforeAll(async () => {
  cloud = await startLocalCloud({ bootSeconds: 0.1 });
  at = connect(cloud);
});

afterAll(() => cloud.close());

/** One raw request: fetch would not let us say another Host. */
function raw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((accept, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => {
        accept({ status: response.statusCode, body });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the door', () => {
  test.each([[{ host: 'evil.example' }], [{ origin: 'https://evil.example' }]])(
    'is shut for a web page (%j)',
    async (headers) => {
      const reply = await raw(`${cloud.facts.endpointUrl}/_local/status`, headers);
      expect(reply.status).toBe(403);
    },
  );

  test('wants the bearer token for the admin API', async () => {
    const reply = await raw(`${cloud.facts.endpointUrl}/_local/status`, {
      authorization: 'Bearer x',
    });
    expect(reply.status).toBe(401);
    expect(JSON.parse(reply.body)).toMatchObject({ error: { code: 'not-authorized' } });
  });

  test('is shut for wrong signatures', async () => {
    const wrong = {
      ...cloud.clientConfig,
      credentials: { ...cloud.clientConfig.credentials, secretAccessKey: 'wrong' },
    };
    const ec2 = new EC2Client({ ...wrong, maxAttempts: 1 });
    const ssm = new SSMClient({ ...wrong, maxAttempts: 1 });
    expect((await refusal(ec2.send(new DescribeInstancesCommand({})))).name).toBe('AuthFailure');
    expect((await refusal(ssm.send(new ListCommandsCommand({})))).name).toBe(
      'InvalidSignatureException',
    );
  });
});

describe('what is not there', () => {
  test('is answered in the shape of its service', async () => {
    expect((await refusal(at.ec2.send(new CreateVpcCommand({})))).name).toBe('InvalidAction');
    expect((await refusal(at.ssm.send(new DescribePatchGroupsCommand({})))).name).toBe(
      'UnknownOperationException',
    );
    const missing = at.ec2.send(new TerminateInstancesCommand({ InstanceIds: undefined }));
    expect((await refusal(missing)).name).toBe('MissingParameter');
  });

  test.each([
    ['POST', 'instances/i-1/interrupt', {}, 'no-such-instance'],
    ['POST', 'faults', { kind: 'earthquake' }, 'not-valid'],
    ['GET', 'weather', undefined, 'no-such-request'],
  ] as const)(
    '%s %s is answered by the admin API with a code',
    async (method, path, body, code) => {
      expect((await refusal(cloud.admin(method, path, body))).message).toContain(code);
    },
  );
});

describe('planted faults', () => {
  afterEach(() => cloud.admin('DELETE', 'faults'));

  test('throttle every service in its own words, as often as asked', async () => {
    await cloud.admin('POST', 'faults', { kind: 'throttle', operation: '*', count: 3 });
    const s3 = new S3Client({ ...cloud.clientConfig, maxAttempts: 1 });
    expect((await refusal(at.ec2.send(new DescribeInstancesCommand({})))).name).toBe(
      'RequestLimitExceeded',
    );
    expect((await refusal(at.ssm.send(new ListCommandsCommand({})))).name).toBe(
      'ThrottlingException',
    );
    expect((await refusal(s3.send(new ListBucketsCommand({})))).name).toBe('SlowDown');
    await at.ec2.send(new DescribeInstancesCommand({}));
  });

  test('answer with an error for one operation only, and outlive a restart', async () => {
    await cloud.admin('POST', 'faults', {
      kind: 'error',
      operation: 'ListCommands',
      status: 500,
      code: 'InternalServerError',
      count: 1,
    });
    await cloud.crash();
    await cloud.restart();
    await at.ec2.send(new DescribeInstancesCommand({}));
    expect((await refusal(at.ssm.send(new ListCommandsCommand({})))).name).toBe(
      'InternalServerError',
    );
    await at.ssm.send(new ListCommandsCommand({}));
  });
});

describe('instance metadata', () => {
  let instanceId: string;
  let address: string;

  beforeAll(async () => {
    instanceId = await at.launch({
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'run', Value: 'r1' }] }],
      MetadataOptions: { InstanceMetadataTags: 'enabled' },
    });
    await at.awaitState(instanceId, 'running');
    const record = JSON.parse(
      readFileSync(join(cloud.stateDir, 'ec2/instances', `${instanceId}.json`), 'utf8'),
    ) as { metadataPort: number };
    address = `http://127.0.0.1:${record.metadataPort}`;
  });

  const token = async (headers: Record<string, string> = {}): Promise<string> => {
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
    return (await raw(`${address}/latest/api/token`, { ...ttl, ...headers }, 'PUT')).body;
  };

  const read = async (path: string): Promise<{ status: number | undefined; body: string }> =>
    raw(`${address}/latest/${path}`, { 'x-aws-ec2-metadata-token': await token() });

  test('is read with a session token only', async () => {
    const without = await raw(`${address}/latest/meta-data/instance-id`, {});
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '21601' };
    expect(without.status).toBe(401);
    expect(await read('meta-data/instance-id')).toEqual({ status: 200, body: instanceId });
    expect((await raw(`${address}/latest/api/token`, ttl, 'PUT')).status).toBe(400);
    const forwarded = {
      'x-aws-ec2-metadata-token-ttl-seconds': '60',
      'x-forwarded-for': '10.0.0.1',
    };
    expect((await raw(`${address}/latest/api/token`, forwarded, 'PUT')).status).toBe(403);
  });

  test('answers to its real address where that is routed to it, and to no other name', async () => {
    const ask = (host: string) => raw(`${address}/latest/meta-data/instance-id`, { host });
    expect((await ask('169.254.169.254')).status).toBe(401);
    expect((await ask('evil.example')).status).toBe(403);
  });

  test('tells type, place and tags', async () => {
    expect((await read('meta-data/instance-type')).body).toBe('g5.xlarge');
    expect((await read('meta-data/placement/region')).body).toBe('us-east-1');
    expect((await read('meta-data/tags/instance/run')).body).toBe('r1');
    expect((await read('meta-data/placement/')).body.split('\n')).toContain('availability-zone');
    expect(JSON.parse((await read('dynamic/instance-identity/document')).body)).toMatchObject({
      instanceId,
      region: 'us-east-1',
    });
  });

  test('has role credentials that are signed with, until the instance is gone', async () => {
    const role = (await read('meta-data/iam/security-credentials/')).body;
    const credentials = JSON.parse(
      (await read(`meta-data/iam/security-credentials/${role}`)).body,
    ) as {
      AccessKeyId: string;
      SecretAccessKey: string;
      Token: string;
    };
    const config = (sessionToken: string) => ({
      ...cloud.clientConfig,
      maxAttempts: 1,
      credentials: {
        accessKeyId: credentials.AccessKeyId,
        secretAccessKey: credentials.SecretAccessKey,
        sessionToken,
      },
    });
    const own = new EC2Client(config(credentials.Token));
    const ask = new DescribeInstancesCommand({});
    await own.send(ask);
    expect((await refusal(new EC2Client(config('x')).send(ask))).name).toBe('AuthFailure');
    await cloud.admin('POST', `instances/${instanceId}/interrupt`, { noticeSeconds: 1 });
    const action = await read('meta-data/spot/instance-action');
    expect(JSON.parse(action.body)).toMatchObject({ action: 'terminate' });
    expect((await read('meta-data/spot/termination-time')).body).toMatch(/^\d{4}-.*:\d\dZ$/);
    await at.awaitState(instanceId, 'terminated');
    expect((await refusal(own.send(ask))).name).toBe('AuthFailure');
  });

  test('announces nothing as long as nothing is to be announced', async () => {
    const calm = await at.launch();
    const seen = await at.run(
      calm,
      'T=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token); ' +
        'curl -s -o /dev/null -w "%{http_code}" -H "X-aws-ec2-metadata-token: $T" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/meta-data/spot/instance-action',
    );
    expect(seen.StandardOutputContent).toBe('404');
  });
});
