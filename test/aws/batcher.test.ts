import { createBatcher } from '../../aws/batcher';

test('twenty reads at the same time are one call', async () => {
  const calls: (readonly number[])[] = [];
  const batcher = createBatcher<number, number>({
    windowMs: 20,
    maxBatchSize: 100,
    load: (keys, settle) => {
      calls.push(keys);
      for (const key of keys) settle(key, key * 2);
      return Promise.resolve();
    },
  });
  const keys = Array.from({ length: 20 }, (_, index) => index % 10);
  const answers = await Promise.all(keys.map((key) => batcher.read(key)));
  expect(answers).toEqual(keys.map((key) => key * 2));
  expect(calls).toEqual([Array.from({ length: 10 }, (_, index) => index)]);
});

test('a batch is never larger than allowed', async () => {
  const sizes: number[] = [];
  const batcher = createBatcher<number, null>({
    windowMs: 5,
    maxBatchSize: 50,
    load: (keys, settle) => {
      sizes.push(keys.length);
      for (const key of keys) settle(key, null);
      return Promise.resolve();
    },
  });
  await Promise.all(Array.from({ length: 120 }, (_, index) => batcher.read(index)));
  expect(sizes).toEqual([50, 50, 20]);
});

test('one slow key delays no other, and an error reaches those without an answer only', async () => {
  let fail: (reason: Error) => void = () => undefined;
  const batcher = createBatcher<string, string>({
    windowMs: 5,
    maxBatchSize: 10,
    load: (_, settle) => {
      settle('quick', 'here');
      return new Promise((_resolve, reject) => {
        fail = reject;
      });
    },
  });
  const slow = batcher.read('slow');
  await expect(batcher.read('quick')).resolves.toBe('here');
  fail(new Error('throttled'));
  await expect(slow).rejects.toThrow('throttled');
});

test('a key that the load forgets is an error, never a hang', async () => {
  const batcher = createBatcher<string, string>({
    windowMs: 5,
    maxBatchSize: 10,
    load: () => Promise.resolve(),
  });
  await expect(batcher.read('forgotten')).rejects.toThrow('without an answer');
});
