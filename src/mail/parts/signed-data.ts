/**
 * Finds what a CMS container is, and the content of one that is only signed (RFC 5652 §3 and §5, RFC 8551 §3.5.2), in DER or BER.
 *
 * No signature is checked: what is found is text of the sender, like any other.
 */

/** `signed` with content; `certificates` is a signed one without content, as smime-type=certs-only. */
export type Container =
  | { kind: 'signed'; content: Buffer }
  | { kind: 'encrypted' | 'compressed' | 'certificates' | 'unknown' };

const KINDS: Readonly<Record<string, 'signed' | 'encrypted' | 'compressed'>> = {
  '2a864886f70d010702': 'signed',
  '2a864886f70d010703': 'encrypted',
  '2a864886f70d010704': 'encrypted',
  '2a864886f70d010706': 'encrypted',
  '2a864886f70d0109100117': 'encrypted',
  '2a864886f70d0109100109': 'compressed',
};

/** The type of a content that is text, or any other MIME entity. */
const DATA = '2a864886f70d010701';

const UNKNOWN: Container = { kind: 'unknown' };

/** @param bytes decoded, of which the end may be missing */
export function readContainer(bytes: Buffer): Container {
  const der = bytes[0] === SEQUENCE ? bytes : fromText(bytes);
  const outer = readHead(der, 0);
  const type = outer?.tag === SEQUENCE ? readHead(der, outer.start) : null;
  if (outer === null || type === null || type.tag !== OBJECT_IDENTIFIER || type.end === null) return UNKNOWN;
  const kind = KINDS[der.toString('hex', type.start, type.end)];
  if (kind !== 'signed') return { kind: kind ?? 'unknown' };
  const content = readSignedContent(der, type.end);
  if (content === null) return UNKNOWN;
  return content.length === 0 ? { kind: 'certificates' } : { kind: 'signed', content };
}

/** SignedData: version, digest algorithms, and EncapsulatedContentInfo with its content. @returns null if it is none; empty without a content */
function readSignedContent(der: Buffer, at: number): Buffer | null {
  const wrapper = readHead(der, at);
  const data = wrapper?.tag === CONTEXT_0 ? readHead(der, wrapper.start) : null;
  const version = data?.tag === SEQUENCE ? readHead(der, data.start) : null;
  const algorithms = version?.tag === INTEGER && version.end !== null ? readHead(der, version.end) : null;
  if (algorithms === null || algorithms.tag !== SET) return null;
  const afterAlgorithms = algorithms.end ?? endOfIndefinite(der, algorithms.start);
  const info = afterAlgorithms === null ? null : readHead(der, afterAlgorithms);
  const type = info?.tag === SEQUENCE ? readHead(der, info.start) : null;
  if (info === null || type === null || type.tag !== OBJECT_IDENTIFIER || type.end === null) return null;
  // A receipt, for example, is no text.
  if (der.toString('hex', type.start, type.end) !== DATA) return null;
  const isEmpty = info.end !== null && type.end >= info.end;
  const explicit = isEmpty ? null : readHead(der, type.end);
  return explicit?.tag === CONTEXT_0 ? readOctets(der, explicit.start) : Buffer.alloc(0);
}

/** Pieces of an OCTET STRING that are read. */
const MAX_PIECES = 20_000;

/** An OCTET STRING, in one piece or in many (constructed, as programs write it that do not know the length beforehand). */
function readOctets(der: Buffer, at: number): Buffer {
  const pieces: Buffer[] = [];
  const first = readHead(der, at);
  const end = first?.end ?? der.length;
  let next = at;
  while (next < end && pieces.length < MAX_PIECES) {
    const head = readHead(der, next);
    if (head === null) break;
    if (head.tag === CONSTRUCTED_OCTETS) {
      next = head.start;
    } else if (head.tag === OCTETS && head.end !== null) {
      pieces.push(der.subarray(head.start, head.end));
      next = head.end;
    } else if (head.tag === END && pieces.length > 0) {
      next = head.start;
    } else break;
  }
  return Buffer.concat(pieces);
}

interface Head {
  tag: number;
  /** Of the content. */
  start: number;
  /** Null for an indefinite length (X.690 §8.1.3.6). May be beyond the bytes that there are. */
  end: number | null;
}

/** Tag and length; null at the end of the bytes and for lengths over 4 GiB. No tag above 30 occurs here. */
function readHead(der: Buffer, at: number): Head | null {
  const [tag, length] = [der[at], der[at + 1]];
  if (tag === undefined || length === undefined || (tag & 0x1f) === 0x1f) return null;
  if (length < 0x80) return { tag, start: at + 2, end: at + 2 + length };
  const count = length & 0x7f;
  const start = at + 2 + count;
  if (count === 0) return { tag, start, end: null };
  if (count > 4 || start > der.length) return null;
  return { tag, start, end: start + der.readUIntBE(at + 2, count) };
}

/** Where an element of indefinite length ends whose content begins at `at`; null if it does not end. */
function endOfIndefinite(der: Buffer, at: number): number | null {
  let open = 1;
  let next = at;
  for (let count = 0; count < MAX_PIECES; count += 1) {
    const head = readHead(der, next);
    if (head === null) return null;
    if (head.tag === END) {
      open -= 1;
      if (open === 0) return head.start;
      next = head.start;
    } else {
      if (head.end === null) open += 1;
      next = head.end ?? head.start;
    }
  }
  return null;
}

/** Some gateways drop the Content-Transfer-Encoding, or write PEM (RFC 7468). */
function fromText(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/^-----BEGIN [A-Z0-9 ]{1,40}-----|-----END .*$/gs, '');
  return Buffer.from(text, 'base64');
}

const [END, INTEGER, OCTETS, OBJECT_IDENTIFIER] = [0x00, 0x02, 0x04, 0x06];
const [CONSTRUCTED_OCTETS, SEQUENCE, SET, CONTEXT_0] = [0x24, 0x30, 0x31, 0xa0];
