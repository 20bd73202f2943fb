/** Finds a part of a message in bytes that were fetched before its structure was known. */
import type { Part } from './body-structure.ts';

/** Bytes of a part that are fetched with the structure: enough for the text of most messages, and little if the part is an attachment. */
export const PREFETCHED_BYTES = 32 * 1024;

/**
 * Within a multipart the part is found by its boundary lines (RFC 2046 §5.1.1), and used only if it has as many bytes as BODYSTRUCTURE says.
 *
 * @param root the part that was prefetched: the wanted one, or one that contains it
 * @param bytes first bytes of `root`, at most PREFETCHED_BYTES; fewer are all of it
 * @returns null if the bytes do not have the whole part
 */
export function partFromPrefetched(root: Part, bytes: Buffer, wanted: Part): Buffer | null {
  if (root === wanted) return bytes.length < PREFETCHED_BYTES || bytes.length === root.sizeBytes ? bytes : null;
  const index = root.children.findIndex((child) => contains(child, wanted));
  const child = root.children[index];
  const boundary = root.parameters.get('boundary');
  if (child === undefined || boundary === undefined) return null;
  const body = bodyOf(bytes, boundary, index);
  if (body === null) return null;
  if (child !== wanted) return partFromPrefetched(child, body, wanted);
  return body.length === wanted.sizeBytes ? body : null;
}

function contains(part: Part, wanted: Part): boolean {
  return part === wanted || part.children.some((child) => contains(child, wanted));
}

/** The bytes between the header of the part with this index and the next boundary line; all that follow if there is none. */
function bodyOf(bytes: Buffer, boundary: string, index: number): Buffer | null {
  const line = `--${boundary}`;
  let start =
    bytes.subarray(0, line.length).toString('latin1') === line ? 0 : bytes.indexOf(`\r\n${line}`, 0, 'latin1');
  for (let skipped = 0; skipped < index && start >= 0; skipped += 1) {
    start = bytes.indexOf(`\r\n${line}`, start + 2, 'latin1');
  }
  const header = start < 0 ? -1 : bytes.indexOf('\r\n', start + 2);
  if (header < 0) return null;
  // A part without a header starts with the empty line directly after the boundary line.
  const empty = bytes.indexOf('\r\n\r\n', header);
  if (empty < 0) return null;
  const end = bytes.indexOf(`\r\n${line}`, empty + 2, 'latin1');
  return bytes.subarray(empty + 4, end < 0 ? bytes.length : Math.max(end, empty + 4));
}
