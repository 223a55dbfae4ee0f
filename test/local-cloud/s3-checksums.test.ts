import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';

import {
  GetObjectCommand,
  PutObjectCommand,
  type ChecksumAlgorithm,
  type S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';

import { CHECKSUM_ALGORITHMS, createChecksum } from '../../local-cloud/s3/checksums';
import { BUCKET, CREDENTIALS, startS3Server, type S3Server } from './s3-server';

let server: S3Server;
let s3: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  s3 = server.client();
});
afterAll(() => server.close());

// The check values of the catalogue of CRCs (https://reveng.sourceforge.io/crc-catalogue/) and RFC 3174, 6234.
test.each([
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as const)('%s has its published check value', (algorithm, hex) => {
  const checksum = createChecksum(algorithm);
  checksum.update(Buffer.from('123456789'));
  expect(checksum.digest().toString('hex')).toBe(hex);
});

test.each(CHECKSUM_ALGORITHMS)('%s does not depend on how the bytes are cut', (algorithm) => {
  const digest = (pieces: Buffer[]) => {
    const checksum = createChecksum(algorithm);
    for (const piece of pieces) checksum.update(piece);
    return checksum.digest().toString('hex');
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 99 }), fc.nat(99), (array, at) => {
      const bytes = Buffer.from(array);
      expect(digest([bytes.subarray(0, at), bytes.subarray(at)])).toBe(digest([bytes]));
    }),
  );
});

test.each(['CRC32', 'SHA1', 'SHA256'] satisfies ChecksumAlgorithm[])(
  'the %s that a client sends is kept and returned',
  async (ChecksumAlgorithm) => {
    const Key = `with-${ChecksumAlgorithm}`;
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key, Body: '123456789', ChecksumAlgorithm }),
    );
    const got = await s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: 'ENABLED' }),
    );
    // The SDK compares what it reads with the checksum, and would throw.
    expect(await got.Body?.transformToString()).toBe('123456789');
    const checksum = createChecksum(ChecksumAlgorithm);
    checksum.update(Buffer.from('123456789'));
    expect(got[`Checksum${ChecksumAlgorithm}`]).toBe(checksum.digest().toString('base64'));
  },
);

test('an object that came without a checksum gets CRC64NVME', async () => {
  const plain = server.client({ requestChecksumCalculation: 'WHEN_REQUIRED' });
  const input = { Bucket: BUCKET, Key: 'plain', Body: '123456789' };
  expect(await plain.send(new PutObjectCommand(input))).toMatchObject({
    ChecksumCRC64NVME: 'rosUhgp5mIg=',
    ChecksumType: 'FULL_OBJECT',
  });
});

test('bytes that are not what the client says they are do not become an object', async () => {
  const wrong = createHash('md5').update('other').digest('base64');
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'kept', Body: 'kept' }));
  const put = (more: object) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'kept', Body: 'lost', ...more }));
  await expect(put({ ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
  await expect(put({ ChecksumCRC32: 'short' })).rejects.toMatchObject({ name: 'InvalidRequest' });
  await expect(put({ ContentMD5: wrong })).rejects.toMatchObject({ name: 'BadDigest' });
  await expect(put({ ContentMD5: 'nonsense' })).rejects.toMatchObject({ name: 'InvalidDigest' });
  const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'kept' }));
  expect(await got.Body?.transformToString()).toBe('kept');
});

test('a body is compared with the hash that was signed', async () => {
  expect(await putSigned('hello', 'hello')).toMatchObject({ status: 200 });
  const refused = await putSigned('hello', 'jello');
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('<Code>XAmzContentSHA256Mismatch</Code>');
});

test('a chunked body is compared with its trailer, and the connection stays usable', async () => {
  const send = (checksum: string) =>
    putSigned(null, `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${checksum}\r\n\r\n`, {
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'content-encoding': 'aws-chunked',
    });
  expect(await send('NhCmhg==')).toMatchObject({ status: 200 });
  expect((await send('AAAAAA==')).text).toContain('<Code>BadDigest</Code>');
});

/** A PUT signed by hand, as a client without an SDK does; `signedBody` null: unsigned chunks. */
async function putSigned(
  signedBody: string | null,
  sentBody: string,
  more: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const { host } = new URL(server.endpoint);
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const payloadHash =
    signedBody === null ? 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' : sha256(signedBody);
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = {
    host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': timestamp,
    ...more,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    'PUT',
    `/${BUCKET}/by-hand`,
    '',
    ...names.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const scope = [timestamp.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest();
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secretAccessKey}`);
  const stringToSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope.join('/')}\n${sha256(canonical)}`;
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${CREDENTIALS.accessKeyId}/${scope.join('/')}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${hmac(key, stringToSign).toString('hex')}`;
  return new Promise((resolve, reject) => {
    const url = `${server.endpoint}/${BUCKET}/by-hand`;
    const put = request(url, { method: 'PUT', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    put.on('error', reject);
    put.end(sentBody);
  });
}
