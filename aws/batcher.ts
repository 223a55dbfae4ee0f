/** Turns many single reads into few calls. */
export interface Batcher<Key, Value> {
  /** Answers with the batch that is being collected; equal keys of one window share one answer. */
  read(key: Key): Promise<Value>;
}

export interface BatcherOptions<Key, Value> {
  readonly windowMs: number;
  readonly maxBatchSize: number;
  /**
   * Loads at most `maxBatchSize` keys and settles each as soon as its answer is there, so that one slow key delays no
   * other. A key it leaves out is rejected once it returns.
   */
  readonly load: (keys: readonly Key[], settle: (key: Key, value: Value) => void) => Promise<void>;
}

interface Waiter<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a batcher. Its cost depends on the number of windows, not on the number of readers. */
export function createBatcher<Key, Value>(
  options: BatcherOptions<Key, Value>,
): Batcher<Key, Value> {
  let collecting = new Map<Key, Waiter<Value>>();

  const flush = (): void => {
    const waiters = [...collecting];
    collecting = new Map();
    for (let from = 0; from < waiters.length; from += options.maxBatchSize) {
      void loadBatch(options, new Map(waiters.slice(from, from + options.maxBatchSize)));
    }
  };

  return {
    read: (key) => {
      const known = collecting.get(key);
      if (known !== undefined) return known.promise;
      if (collecting.size === 0) setTimeout(flush, options.windowMs);
      const waiter = createWaiter<Value>();
      collecting.set(key, waiter);
      return waiter.promise;
    },
  };
}

async function loadBatch<Key, Value>(
  options: BatcherOptions<Key, Value>,
  waiters: ReadonlyMap<Key, Waiter<Value>>,
): Promise<void> {
  try {
    await options.load([...waiters.keys()], (key, value) => waiters.get(key)?.resolve(value));
    // Rejecting a settled promise changes nothing, so this reaches only what the load left out.
    const unanswered = new Error('the batch ended without an answer for this key');
    for (const waiter of waiters.values()) waiter.reject(unanswered);
  } catch (error) {
    for (const waiter of waiters.values()) waiter.reject(error);
  }
}

function createWaiter<Value>(): Waiter<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  // Readers may have gone away (cancelled); their rejection must not end the process.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
