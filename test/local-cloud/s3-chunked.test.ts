import fc from 'fast-check';

import { decodeAwsChunked } from '../../local-cloud/s3/aws-chunked';
import { createChunkVerifier, deriveSigningKey } from '../../local-cloud/sigv4-key';

// The worked examples of AWS's documentation, with their published signatures:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
const SCOPE = { date: '20130524', region: 'us-east-1', service: 's3' };
const SIGNING_KEY = deriveSigningKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', SCOPE);
const PAYLOAD = Buffer.alloc(66_560, 'a');

const SIGNED = {
  hasTrailer: false,
  seedSignature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  body: [
    '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n',
    `${'a'.repeat(65_536)}\r\n`,
    '400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n',
    `${'a'.repeat(1024)}\r\n`,
    '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
  ].join(''),
};

const SIGNED_WITH_TRAILER = {
  hasTrailer: true,
  seedSignature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  body: [
    '10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n',
    `${'a'.repeat(65_536)}\r\n`,
    '400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n',
    `${'a'.repeat(1024)}\r\n`,
    '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n',
    'x-amz-checksum-crc32c:sOO8/Q==\r\n',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
  ].join(''),
};

const UNSIGNED_WITH_TRAILER = {
  hasTrailer: true,
  seedSignature: null,
  body: '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n',
};

async function decode(
  form: { hasTrailer: boolean; seedSignature: string | null; body: string },
  pieceBytes = form.body.length,
): Promise<{ payload: Buffer; trailer: Record<string, string> }> {
  const { seedSignature, body, hasTrailer } = form;
  let trailer: Record<string, string> = {};
  async function* pieces() {
    for (let at = 0; at < body.length; at += pieceBytes) {
      yield await Promise.resolve(Buffer.from(body.slice(at, at + pieceBytes), 'latin1'));
    }
  }
  const verifier =
    seedSignature === null
      ? null
      : createChunkVerifier({
          signingKey: SIGNING_KEY,
          timestamp: '20130524T000000Z',
          scope: SCOPE,
          seedSignature,
        });
  const payload: Buffer[] = [];
  const onTrailer = (entries: ReadonlyMap<string, string>) => {
    trailer = Object.fromEntries(entries);
  };
  for await (const bytes of decodeAwsChunked(pieces(), { hasTrailer, verifier, onTrailer })) {
    payload.push(bytes);
  }
  return { payload: Buffer.concat(payload), trailer };
}

test('the documented signed chunks are decoded', async () => {
  expect((await decode(SIGNED)).payload).toEqual(PAYLOAD);
});

test('the documented signed chunks with a signed trailer are decoded', async () => {
  const { payload, trailer } = await decode(SIGNED_WITH_TRAILER);
  expect(payload).toEqual(PAYLOAD);
  expect(trailer).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' });
});

test('unsigned chunks with a trailer are decoded however the network cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (pieceBytes) => {
      const { payload, trailer } = await decode(UNSIGNED_WITH_TRAILER, pieceBytes);
      expect(payload.toString()).toBe('hello');
      expect(trailer).toEqual({ 'x-amz-checksum-crc32': 'NhCmhg==' });
    }),
  );
});

test.each([
  ['a changed byte', SIGNED, (body: string) => body.replace('aaaa', 'aaab')],
  ['a changed signature', SIGNED, (body: string) => body.replace('0055', '0056')],
  ['a missing signature', SIGNED, (body: string) => body.replace(/;chunk-signature=[0-9a-f]+/, '')],
  [
    'a left-out chunk',
    SIGNED,
    (body: string) => body.slice(0, body.indexOf('400;')) + body.slice(body.indexOf('\r\n0;') + 2),
  ],
  ['a changed trailer', SIGNED_WITH_TRAILER, (body: string) => body.replace('sOO8', 'sOO9')],
  [
    'an unsigned trailer',
    SIGNED_WITH_TRAILER,
    (body: string) => body.replace(/x-amz-trailer-signature.*\r\n/, ''),
  ],
])('%s is noticed', async (_name, form, tamper) => {
  await expect(decode({ ...form, body: tamper(form.body) })).rejects.toMatchObject({
    code: 'SignatureDoesNotMatch',
  });
});

test.each([
  ['ends early', '5\r\nhel', 'IncompleteBody'],
  ['never ends', '5\r\nhello\r\n', 'IncompleteBody'],
  ['is not framed', 'hello', 'IncompleteBody'],
  ['has a wrong size', '4\r\nhello\r\n0\r\n\r\n', 'IncompleteBody'],
  ['has a broken trailer', '5\r\nhello\r\n0\r\nnonsense\r\n\r\n', 'MalformedTrailerError'],
  ['has small chunks in the middle', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'InvalidChunkSizeError'],
])('a body that %s is refused', async (_name, body, code) => {
  await expect(decode({ ...UNSIGNED_WITH_TRAILER, body })).rejects.toMatchObject({ code });
});
