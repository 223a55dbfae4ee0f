import { existsSync } from 'node:fs';
import path from 'node:path';

/** The nearest `name` in this folder or one above it; null when there is none. */
export function findUpwards(folder: string, name: string): string | null {
  let current = path.resolve(folder);
  for (;;) {
    const candidate = path.join(current, name);
    if (existsSync(candidate)) return candidate;
    const parent = path.dirname(current);
    // Bounded by the depth of the folder: the root is its own parent.
    if (parent === current) return null;
    current = parent;
  }
}
