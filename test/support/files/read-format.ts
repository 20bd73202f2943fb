/** Reads files in this process: what formats make of them. */

import { TextSink } from '../../../src/extraction/formats/text-sink.ts';
import { UnreadableFile } from '../../../src/extraction/formats/unreadable-file.ts';
import { readZipped } from '../../../src/extraction/office/zipped.ts';
import { readPdf } from '../../../src/extraction/pdf/pdf.ts';

export type Read = ReturnType<TextSink['toAnswer']> | { fault: string };

export function readOffice(bytes: Buffer, name: string, chars = 20_000): Read {
  return orFault((sink) => readZipped(bytes, name, sink), chars);
}

export async function readPages(bytes: Buffer, window = { offset: 0, chars: 20_000 }): Promise<Read> {
  const sink = new TextSink(window);
  try {
    await readPdf(bytes, sink, () => false);
  } catch (error) {
    return faultOf(error);
  }
  return sink.toAnswer();
}

export function orFault(read: (sink: TextSink) => void, chars = 20_000): Read {
  const sink = new TextSink({ offset: 0, chars });
  try {
    read(sink);
  } catch (error) {
    return faultOf(error);
  }
  return sink.toAnswer();
}

function faultOf(error: unknown): { fault: string } {
  if (!(error instanceof UnreadableFile)) throw error;
  return { fault: error.fault };
}
