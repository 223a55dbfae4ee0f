/** Remembers what a call answered for a while; callers at the same time share one call, and an error is not kept. */
export function cached<Value>(
  keepMs: number,
  load: (key: string) => Promise<Value>,
): (key: string) => Promise<Value> {
  const known = new Map<string, { readonly loadedAtMs: number; readonly value: Promise<Value> }>();
  return (key) => {
    const entry = known.get(key);
    if (entry !== undefined && Date.now() - entry.loadedAtMs < keepMs) return entry.value;
    const value = load(key);
    known.set(key, { loadedAtMs: Date.now(), value });
    value.catch(() => known.delete(key));
    return value;
  };
}
