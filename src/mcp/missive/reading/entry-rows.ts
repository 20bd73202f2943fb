/** Describes what is in a conversation, each in one short row with its new text. */
import { z } from 'zod';
import { hiddenLetters } from '../../../mail/html/hidden-letters.ts';
import { textFromHtml } from '../../../mail/mime/body-conversion.ts';
import { otherReplyTo } from '../../../mail/sender/header-warnings.ts';
import { foldTexts } from '../../../mail/thread/thread-texts.ts';
import { baseSubjectOf } from '../../../text/base-subject.ts';
import { HiddenText, TextBody } from '../../outgoing.ts';
import { withoutEmpty } from '../../without-empty.ts';
import type { MissiveSession } from '../missive-session.ts';
import { toCommentRow, toPostRow } from '../note-result.ts';
import { hasMarkup } from '../writing/body-format.ts';
import { ApiPeople, ApiPerson, authorsOf, fileNamesOf, personOf, subjectOf, textOf, timeOf } from './api-rows.ts';
import type { OwnPeople } from './own-people.ts';
import type { Entry } from './read-entries.ts';

export const EntryRow = z.object({
  id: z.string(),
  at: z.string().optional(),
  kind: z.string().optional().describe('"comment" (of the team) or "post" (of a program). Absent: message.'),
  from: z.string().optional(),
  to: z.array(z.string()).optional().describe('Recipients outside.'),
  cc: z.array(z.string()).optional(),
  subject: z.string().optional().describe('If it is another one.'),
  text: TextBody.optional(),
  files: z.array(z.string()).optional(),
  task: z.string().optional(),
  cut: z.boolean().optional().describe('True: the text goes on.'),
  reply_to: z.string().optional().describe('Where answers go, if that is another domain than the sender.'),
  hidden_text: HiddenText,
  warnings: z.array(z.string()).optional().describe('What is deceiving in the text.'),
});
export type EntryRow = z.output<typeof EntryRow>;

export interface EntryText {
  text: string;
  isCut: boolean;
  hidden: number;
}

/** Of one body. */
const MAX_TEXT_CHARS = 30_000;

/** The new text of each entry: what a message quotes of the others is left out. */
export async function textsOf(
  entries: readonly Entry[],
  { runJob }: Pick<MissiveSession, 'runJob'>,
): Promise<EntryText[]> {
  const whole: EntryText[] = [];
  for (const entry of entries) whole.push(await wholeText(entry, runJob));
  const messages = entries.flatMap(({ kind }, index) => (kind === 'message' ? [index] : []));
  const numbers = new Map(messages.map((index, number) => [textOf(entries[index]?.item.email_message_id), number]));
  const folded = await foldTexts(
    {
      messages: messages.map((index) => ({
        text: whole[index]?.text ?? '',
        parent:
          answeredOf(entries[index])
            .map((id) => numbers.get(id))
            .find((number) => number !== undefined) ?? null,
      })),
      chars: MAX_TEXT_CHARS,
    },
    runJob,
  );
  for (const [number, index] of messages.entries()) {
    const one = folded?.[number];
    const before = whole[index];
    if (one !== undefined && before !== undefined) {
      whole[index] = { ...before, text: one.text, isCut: one.isCut || before.isCut };
    }
  }
  return whole;
}

function answeredOf(entry: Entry | undefined): string[] {
  return z.array(z.string()).catch([]).parse(entry?.item.in_reply_to);
}

async function wholeText({ kind, item }: Entry, runJob: MissiveSession['runJob']): Promise<EntryText> {
  if (kind !== 'message')
    return { text: textOf((kind === 'comment' ? toCommentRow : toPostRow)(item, UTC).body), isCut: false, hidden: 0 };
  const body = textOf(item.body);
  if (body === '') return { text: textOf(item.preview), isCut: textOf(item.preview) !== '', hidden: 0 };
  if (!hasMarkup(body)) return { text: body.slice(0, MAX_TEXT_CHARS), isCut: body.length > MAX_TEXT_CHARS, hidden: 0 };
  const { text, isWhole, hidden } = await textFromHtml(body, { chars: MAX_TEXT_CHARS, runJob });
  return { text, isCut: !isWhole, hidden: hiddenLetters(hidden, text, false) };
}

const UTC = { timeZone: 'UTC' };

/** Names of people in rows, and their addresses once. */
export class RowPeople {
  readonly #names = new Map<string, string>();
  readonly #addresses = new Map<string, string>();

  /** The name, unless it is that of another address. */
  keyOf(person: ApiPerson): string {
    const whole = personOf(person);
    const address = (person.address ?? person.email)?.toLowerCase();
    if (address === undefined) return whole;
    const known = this.#names.get(address);
    if (known !== undefined) return known;
    const name = (person.name ?? '').trim().slice(0, 80);
    const isFree = name !== '' && ![...this.#names.values()].includes(name);
    const key = isFree ? name : whole;
    this.#names.set(address, key);
    if (isFree) this.#addresses.set(key, person.address ?? person.email ?? '');
    return key;
  }

  /** The address of a key; undefined if the key has it. */
  addressOf(key: string): string | undefined {
    return this.#addresses.get(key);
  }
}

/** The row without its text. */
export function toEntryRow(
  { kind, id, seconds, item }: Entry,
  { people, own, subject, timeZone }: { people: RowPeople; own: OwnPeople; subject: string; timeZone: string },
): EntryRow {
  const head = { id, ...withoutEmpty({ at: timeOf(seconds || undefined, timeZone) }) };
  if (kind === 'comment') {
    const { author, attachment, task } = toCommentRow(item, { timeZone });
    const shown = task && [task.state, task.description, task.due_at].filter((each) => each !== undefined).join(': ');
    return {
      ...head,
      kind,
      ...withoutEmpty({ from: author, task: shown, files: attachment ? [attachment.filename] : [] }),
    };
  }
  if (kind === 'post') {
    const { username, title, files } = toPostRow(item, { timeZone });
    return { ...head, kind, ...withoutEmpty({ from: username, subject: title, files }) };
  }
  const { data: from } = ApiPerson.safeParse(item.from_field);
  const outside = (value: unknown) =>
    ApiPeople.parse(value)
      .filter(({ address }) => address === undefined || !own.isOwn(address))
      .map((one) => people.keyOf(one));
  const ownSubject = subjectOf(item.subject);
  const isOther = ownSubject !== '' && baseSubjectOf(ownSubject).base !== baseSubjectOf(subject).base;
  return {
    ...head,
    ...withoutEmpty({
      from: from === undefined ? '' : people.keyOf(from),
      to: outside(item.to_fields),
      cc: outside(item.cc_fields),
      subject: isOther ? ownSubject : '',
      files: fileNamesOf(item.attachments),
      reply_to: otherReplyTo(authorsOf(item), own.isOwn) ?? '',
    }),
  };
}
