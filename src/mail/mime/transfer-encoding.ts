/** Decodes Content-Transfer-Encoding (RFC 2045 §6) piece by piece, and accepts the faults of senders and gateways. */

export interface TransferDecoder {
  /** @returns the bytes that can be decoded so far */
  push(chunk: Buffer): Buffer;
  /** @returns the rest */
  end(): Buffer;
}

/** @param encoding lower case; with any other than `base64` and `quoted-printable` the bytes are unchanged */
export function createTransferDecoder(encoding: string): TransferDecoder {
  if (encoding === 'base64') return createBase64Decoder();
  if (encoding === 'quoted-printable') return createQuotedPrintableDecoder();
  return { push: (chunk) => chunk, end: () => Buffer.alloc(0) };
}

const SLICE_BYTES = 32 * 1024;

export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  const decoder = createTransferDecoder(encoding);
  return Buffer.concat([decoder.push(bytes), decoder.end()]);
}

/** Bytes after decoding, estimated from the encoded size: a line of 76 characters and CRLF holds 57 bytes. */
export function estimateDecodedSize(encodedBytes: number, encoding: string): number {
  if (encoding !== 'base64') return encodedBytes;
  const characters = encodedBytes - 2 * Math.floor(encodedBytes / 78);
  return Math.floor(characters / 4) * 3;
}

function createBase64Decoder(): TransferDecoder {
  let rest = '';
  return {
    push: (chunk) => Buffer.concat(slicesOf(chunk).flatMap(decodeSlice)),
    end: () => Buffer.from(rest, 'base64'),
  };

  function decodeSlice(slice: Buffer): Buffer[] {
    const text = rest + slice.toString('latin1').replace(/[^A-Za-z0-9+/=_-]+/g, '');
    // Padding ends a run; some senders put several runs into one part.
    const runs = text.split(/=+/);
    const last = runs.pop() ?? '';
    const whole = last.length - (last.length % 4);
    rest = last.slice(whole);
    return [...runs, last.slice(0, whole)].map((run) => Buffer.from(run, 'base64'));
  }
}

/** Small slices, because strings of half a megabyte would stay in memory until the next full garbage collection. */
function slicesOf(chunk: Buffer): Buffer[] {
  const count = Math.ceil(chunk.length / SLICE_BYTES);
  return Array.from({ length: count }, (_, n) => chunk.subarray(n * SLICE_BYTES, (n + 1) * SLICE_BYTES));
}

function createQuotedPrintableDecoder(): TransferDecoder {
  let rest = '';
  const decode = (text: string) => {
    const decoded = text.replace(/=[ \t]*\r?\n|=([0-9a-f]{2})/gi, (_, hex: string | undefined) =>
      hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return Buffer.from(decoded, 'latin1');
  };
  return {
    push: (chunk) => {
      const text = rest + chunk.toString('latin1');
      // A `=` whose second character or line end has not come yet is kept for the next chunk.
      const open = /=(?:[0-9a-f]|[ \t]{0,80}\r?)?$/i.exec(text.slice(-100));
      rest = open?.[0] ?? '';
      return decode(text.slice(0, text.length - rest.length));
    },
    end: () => decode(rest),
  };
}
