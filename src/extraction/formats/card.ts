/** Reads visiting cards (vCard 2.1 to 4.0, RFC 6350): a line for each property that people read. */
import { decodeText } from '../../mail/mime/charset.ts';
import { decodeTransfer } from '../../mail/mime/transfer-encoding.ts';
import type { TextSink } from './text-sink.ts';

const LABELS: ReadonlyMap<string, string> = new Map([
  ['FN', 'Name'],
  ['NICKNAME', 'Nickname'],
  ['ORG', 'Organization'],
  ['TITLE', 'Title'],
  ['ROLE', 'Role'],
  ['EMAIL', 'Mail'],
  ['TEL', 'Phone'],
  ['ADR', 'Address'],
  ['URL', 'Web'],
  ['IMPP', 'Chat'],
  ['BDAY', 'Birthday'],
  ['NOTE', 'Note'],
]);

const MAX_LINES = 50_000;
const MAX_VALUE_CHARS = 5_000;

export function readCards(text: string, sink: TextSink): void {
  for (const line of contentLines(text)) {
    if (sink.isFull) return;
    const property = readProperty(line);
    if (property === null) continue;
    if (property.name === 'BEGIN') sink.endBlock();
    const label = LABELS.get(property.name);
    if (label === undefined || property.value === '') continue;
    sink.add(`${label}${property.kinds === '' ? '' : ` (${property.kinds})`}: ${property.value}\n`);
  }
}

/** Unfolds lines: by a blank at the start of the next one, or a `=` at the end of one that is quoted-printable. */
function contentLines(text: string): string[] {
  const lines: string[] = [];
  let isSoft = false;
  for (const line of text.split('\n')) {
    const last = lines.at(-1);
    const isContinued = last !== undefined && last.length < 4 * MAX_VALUE_CHARS;
    if (isSoft && last !== undefined) lines[lines.length - 1] = isContinued ? `${last.slice(0, -1)}${line}` : last;
    else if (/^[ \t]/.test(line) && last !== undefined)
      lines[lines.length - 1] = isContinued ? last + line.slice(1) : last;
    else lines.push(line);
    if (lines.length > MAX_LINES) break;
    const now = lines.at(-1) ?? '';
    isSoft = now.endsWith('=') && /^[^:]{0,200}QUOTED-PRINTABLE/i.test(now);
  }
  return lines;
}

function readProperty(line: string): { name: string; kinds: string; value: string } | null {
  const [, head, raw] = /^((?:[^":]|"[^"]{0,200}"){1,500}):(.*)$/s.exec(line.slice(0, 4 * MAX_VALUE_CHARS)) ?? [];
  if (head === undefined || raw === undefined) return null;
  const [written = '', ...parameters] = head.split(';');
  const name = written.slice(written.lastIndexOf('.') + 1).toUpperCase();
  const isQuoted = parameters.some((parameter) => /QUOTED-PRINTABLE$/i.test(parameter));
  const charset = parameters.find((parameter) => /^CHARSET=/i.test(parameter))?.slice('CHARSET='.length) ?? null;
  const value = isQuoted ? decodeText(decodeTransfer(Buffer.from(raw, 'latin1'), 'quoted-printable'), charset) : raw;
  return { name, kinds: kindsIn(parameters), value: readValue(name, value) };
}

const KINDS = /^(?:home|work|cell|mobile|fax|voice|main|other)$/;

function kindsIn(parameters: readonly string[]): string {
  const words = parameters.flatMap((parameter) =>
    parameter
      .replace(/^TYPE=/i, '')
      .toLowerCase()
      .replaceAll('"', '')
      .split(','),
  );
  return [...new Set(words.filter((word) => KINDS.test(word)))].join(', ');
}

/** The fields of a structured value are separated by semicolons. */
function readValue(name: string, value: string): string {
  const fields = name === 'ADR' || name === 'ORG' ? value.split(/(?<!\\);/) : [value];
  return fields
    .map((field) => unescapeValue(field).replace(/\s+/g, ' ').trim())
    .filter((field) => field !== '')
    .join(', ')
    .replace(/^(?:mailto|tel):/i, '')
    .slice(0, MAX_VALUE_CHARS);
}

function unescapeValue(value: string): string {
  return value.replace(/\\([nN,;:\\])/g, (_, escaped: string) => (escaped.toLowerCase() === 'n' ? ' ' : escaped));
}
