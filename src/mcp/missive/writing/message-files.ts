/** Finds the files of messages that a call names as `MESSAGE_ID/FILE_NAME`, which does not expire as links do. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import type { MissiveSession } from '../missive-session.ts';

/** A message by its id, and one of its files by name, id or number. */
const FILE_NAME = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\/(.{1,500})$/is;

const File = z.looseObject({
  id: z.string().nullish(),
  filename: z.string().nullish(),
  url: z.string(),
  size: z.number().nullish(),
  media_type: z.string().nullish().catch(null),
  sub_type: z.string().nullish().catch(null),
});
type File = z.output<typeof File>;

export const Files = z.array(File).nullish();

const MessageFiles = z.looseObject({ id: z.string(), attachments: Files });
type MessageFiles = z.output<typeof MessageFiles>;

const Answer = z.object({ messages: z.union([z.array(MessageFiles), MessageFiles.transform((one) => [one])]) });

/** `messages/ID/NAME` and `ID: NAME` mean the same; also in brackets or quotes. */
const LOOSE_FILE_NAME =
  /^(?:messages?[/:\s]\s*)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\s*[/:]\s*(\S.{0,499})$/is;

const Row = z.looseObject({
  url: z.string().optional(),
  filename: z.string().optional(),
  message_id: z.string().optional(),
  message: z.string().optional(),
});

/** @param value as received: texts, or the files of other answers @returns texts; what is no file stays as it is */
export function readFileTexts(value: unknown): unknown {
  const given = typeof value === 'string' ? (parsedList(value) ?? value) : value;
  return Array.isArray(given) ? given.map(readFileTexts) : readFileText(given);
}

function readFileText(value: unknown): unknown {
  if (typeof value === 'string' && value.length > MAX_LINK_CHARS) return value;
  if (typeof value === 'string') {
    const text = value.trim().replace(/^[<"'`]+|[>"'`]+$/g, '');
    const [, id, name] = LOOSE_FILE_NAME.exec(text) ?? [];
    return id === undefined ? text : `${id}/${name}`;
  }
  const { data: row } = Row.safeParse(value);
  const message = row?.message_id ?? row?.message;
  if (row?.filename !== undefined && message !== undefined) return `${message}/${row.filename}`;
  return row?.url ?? value;
}

function parsedList(text: string): unknown {
  if (!/^\s*[[{]/.test(text) || text.length > MAX_JSON_CHARS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const MAX_JSON_CHARS = 65_536;
const MAX_LINK_CHARS = 8_192;

export const isFileName = (text: string): boolean => FILE_NAME.test(text);

/** The messages whose files are named, with one request. */
export async function readFileNames(names: readonly string[], { api }: MissiveSession): Promise<MessageFiles[]> {
  const ids = [...new Set(names.flatMap((name) => FILE_NAME.exec(name)?.[1]?.toLowerCase() ?? []))];
  if (ids.length === 0) return [];
  const content = await api.request({ http: 'GET', path: `/messages/${ids.map(encodeURIComponent).join(',')}` });
  const parsed = Answer.safeParse(content);
  if (!parsed.success)
    throw new ToolError('Nothing was done: Missive did not return the messages whose files are named.');
  return parsed.data.messages;
}

/**
 * @returns undefined if the text is a link
 * @throws {ToolError} if the message has no such file, or several
 */
export function fileOfMessage(
  text: string,
  messages: readonly MessageFiles[],
): { filename: string; url: string; size?: number | undefined } | undefined {
  const [, id = '', wanted = ''] = FILE_NAME.exec(text) ?? [];
  if (id === '') return undefined;
  const files = messages.find((message) => message.id === id.toLowerCase())?.attachments ?? [];
  const { filename, url, size } = findNamed(files, wanted);
  return { filename: filename ?? 'file', url, size: size ?? undefined };
}

/** @param wanted name, id or number of a file @throws {ToolError} if no file or several have the name */
export function findNamed(files: readonly File[], wanted: string): File {
  const byName = files.filter(({ filename }) => filename?.toLowerCase() === wanted.trim().toLowerCase());
  const byId = files.filter((file) => file.id === wanted);
  const found =
    byId.length > 0 ? byId : byName.length > 0 ? byName : files.filter((_, index) => String(index + 1) === wanted);
  const [file] = found;
  if (file === undefined || found.length > 1) {
    const names = files.map(({ filename }, index) => `${index + 1} ${JSON.stringify(filename ?? '')}`).join(', ');
    const fault =
      file === undefined ? 'there is no file of that name' : 'several files have that name: give its number';
    throw new ToolError(`Nothing was done: ${fault}. The files are: ${names || 'none'}.`);
  }
  return file;
}
