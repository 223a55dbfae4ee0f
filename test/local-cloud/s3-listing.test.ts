import {
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';

import { compareKeys } from '../../local-cloud/s3/bucket';
import { listPage } from '../../local-cloud/s3/listing';
import { parseRange } from '../../local-cloud/s3/ranges';
import { BUCKET, startS3Server, type S3Server } from './s3-server';

let server: S3Server;
let s3: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  s3 = server.client();
  const keys = ['a/1', 'a/2', 'b', 'c/1', 'c/x/1', 'd&<e>', 'é', '\uff5e', '😀'];
  for (const Key of keys) {
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
  }
});
afterAll(() => server.close());

test('a folder view shows keys and common prefixes, and counts both', async () => {
  const shown: string[] = [];
  let ContinuationToken: string | undefined;
  for (let page = 0; page < 10; page += 1) {
    const answer = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Delimiter: '/', MaxKeys: 2, ContinuationToken }),
    );
    expect(answer.KeyCount).toBeLessThanOrEqual(2);
    shown.push(...(answer.Contents ?? []).map(({ Key }) => Key ?? ''));
    shown.push(...(answer.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''));
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined) break;
  }
  expect(shown.sort()).toEqual(['a/', 'b', 'c/', 'd&<e>', 'é', '\uff5e', '😀'].sort());
});

test('keys come in the order of their UTF-8 bytes', async () => {
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, StartAfter: 'd' }));
  expect(Contents?.map(({ Key }) => Key)).toEqual(['d&<e>', 'é', '\uff5e', '😀']);
});

test('the older listing goes on behind its marker', async () => {
  const first = await s3.send(
    new ListObjectsCommand({ Bucket: BUCKET, Delimiter: '/', MaxKeys: 1 }),
  );
  expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'a/' });
  const second = await s3.send(
    new ListObjectsCommand({ Bucket: BUCKET, Delimiter: '/', Marker: first.NextMarker }),
  );
  expect(second.CommonPrefixes).toEqual([{ Prefix: 'c/' }]);
  expect(second.Contents?.[0]?.Key).toBe('b');
});

test('names can be asked for percent-encoded', async () => {
  const input = { Bucket: BUCKET, Prefix: 'd', EncodingType: 'url' } as const;
  const { Contents } = await s3.send(new ListObjectsV2Command(input));
  expect(Contents?.[0]?.Key).toBe('d%26%3Ce%3E');
});

test('no keys can be asked for; a wrong number or token is refused', async () => {
  expect(await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 0 }))).toMatchObject({
    KeyCount: 0,
    IsTruncated: false,
  });
  for (const wrong of [{ MaxKeys: -1 }, { ContinuationToken: 'nonsense' }]) {
    await expect(
      s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ...wrong })),
    ).rejects.toMatchObject({ name: 'InvalidArgument' });
  }
});

const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', '😀', '\uff5e'), maxLength: 5 });

test('pages of any size together show what one look at all keys shows', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 30 }),
      key,
      fc.constantFrom('', '/', 'ab'),
      fc.integer({ min: 1, max: 5 }),
      (keys, prefix, delimiter, maxEntries) => {
        const stored = keys.filter((one) => one !== '').sort(compareKeys);
        const expected = new Set(
          stored
            .filter((one) => one.startsWith(prefix))
            .map((one) => {
              const end = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length);
              return end < 0 ? `key ${one}` : `group ${one.slice(0, end + delimiter.length)}`;
            }),
        );
        const shown: string[] = [];
        let after: string | undefined = '';
        // Each page shows something, so there are no more pages than keys.
        for (let page = 0; after !== undefined && page <= keys.length; page += 1) {
          const answer = listPage(stored, { prefix, delimiter, after, maxEntries });
          const entries = [
            ...answer.keys.map((one) => `key ${one}`),
            ...answer.commonPrefixes.map((one) => `group ${one}`),
          ];
          expect(entries.length).toBe(
            answer.next === undefined ? Math.min(entries.length, maxEntries) : maxEntries,
          );
          shown.push(...entries);
          after = answer.next;
        }
        expect(shown.length).toBe(expected.size);
        expect(new Set(shown)).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test('the order of keys is that of their bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('a range is the bytes it names that exist', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(25), fc.nat(25), (sizeBytes, first, count) => {
      const bytes = Array.from({ length: sizeBytes }, (_, index) => index);
      const take = (header: string) => {
        const span = parseRange(header, sizeBytes);
        return span && bytes.slice(span.firstByte, span.firstByte + span.countBytes);
      };
      const check = (header: string, expected: number[]) => {
        if (expected.length > 0) expect(take(header)).toEqual(expected);
        else expect(() => take(header)).toThrow('not satisfiable');
      };
      check(`bytes=${first}-${first + count}`, bytes.slice(first, first + count + 1));
      check(`bytes=${first}-`, bytes.slice(first));
      check(`bytes=-${count}`, count === 0 ? [] : bytes.slice(-count));
    }),
  );
  expect(parseRange('bytes=5-2', 10)).toBeUndefined();
  expect(parseRange('bytes=0-1,3-4', 10)).toBeUndefined();
  expect(parseRange('rows=1-2', 10)).toBeUndefined();
});
