import type { IncomingHttpHeaders } from 'node:http';

import { verifySignature, type SigningSecret } from '../../local-cloud/sigv4';

// The worked examples of AWS's own documentation, with their published signatures:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
const KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const DAY = new Date('2013-05-24T00:00:00Z');

const DOCUMENTED_GET = {
  method: 'GET',
  url: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': EMPTY_SHA256,
    'x-amz-date': '20130524T000000Z',
    authorization:
      `AWS4-HMAC-SHA256 Credential=${KEY_ID}/20130524/us-east-1/s3/aws4_request,` +
      'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
      'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  } satisfies IncomingHttpHeaders,
};

const DOCUMENTED_LINK = {
  method: 'GET',
  url:
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
    `&X-Amz-Credential=${KEY_ID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request` +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  headers: { host: 'examplebucket.s3.amazonaws.com' } satisfies IncomingHttpHeaders,
};

function minutesLater(minutes: number): Date {
  return new Date(DAY.getTime() + minutes * 60_000);
}

function verdictOn(
  request: { method: string; url: string; headers: IncomingHttpHeaders },
  options: { now?: Date; secret?: SigningSecret; body?: Buffer | null } = {},
) {
  const secret = options.secret ?? { secretAccessKey: SECRET };
  return verifySignature(
    { ...request, body: options.body ?? null },
    (id) => (id === KEY_ID ? secret : undefined),
    options.now ?? DAY,
  );
}

test('the documented request is accepted, with the payload hash still to check', () => {
  expect(verdictOn(DOCUMENTED_GET)).toEqual({
    kind: 'ok',
    accessKeyId: KEY_ID,
    service: 's3',
    region: 'us-east-1',
    form: 'header',
    payload: { kind: 'sha256', sha256Hex: EMPTY_SHA256 },
  });
});

test('the documented presigned link is accepted, its payload unsigned', () => {
  expect(verdictOn(DOCUMENTED_LINK)).toMatchObject({ kind: 'ok', payload: { kind: 'unsigned' } });
});

test('a service other than S3 is verified with the hash of its body', () => {
  // "get-vanilla" of AWS's Signature Version 4 test suite.
  const request = {
    method: 'GET',
    url: '/',
    headers: {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        'SignedHeaders=host;x-amz-date, ' +
        'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    },
  };
  const lookUp = () => ({ secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' });
  const now = new Date('2015-08-30T12:36:00Z');
  const verdict = (body: string) =>
    verifySignature({ ...request, body: Buffer.from(body) }, lookUp, now);
  expect(verdict('')).toMatchObject({ kind: 'ok', service: 'service' });
  expect(verdict('Action=TerminateInstances')).toMatchObject({ code: 'SignatureDoesNotMatch' });
});

test.each([
  ['another method', { ...DOCUMENTED_GET, method: 'PUT' }],
  ['another key', { ...DOCUMENTED_GET, url: '/test2.txt' }],
  ['another parameter', { ...DOCUMENTED_GET, url: '/test.txt?acl' }],
  [
    'another range',
    { ...DOCUMENTED_GET, headers: { ...DOCUMENTED_GET.headers, range: 'bytes=0-' } },
  ],
  ['another link', { ...DOCUMENTED_LINK, url: DOCUMENTED_LINK.url.replace('86400', '86401') }],
])('a signature does not carry over to %s', (_name, request) => {
  expect(verdictOn(request)).toMatchObject({ code: 'SignatureDoesNotMatch', statusCode: 403 });
});

test('a header that S3 acts on must be signed', () => {
  const headers = { ...DOCUMENTED_GET.headers, 'x-amz-copy-source': '/other/secret' };
  expect(verdictOn({ ...DOCUMENTED_GET, headers })).toMatchObject({ code: 'HeadersNotSigned' });
});

test('a clock may be off by a quarter of an hour, not more', () => {
  expect(verdictOn(DOCUMENTED_GET, { now: minutesLater(14) })).toMatchObject({ kind: 'ok' });
  expect(verdictOn(DOCUMENTED_GET, { now: minutesLater(-14) })).toMatchObject({ kind: 'ok' });
  expect(verdictOn(DOCUMENTED_GET, { now: minutesLater(16) })).toMatchObject({
    code: 'RequestTimeTooSkewed',
  });
  expect(verdictOn(DOCUMENTED_GET, { now: minutesLater(-16) })).toMatchObject({
    code: 'RequestTimeTooSkewed',
  });
});

test('a presigned link works until it expires', () => {
  expect(verdictOn(DOCUMENTED_LINK, { now: minutesLater(24 * 60 - 1) })).toMatchObject({
    kind: 'ok',
  });
  expect(verdictOn(DOCUMENTED_LINK, { now: minutesLater(24 * 60 + 1) })).toMatchObject({
    code: 'RequestExpired',
  });
});

test('temporary credentials need their token, and end', () => {
  const secret = { secretAccessKey: SECRET, sessionToken: 'token' };
  expect(verdictOn(DOCUMENTED_GET, { secret })).toMatchObject({ code: 'InvalidAccessKeyId' });
  expect(verdictOn(DOCUMENTED_LINK, { secret: { ...secret, expiresAt: DAY } })).toMatchObject({
    code: 'InvalidAccessKeyId',
  });
  const link = { ...DOCUMENTED_LINK, url: `${DOCUMENTED_LINK.url}&X-Amz-Security-Token=other` };
  expect(verdictOn(link, { secret })).toMatchObject({ code: 'InvalidToken' });
  const right = { ...link, url: link.url.replace('other', 'token') };
  expect(verdictOn(right, { secret: { ...secret, expiresAt: DAY } })).toMatchObject({
    code: 'ExpiredToken',
  });
  expect(
    verdictOn(DOCUMENTED_GET, { secret: { secretAccessKey: SECRET, expiresAt: DAY } }),
  ).toMatchObject({ code: 'ExpiredToken' });
});

test('who does not sign, signs badly, or is not known is told which', () => {
  const withAuthorization = (authorization: string) => ({
    ...DOCUMENTED_GET,
    headers: { ...DOCUMENTED_GET.headers, authorization },
  });
  expect(verdictOn({ method: 'GET', url: '/', headers: { host: 'x' } })).toMatchObject({
    code: 'MissingAuthenticationToken',
  });
  for (const authorization of ['Bearer x', 'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=a/b']) {
    expect(verdictOn(withAuthorization(authorization))).toMatchObject({
      code: 'IncompleteSignature',
      statusCode: 400,
    });
  }
  const stranger = DOCUMENTED_GET.headers.authorization.replace(KEY_ID, 'AKIASTRANGER');
  expect(verdictOn(withAuthorization(stranger))).toMatchObject({ code: 'InvalidAccessKeyId' });
  const tooLong = DOCUMENTED_LINK.url.replace('86400', '604801');
  expect(verdictOn({ ...DOCUMENTED_LINK, url: tooLong })).toMatchObject({
    code: 'IncompleteSignature',
  });
});

test('a body that is not the one that was signed is refused', () => {
  expect(verdictOn(DOCUMENTED_GET, { body: Buffer.alloc(0) })).toMatchObject({
    payload: { kind: 'verified' },
  });
  expect(verdictOn(DOCUMENTED_GET, { body: Buffer.from('x') })).toMatchObject({
    code: 'PayloadHashMismatch',
  });
});
