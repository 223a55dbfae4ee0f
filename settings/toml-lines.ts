/**
 * The number of the line, from 1, on which a file says `key` of `section` (null: at the top); of a table that is written
 * in one line, that line. 1 when it is written in a way that this does not read.
 */
export function lineOfKey(content: string, section: string | null, key: string): number {
  const index = findLine(content.split('\n'), section, key);
  return index === -1 ? 1 : index + 1;
}

/** The index of that line, from 0; -1 when there is none. */
export function findLine(lines: readonly string[], section: string | null, key: string): number {
  let current: string | null = null;
  let inline = -1;
  for (const [index, line] of lines.entries()) {
    const header = readHeader(line);
    if (header !== null) {
      current = header;
      // An empty section, or one that stands for an unknown key.
      if (section === null && header === key) return index;
      continue;
    }
    const written = readAssignedKey(line);
    if (written === null) continue;
    if (current === section && written === key) return index;
    if (current !== null || section === null) continue;
    if (written === `${section}.${key}`) return index;
    if (written === section) inline = index;
  }
  return inline;
}

/** The name of the section that a line opens; null for any other line. */
export function readHeader(line: string): string | null {
  const match = /^\s*\[\s*([^[\]]+?)\s*\]\s*(#.*)?$/.exec(line);
  return match?.[1] === undefined ? null : withoutQuotes(match[1]);
}

/** The key to which a line assigns something, `a.b` for a dotted one; null for any other line. */
export function readAssignedKey(line: string): string | null {
  const match = /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=/.exec(
    line,
  );
  return match?.[1] === undefined ? null : withoutQuotes(match[1]);
}

function withoutQuotes(name: string): string {
  return name
    .split('.')
    .map((part) => part.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .join('.');
}
