import { failureFromAwsError, readAwsError } from '../../aws/aws-error';
import { needsPathStyle } from '../../aws/clients';
import { readInstance, readTransitionInstant, whyGone } from '../../aws/instance-view';
import { readAnswer } from '../../aws/supervisor-answer';
import { Failure } from '../../domain/failure';

describe('an instance as EC2 tells it', () => {
  test('is On-Demand when EC2 gives no lifecycle', () => {
    const view = readInstance({
      InstanceId: 'i-1',
      State: { Name: 'running' },
      LaunchTime: new Date('2026-11-24T10:00:00Z'),
      Tags: [{ Key: 'app', Value: 'runctl' }],
    });
    expect(view).toMatchObject({ purchase: 'on-demand', tags: { app: 'runctl' } });
    expect(whyGone(view, 'i-1')).toBeNull();
  });

  test('is gone with the reason that EC2 gives', () => {
    const view = readInstance({
      InstanceId: 'i-1',
      State: { Name: 'shutting-down' },
      StateReason: { Code: 'Server.SpotInstanceTermination', Message: 'no capacity' },
      StateTransitionReason: 'Service initiated (2026-08-10 20:37:24 GMT)',
    });
    expect(view?.stateChangedAt).toBe('2026-08-10T20:37:24.000Z');
    expect(whyGone(view, 'i-1')).toEqual({
      code: 'Server.SpotInstanceTermination',
      message: 'no capacity',
    });
    expect(whyGone(null, 'i-1')?.message).toContain('i-1');
    expect(readTransitionInstant('User initiated')).toBeNull();
  });
});

describe('an exception of the SDK', () => {
  const sdkError = (name: string, status?: number): Error =>
    Object.assign(new Error(`text of ${name}`), {
      name,
      ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
    });

  test.each([
    ['NoSuchBucket', 404, 'bucket-missing'],
    ['AccessDenied', 403, 'not-authorized'],
    ['CredentialsProviderError', undefined, 'no-credentials'],
    ['ThrottlingException', 400, 'aws-unavailable'],
    ['ExpiredTokenException', 400, 'aws-unavailable'],
    ['WhoKnows', 400, 'aws-unavailable'],
  ])('%s becomes %s %s', (name, status, code) => {
    expect(failureFromAwsError(sdkError(name, status))).toMatchObject({ code });
  });

  test('a connection that was cut is one, a bug of ours and a failure of ours are not', () => {
    const cut = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    expect(readAwsError(cut)).toMatchObject({ code: 'ECONNRESET', httpStatus: null });
    expect(readAwsError(new TypeError('x is undefined'))).toBeNull();
    expect(failureFromAwsError(new Failure('bucket-missing', 'no'))).toBeNull();
  });
});

test('any S3 but that of AWS has its buckets in the path', () => {
  expect(needsPathStyle({})).toBe(false);
  expect(needsPathStyle({ AWS_ENDPOINT_URL: 'https://s3.eu-west-1.amazonaws.com' })).toBe(false);
  expect(needsPathStyle({ AWS_ENDPOINT_URL: 'http://localhost:4566' })).toBe(true);
  expect(needsPathStyle({ AWS_ENDPOINT_URL_S3: 'https://minio.example.com' })).toBe(true);
});

describe("a supervisor's answer", () => {
  test('is found among other output by its nonce', () => {
    const output = 'Last login: yesterday\n{"nonce":"ab","ok":true,"removed":["lock"]}\n';
    expect(readAnswer(output, 'ab')).toMatchObject({
      kind: 'answered',
      reply: { removed: ['lock'] },
    });
  });

  test.each([
    ['of another command', '{"nonce":"cd","ok":true}'],
    ['that is cut', '{"nonce":"ab","ok":tr'],
    ['with a wrong field', '{"nonce":"ab","ok":true,"removed":7}'],
    ['that is nothing', ''],
  ])('%s is garbled', (_, output) => {
    expect(readAnswer(output, 'ab').kind).toBe('garbled');
  });

  test('keeps the code of a refusal', () => {
    const output = '{"nonce":"ab","ok":false,"error":{"code":"not-this-attempt","message":"m"}}';
    expect(readAnswer(output, 'ab')).toEqual({
      kind: 'refused',
      code: 'not-this-attempt',
      message: 'm',
    });
  });
});
