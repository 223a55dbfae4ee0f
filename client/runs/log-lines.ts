/**
 * Cuts the bytes of one attempt's log into lines. Works on bytes, since a piece of a log may end within a character,
 * and keeps no more than one unfinished line.
 */
export class LineCutter {
  private unfinished: Buffer = Buffer.alloc(0);

  constructor(private readonly maxLineBytes: number) {}

  /** The lines that these bytes finish. A line above the bound comes in pieces. */
  *cut(bytes: Uint8Array): Generator<string> {
    const text = Buffer.concat([this.unfinished, bytes]);
    let from = 0;
    for (let end = text.indexOf(newline); end >= 0; end = text.indexOf(newline, from)) {
      yield text.toString('utf8', from, end);
      from = end + 1;
    }
    for (; text.length - from > this.maxLineBytes; from += this.maxLineBytes) {
      yield text.toString('utf8', from, from + this.maxLineBytes);
    }
    // A copy, so that the whole piece is not kept for its last words.
    this.unfinished = Buffer.from(text.subarray(from));
  }

  /** What stands behind the last line end; nothing more comes. */
  *end(): Generator<string> {
    if (this.unfinished.length > 0) yield this.unfinished.toString('utf8');
    this.unfinished = Buffer.alloc(0);
  }
}

const newline = 0x0a;
