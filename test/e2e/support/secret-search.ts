import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Looks for a text in bytes: as it is, in base64, in base64 of that, and inside of gzip. */
export class SecretSearch {
  private readonly needles: readonly Buffer[];

  /** @param text ASCII, long enough to be nobody else's. */
  constructor(text: string) {
    const once = inBase64(text);
    this.needles = [text, ...once, ...once.flatMap(inBase64)].map((each) => Buffer.from(each));
  }

  isIn(bytes: Uint8Array): boolean {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.needles.some((needle) => buffer.includes(needle))) return true;
    return buffer[0] === 0x1f && buffer[1] === 0x8b && this.isIn(gunzipSync(buffer));
  }

  /** Files below a folder that hold it; what comes and goes meanwhile is looked at if it is there. */
  inFiles(folder: string): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => this.isIn(readIfThere(file)));
  }

  /** Processes of this machine whose arguments, or whose environment, hold it. */
  inProcesses(part: 'cmdline' | 'environ'): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => this.isIn(readIfThere(`/proc/${pid}/${part}`)));
  }
}

/** What a text is in the middle of a longer one that is encoded: one form for each position; the borders depend on the rest. */
function inBase64(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from('x'.repeat(shift) + text).toString('base64');
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0); // gone, or not ours to read
  }
}
