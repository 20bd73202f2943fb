/** Reads what is in a ZIP archive: a document of an office program, or the list of its files. */

import type { TextSink } from '../formats/text-sink.ts';
import { UnreadableFile } from '../formats/unreadable-file.ts';
import { listArchive } from './archive.ts';
import { readExcel } from './excel.ts';
import { readOpenDocument } from './open-document.ts';
import { readPowerPoint } from './powerpoint.ts';
import { readWord } from './word.ts';
import { findEntry, readZip, type Zip } from './zip.ts';

const DOCUMENTS: readonly [entry: RegExp, read: (zip: Zip, sink: TextSink) => void][] = [
  [/^word\/document\d*\.xml$/i, readWord],
  [/^xl\/workbook\.(?:xml|bin)$/i, readExcel],
  [/^ppt\/presentation\.xml$/i, readPowerPoint],
];

/** @param name of the file */
export function readZipped(bytes: Buffer, name: string, sink: TextSink): void {
  const zip = readZip(bytes);
  const isListed = /\.zip$/i.test(name);
  const document = isListed ? undefined : readerOf(zip);
  if (document !== undefined) document(zip, sink);
  else if (/\.(?:docx|xlsx|pptx|docm|xlsm|pptm|dotx|xltx|potx|od[tspg])$/i.test(name))
    throw new UnreadableFile('damaged');
  else listArchive(zip, sink);
}

function readerOf(zip: Zip): ((zip: Zip, sink: TextSink) => void) | undefined {
  const found = DOCUMENTS.find(([pattern]) => zip.entries.some((entry) => pattern.test(entry.name)));
  if (found !== undefined) return found[1];
  const isOpenDocument =
    findEntry(zip, 'content.xml') !== undefined && findEntry(zip, 'META-INF/manifest.xml') !== undefined;
  return isOpenDocument ? readOpenDocument : undefined;
}
