/** Cyclic redundancy checks that Node does not bring: CRC-32C and CRC-64/NVME, eight bytes a step. */

/** @see https://reveng.sourceforge.io/crc-catalogue/all.htm (CRC-32/ISCSI, reflected) */
const CRC32C_POLYNOMIAL = 0x82f63b78n;
/** @see https://reveng.sourceforge.io/crc-catalogue/all.htm (CRC-64/NVME, reflected) */
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

const STEP_BYTES = 8;

/** Table `n` advances a byte that has `n` more bytes behind it in the same step. */
interface Tables {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

function buildTables(polynomial: bigint): Tables {
  const low = new Int32Array(STEP_BYTES * 256);
  const high = new Int32Array(STEP_BYTES * 256);
  const bytes = Array.from({ length: 256 }, (_, byte) => advanceByte(BigInt(byte), polynomial));
  bytes.forEach((first, byte) => {
    let register = first;
    for (let step = 0; step < STEP_BYTES; step += 1) {
      low[step * 256 + byte] = Number(BigInt.asIntN(32, register));
      high[step * 256 + byte] = Number(BigInt.asIntN(32, register >> 32n));
      register = (bytes[Number(register & 0xffn)] ?? 0n) ^ (register >> 8n);
    }
  });
  return { low, high };
}

function advanceByte(byte: bigint, polynomial: bigint): bigint {
  let register = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    register = register & 1n ? (register >> 1n) ^ polynomial : register >> 1n;
  }
  return register;
}

/** Both registers as 32-bit halves; CRC-32C uses only the lower one. */
class SlicingCrc {
  private low = -1;
  private high: number;

  constructor(
    private readonly tables: Tables,
    private readonly widthBits: 32 | 64,
  ) {
    this.high = widthBits === 64 ? -1 : 0;
  }

  update(bytes: Buffer): void {
    const { low: lowTable, high: highTable } = this.tables;
    let { low, high } = this;
    let at = 0;
    for (; at + STEP_BYTES <= bytes.length; at += STEP_BYTES) {
      const first = low ^ bytes.readInt32LE(at);
      const second = high ^ bytes.readInt32LE(at + 4);
      low = slice(lowTable, first, second);
      high = this.widthBits === 64 ? slice(highTable, first, second) : 0;
    }
    for (; at < bytes.length; at += 1) {
      const index = (low ^ bytes.readUInt8(at)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ entry(lowTable, index);
      high = (high >>> 8) ^ (this.widthBits === 64 ? entry(highTable, index) : 0);
    }
    this.low = low;
    this.high = high;
  }

  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeInt32BE(~this.high, 0);
    digest.writeInt32BE(~this.low, 4);
    return this.widthBits === 64 ? digest : digest.subarray(4);
  }
}

function slice(table: Int32Array, first: number, second: number): number {
  return (
    entry(table, 1792 + (first & 0xff)) ^
    entry(table, 1536 + ((first >>> 8) & 0xff)) ^
    entry(table, 1280 + ((first >>> 16) & 0xff)) ^
    entry(table, 1024 + (first >>> 24)) ^
    entry(table, 768 + (second & 0xff)) ^
    entry(table, 512 + ((second >>> 8) & 0xff)) ^
    entry(table, 256 + ((second >>> 16) & 0xff)) ^
    entry(table, second >>> 24)
  );
}

/** The index is always within the table; the fallback only satisfies the type. */
function entry(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

const crc32cTables = buildTables(CRC32C_POLYNOMIAL);
const crc64NvmeTables = buildTables(CRC64NVME_POLYNOMIAL);

/** CRC-32C (Castagnoli), four bytes, most significant first. */
export function createCrc32c(): SlicingCrc {
  return new SlicingCrc(crc32cTables, 32);
}

/** CRC-64/NVME, eight bytes, most significant first. */
export function createCrc64Nvme(): SlicingCrc {
  return new SlicingCrc(crc64NvmeTables, 64);
}
