/** Reads files in extraction processes, as the server does. */
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import type { ChildCommand } from '../../../src/extraction/child-command.ts';
import { type ChildLimits, runChild } from '../../../src/extraction/child-process.ts';
import type { FileAnswer, FileRequest } from '../../../src/extraction/exchange.ts';
import { childCommand } from './child-program.ts';

/** Those of the small server: 128 MB. */
const LIMITS: ChildLimits = { memoryBytes: 128 * 1024 * 1024, cpuMs: 5_000, totalMs: 30_000 };

export interface ReadFileOptions extends Partial<FileRequest> {
  limits?: ChildLimits;
}

export function fileRequest(given: Partial<FileRequest>): FileRequest {
  return {
    name: 'file',
    type: 'application/octet-stream',
    charset: null,
    sizeBytes: 0,
    offset: 0,
    chars: 20_000,
    ...given,
  };
}

export function readWith(
  command: ChildCommand,
  bytes: Buffer,
  { limits = LIMITS, ...request }: ReadFileOptions,
): Promise<FileAnswer> {
  const send = (pass: (file: Readable) => Promise<void>) => pass(Readable.from([bytes], { objectMode: false }));
  return runChild({ command, limits, request: fileRequest({ sizeBytes: bytes.length, ...request }), send });
}

/** Reads a file in a process with the memory of the small server. */
export function readFile(bytes: Buffer, request: ReadFileOptions): Promise<FileAnswer> {
  return readWith(childCommand(64), bytes, request);
}

export const bytesOfFile = (text: string): Buffer => Buffer.from(text);
