/** Waits until a condition holds, looking every few milliseconds; fails with what it last saw. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  isThere: (seen: T) => boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (Date.now() > deadline) {
      throw new Error(`Not seen in ${timeoutMs} ms: ${what}. Last: ${JSON.stringify(seen)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
