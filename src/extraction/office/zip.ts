/** Reads ZIP archives: their directory, and single entries, inflated piece by piece until there is enough. */
import { Inflate, inflateSync } from 'fflate/browser';
import { UnreadableFile } from '../formats/unreadable-file.ts';

export interface ZipEntry {
  name: string;
  /** As declared. */
  sizeBytes: number;
  compressedBytes: number;
  isEncrypted: boolean;
  method: number;
  headerOffset: number;
}

export interface Zip {
  bytes: Buffer;
  /** In the order of the directory, the first ones. */
  entries: readonly ZipEntry[];
  /** The first entry of each name, in lower case. */
  byName: ReadonlyMap<string, ZipEntry>;
  /** Entries as the directory counts them. */
  count: number;
}

const MAX_ENTRIES = 20_000;
const MAX_NAME_BYTES = 1_000;
const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;

/** @throws {UnreadableFile} if it has no directory */
export function readZip(bytes: Buffer): Zip {
  const end = endOfDirectory(bytes);
  if (end === null) throw new UnreadableFile('damaged');
  const entries: ZipEntry[] = [];
  let at = bytes.readUInt32LE(end + 16);
  const count = bytes.readUInt16LE(end + 10);
  // The directory is before its end, wherever a program that puts something before the archive says it is.
  if (at > end || bytes.length < at + 4 || bytes.readUInt32LE(at) !== ENTRY_SIGNATURE) {
    at = end - bytes.readUInt32LE(end + 12);
  }
  while (entries.length < MAX_ENTRIES && at >= 0 && at + 46 <= end && bytes.readUInt32LE(at) === ENTRY_SIGNATURE) {
    const nameBytes = bytes.readUInt16LE(at + 28);
    const extraBytes = bytes.readUInt16LE(at + 30);
    entries.push(readEntry(bytes, at, { nameBytes, extraBytes }));
    at += 46 + nameBytes + extraBytes + bytes.readUInt16LE(at + 32);
  }
  if (entries.length === 0 && count > 0) throw new UnreadableFile('damaged');
  const byName = new Map(entries.map((entry) => [entry.name.toLowerCase(), entry] as const).reverse());
  return { bytes, entries, byName, count: Math.max(count, entries.length) };
}

function endOfDirectory(bytes: Buffer): number | null {
  const first = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = bytes.length - END_BYTES; at >= first; at -= 1) {
    if (bytes.readUInt32LE(at) === END_SIGNATURE) return at;
  }
  return null;
}

function readEntry(
  bytes: Buffer,
  at: number,
  { nameBytes, extraBytes }: { nameBytes: number; extraBytes: number },
): ZipEntry {
  const flags = bytes.readUInt16LE(at + 8);
  const name = bytes.subarray(at + 46, at + 46 + Math.min(nameBytes, MAX_NAME_BYTES));
  const declared = {
    sizeBytes: bytes.readUInt32LE(at + 24),
    compressedBytes: bytes.readUInt32LE(at + 20),
    headerOffset: bytes.readUInt32LE(at + 42),
  };
  const extra = bytes.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
  return {
    name: name.toString('utf8'),
    ...(Object.values(declared).includes(0xffffffff) ? withLongSizes(declared, extra) : declared),
    isEncrypted: (flags & 1) === 1,
    method: bytes.readUInt16LE(at + 10),
  };
}

type Sizes = Pick<ZipEntry, 'sizeBytes' | 'compressedBytes' | 'headerOffset'>;

/** Zip64: numbers of 64 bits, of those that do not fit, in this order. */
function withLongSizes(sizes: Sizes, extra: Buffer): Sizes {
  const long = { ...sizes };
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    for (const field of ['sizeBytes', 'compressedBytes', 'headerOffset'] as const) {
      if (sizes[field] !== 0xffffffff || next + 8 > extra.length) continue;
      long[field] = Number(extra.readBigUInt64LE(next));
      next += 8;
    }
  }
  return long;
}

/** Bytes that an entry may have however well it is compressed, and the factor that is not exceeded beyond them. */
const MAX_PLAIN_BYTES = 8 * 1024 * 1024;
const MAX_RATIO = 200;
/** Input that is inflated at a time: at most 4 MiB of output. */
const SLICE_BYTES = 4 * 1024;
const MAX_SMALL_BYTES = 128 * 1024;
const STORED = 0;
const DEFLATED = 8;

/**
 * Inflates an entry.
 *
 * @param use takes the next bytes, and returns false if it needs no more
 * @throws {UnreadableFile} for what is encrypted, damaged or a bomb
 */
export function inflateEntry({ bytes }: Zip, entry: ZipEntry, use: (piece: Uint8Array) => boolean): void {
  if (entry.isEncrypted) throw new UnreadableFile('password');
  const { sizeBytes, compressedBytes } = entry;
  if (sizeBytes > MAX_PLAIN_BYTES && sizeBytes > compressedBytes * MAX_RATIO) throw new UnreadableFile('bomb');
  const data = dataOf(bytes, entry);
  if (entry.method === STORED) {
    use(data);
    return;
  }
  if (entry.method !== DEFLATED) throw new UnreadableFile('damaged');
  let left = sizeBytes;
  let isWanted = true;
  const take = (piece: Uint8Array) => {
    if (!isWanted) return;
    // More than is declared: the declaration hides what it is.
    left -= piece.length;
    if (left < 0) throw new UnreadableFile('bomb');
    isWanted = use(piece);
  };
  try {
    // The windows of an Inflate, for each of thousands of small entries, take longer to collect than to fill. One byte more shows a lie.
    if (data.length <= SLICE_BYTES && sizeBytes <= MAX_SMALL_BYTES)
      take(inflateSync(data, { out: new Uint8Array(sizeBytes + 1) }));
    else inflateInSlices(data, take, () => isWanted);
  } catch (error) {
    throw isOwnError(error) ? error : new UnreadableFile('damaged');
  }
}

function inflateInSlices(data: Buffer, take: (piece: Uint8Array) => void, isWanted: () => boolean): void {
  const inflate = new Inflate(take);
  for (let at = 0; at < data.length && isWanted(); at += SLICE_BYTES) {
    inflate.push(data.subarray(at, at + SLICE_BYTES), at + SLICE_BYTES >= data.length);
  }
}

/** fflate throws errors with a numeric code, and a RangeError for more than there is room for. */
function isOwnError(error: unknown): boolean {
  return !(
    error instanceof RangeError ||
    (error instanceof Error && 'code' in error && typeof error.code === 'number')
  );
}

function dataOf(bytes: Buffer, { headerOffset, compressedBytes }: ZipEntry): Buffer {
  if (headerOffset + 30 > bytes.length || bytes.readUInt32LE(headerOffset) !== LOCAL_SIGNATURE) {
    throw new UnreadableFile('damaged');
  }
  const start = headerOffset + 30 + bytes.readUInt16LE(headerOffset + 26) + bytes.readUInt16LE(headerOffset + 28);
  return bytes.subarray(start, start + compressedBytes);
}

export function findEntry({ byName }: Zip, name: string): ZipEntry | undefined {
  return byName.get(name.toLowerCase());
}
