import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
  type PutParameterCommandInput,
} from '@aws-sdk/client-ssm';
import { startLocalCloud, type TestCloud } from '../support/local-cloud';
import { refusal } from './clients';

let cloud: TestCloud;
let ssm: SSMClient;

beforeAll(async () => {
  cloud = await startLocalCloud();
  ssm = new SSMClient({ ...cloud.clientConfig, maxAttempts: 1 });
});
afterAll(async () => {
  ssm.destroy();
  await cloud.close();
});

const put = (Name: string, Value: string, more: Partial<PutParameterCommandInput> = {}) =>
  ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', ...more }));
const get = async (Name: string, WithDecryption = false) =>
  (await ssm.send(new GetParameterCommand({ Name, WithDecryption }))).Parameter;

test('a SecureString is given out decrypted to who asks so, and lies encrypted on the disk', async () => {
  const value = 's3cr3t ünïcode\nand a line';
  const made = await put('/app/key', value, { Type: 'SecureString' });
  expect(made).toMatchObject({ Version: 1, Tier: 'Standard' });
  const sealed = await get('/app/key');
  expect(sealed?.Value).toMatch(/^[A-Za-z0-9+/]+=*$/);
  expect(await get('/app/key', true)).toMatchObject({
    Name: '/app/key',
    Type: 'SecureString',
    Value: value,
    Version: 1,
    DataType: 'text',
    ARN: expect.stringMatching(/^arn:aws:ssm:us-east-1:\d{12}:parameter\/app\/key$/) as string,
  });
  expect(
    filesBelow(cloud.stateDir).filter((file) => readFileSync(file).includes('s3cr3t')),
  ).toEqual([]);
  await cloud.crash();
  await cloud.restart();
  expect((await get('/app/key', true))?.Value).toBe(value);
});

test('a new version replaces the old one, which can still be named', async () => {
  await put('versions', 'one');
  expect(await refusal(put('versions', 'two'))).toMatchObject({ name: 'ParameterAlreadyExists' });
  expect(await put('versions', 'two', { Overwrite: true })).toMatchObject({ Version: 2 });
  expect((await get('versions'))?.Value).toBe('two');
  expect(await get('versions:1')).toMatchObject({ Value: 'one', Selector: ':1' });
  expect((await refusal(get('versions:3'))).name).toBe('ParameterVersionNotFound');
  const other = put('versions', 'x', { Overwrite: true, Type: 'SecureString' });
  expect((await refusal(other)).name).toBe('HierarchyTypeMismatchException');
});

test('several are read at once, and those that are not there are named', async () => {
  await put('/many/a', '1');
  await put('/many/b', '2', { Type: 'SecureString' });
  const reply = await ssm.send(
    new GetParametersCommand({ Names: ['/many/a', '/many/b', '/many/c'], WithDecryption: true }),
  );
  expect(reply.Parameters?.map(({ Value }) => Value)).toEqual(['1', '2']);
  expect(reply.InvalidParameters).toEqual(['/many/c']);
});

test('a path is listed in pages, one level or all', async () => {
  for (let i = 0; i < 12; i += 1) await put(`/tree/leaf-${i}`, String(i));
  await put('/tree/deep/er', 'x');
  await put('/treehouse', 'x');
  const first = await ssm.send(new GetParametersByPathCommand({ Path: '/tree' }));
  expect(first.Parameters).toHaveLength(10);
  const second = await ssm.send(
    new GetParametersByPathCommand({ Path: '/tree', NextToken: first.NextToken }),
  );
  expect(second.Parameters).toHaveLength(2);
  expect(second.NextToken).toBeUndefined();
  const deep = await ssm.send(
    new GetParametersByPathCommand({ Path: '/tree/deep/', Recursive: true }),
  );
  expect(deep.Parameters?.map(({ Name }) => Name)).toEqual(['/tree/deep/er']);
  const described = await ssm.send(
    new DescribeParametersCommand({
      ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/treeh'] }],
    }),
  );
  expect(described.Parameters).toMatchObject([{ Name: '/treehouse', Type: 'String', Version: 1 }]);
});

test('what is deleted is gone', async () => {
  for (const name of ['gone-1', 'gone-2', 'gone-3']) await put(name, 'x');
  await ssm.send(new DeleteParameterCommand({ Name: 'gone-1' }));
  expect((await refusal(get('gone-1'))).name).toBe('ParameterNotFound');
  const again = ssm.send(new DeleteParameterCommand({ Name: 'gone-1' }));
  expect((await refusal(again)).name).toBe('ParameterNotFound');
  const reply = await ssm.send(
    new DeleteParametersCommand({ Names: ['gone-1', 'gone-2', 'gone-3'] }),
  );
  expect(reply).toMatchObject({
    DeletedParameters: ['gone-2', 'gone-3'],
    InvalidParameters: ['gone-1'],
  });
});

test.each<readonly [string, Partial<PutParameterCommandInput>, string, RegExp]>([
  ['a/b', {}, 'ValidationException', /fully qualified/],
  ['/a b', {}, 'ValidationException', /letters, numbers/],
  ['/ssm/x', {}, 'ValidationException', /can't be prefixed/],
  ['/aws/x', {}, 'AccessDeniedException', /reserved/],
  ['/x'.repeat(16), {}, 'HierarchyLevelLimitExceededException', /15 levels/],
  ['long', { Value: 'x'.repeat(4097) }, 'ValidationException', /4096 characters/],
  ['empty', { Value: '' }, 'ValidationException', /length greater than or equal to 1/],
  ['pattern', { AllowedPattern: '^\\d+$' }, 'ParameterPatternMismatchException', /allowedPattern/],
])('%s is refused as AWS does', async (name, more, code, words) => {
  const refused = await refusal(put(name, 'x', more));
  expect(refused.name).toBe(code);
  expect(refused.message).toMatch(words);
});

test('a parameter of more than 4,096 characters is an advanced one', async () => {
  const value = 'x'.repeat(5000);
  expect(await put('advanced', value, { Tier: 'Advanced' })).toMatchObject({ Tier: 'Advanced' });
  expect((await get('advanced'))?.Value).toBe(value);
});

test('the stock CLI puts and gets parameters', async () => {
  const aws = async (...args: string[]) => {
    const env = { ...process.env, ...cloud.environment };
    const { stdout } = await promisify(execFile)('aws', ['ssm', ...args], { env });
    return JSON.parse(stdout) as Record<string, Record<string, unknown>>;
  };
  if (
    !(await promisify(execFile)('aws', ['--version']).then(
      () => true,
      () => false,
    ))
  ) {
    console.warn(
      'THERE IS NO aws CLI ON THIS MACHINE: what it says to parameters is not looked at',
    );
    return;
  }
  await aws('put-parameter', '--type', 'SecureString', '--name', '/cli/key', '--value', 'by hand');
  const reply = await aws('get-parameter', '--name', '/cli/key', '--with-decryption');
  expect(reply['Parameter']?.['Value']).toBe('by hand');
}, 60_000);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
