/** Bytes of a text in UTF-8. Counted by hand: the workflow sandbox has no Buffer. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Bytes of a value as JSON. */
export const jsonBytes = (value: unknown): number => utf8Bytes(JSON.stringify(value));

/** Cuts a text so that it takes at most `maxBytes` inside JSON (escapes count), and shows that it was cut. */
export function clip(text: string, maxBytes: number): string {
  if (jsonBytes(text) - 2 <= maxBytes) return text;
  let kept = '';
  let bytes = utf8Bytes('…');
  for (const character of text) {
    bytes += jsonBytes(character) - 2;
    if (bytes > maxBytes) break;
    kept += character;
  }
  return `${kept}…`;
}

/** `1 attempt`, `3 attempts`. */
export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
