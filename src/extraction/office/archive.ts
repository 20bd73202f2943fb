/** Lists what is in a ZIP archive: names and sizes. Nothing of it is inflated. */
import type { TextSink } from '../formats/text-sink.ts';
import type { Zip } from './zip.ts';

export function listArchive(zip: Zip, sink: TextSink): void {
  const files = zip.entries.filter(({ name }) => !name.endsWith('/'));
  sink.add(`ZIP archive with ${zip.count - (zip.entries.length - files.length)} files\n`);
  for (const { name, sizeBytes, isEncrypted } of files) {
    if (sink.isFull) return;
    sink.add(`${name.replace(/\s+/g, ' ')}\t${sizeInWords(sizeBytes)}${isEncrypted ? '\tneeds a password' : ''}\n`);
  }
  if (zip.count > zip.entries.length) sink.stop('stopped');
}

function sizeInWords(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`;
  return bytes < 10_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}
