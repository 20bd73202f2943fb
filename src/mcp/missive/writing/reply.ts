/** Completes a reply from the message that it answers: sender, recipients, subject and references. What the call gives itself stays. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { replyRecipients } from '../../../mail/derived/reply-recipients.ts';
import { replyToWarnings } from '../../../mail/sender/header-warnings.ts';
import { prefixedSubject } from '../../../text/base-subject.ts';
import type { Rights } from '../../tool.ts';
import { withoutEmpty } from '../../without-empty.ts';
import { unreadable } from '../answers/unreadable.ts';
import type { Person } from '../fields.ts';
import { optionalId } from '../id-parameters.ts';
import type { MissiveSession } from '../missive-session.ts';
import { local } from '../operation.ts';
import { ApiPeople, type ApiPerson, authorsOf, personOf, textOf } from '../reading/api-rows.ts';
import { type OwnPeople, readOwnPeople } from '../reading/own-people.ts';
import { withLimit } from '../reading/read-entries.ts';
import { readMessages } from '../reading/read-messages.ts';

export const replyParameters = {
  as: local(
    z
      .enum(['reply', 'reply_all'])
      .optional()
      .describe('With conversation: sender, recipients, subject and references follow from its newest message.'),
  ),
  of: { ...optionalId('body', 'message', 'The message to answer, if it is not the newest.'), in: 'local' as const },
};

const texts = z.array(z.string()).optional();

/** What was completed, in the answer. */
export const replyFields = {
  filled_in: z
    .object({
      of: z.string(),
      from_field: z.string().optional(),
      to_fields: texts,
      cc_fields: texts,
      subject: z.string().optional(),
    })
    .optional()
    .describe('What followed from the message `of`.'),
  warnings: texts,
};

/** The parameters that decide what follows from a message. */
export interface ReplyArgs {
  as?: 'reply' | 'reply_all' | undefined;
  of?: string | undefined;
  conversation?: string | undefined;
  references?: string[] | undefined;
  subject?: string | undefined;
  account?: string | undefined;
  from_field?: Person | undefined;
  to_fields?: Person[] | undefined;
  cc_fields?: Person[] | undefined;
}

/** A new message has no conversation, and one with both sender and recipients needs nothing. */
export function isToBeCompleted({
  as,
  of,
  conversation,
  account,
  from_field: from,
  to_fields: to,
}: ReplyArgs): boolean {
  if (as !== undefined || of !== undefined) return true;
  return conversation !== undefined && account === undefined && (from === undefined || to === undefined);
}

export async function completeReply<Args extends ReplyArgs>(
  args: Args,
  session: MissiveSession,
  rights: Pick<Rights, 'allows'>,
): Promise<{ args: Args; report: Record<string, unknown> }> {
  const { as: mode = 'reply', of, conversation } = args;
  if (!isToBeCompleted(args)) return { args, report: {} };
  if (of === undefined && conversation === undefined) throw new ToolError(NO_ORIGINAL);
  const mayRead = rights.allows({ tool: of === undefined ? LIST : 'get_single_missive_message_by_id' });
  if (!mayRead) {
    if (args.as === undefined && of === undefined) return { args, report: {} };
    throw new ToolError(
      'Nothing was done: this connection may not read the message to be answered, so give from_field, to_fields and subject.',
    );
  }
  const api = withLimit(session.api);
  const [own, messages] = await Promise.all([
    readOwnPeople(api),
    of === undefined ? readNewest(conversation ?? '', api) : readMessages([of], api),
  ]);
  const original = messages.find((message) => !isFromUs(message, own)) ?? messages[0];
  if (original === undefined) {
    if (of === undefined && args.as === undefined) return { args, report: { warnings: [NOTHING_FOLLOWS] } };
    throw new ToolError('Nothing was done: there is no such message to answer.');
  }
  return completed(args, { original, messages, own, toAll: mode === 'reply_all' });
}

const LIST = 'list_all_missive_conversation_messages';
const NOTHING_FOLLOWS =
  'The conversation has no message to answer: sender, recipients and subject are those of the call, if it gave any.';
const NO_ORIGINAL = 'conversation is missing: `as` answers its newest message, or the one in `of`.';

type Message = Record<string, unknown> & { id: string };

const Rows = z.object({ messages: z.array(z.looseObject({ id: z.string() })) });

/** Newest first. */
async function readNewest(conversation: string, { request }: MissiveSession['api']): Promise<Message[]> {
  const path = `/conversations/${encodeURIComponent(conversation)}/messages`;
  const { data } = Rows.safeParse(await request({ http: 'GET', path, query: { limit: '10' } }));
  if (data === undefined) throw unreadable();
  return data.messages;
}

interface Original {
  original: Message;
  messages: readonly Message[];
  own: OwnPeople;
  toAll: boolean;
}

function completed<Args extends ReplyArgs>(args: Args, { original, messages, own, toAll }: Original) {
  const from = args.from_field ?? senderOf(original, messages, own);
  const isOwn = (address: string) => own.isOwn(address) || address.toLowerCase() === from?.address?.toLowerCase();
  const { to, cc } = recipientsOf(original, { toAll, isOwn, isFromUs: isFromUs(original, own) });
  const isGiven = args.to_fields !== undefined;
  const filled = {
    ...(args.from_field === undefined && from && { from_field: from }),
    ...(!isGiven && to.length > 0 && { to_fields: to }),
    ...(!isGiven && args.cc_fields === undefined && cc.length > 0 && { cc_fields: cc }),
    ...(args.subject === undefined &&
      textOf(original.subject) !== '' && { subject: prefixedSubject(textOf(original.subject), 'Re') }),
  };
  const { data: itsConversation } = z.object({ id: z.string() }).safeParse(original.conversation);
  const conversation = args.conversation ?? itsConversation?.id;
  const references = args.references ?? referencesOf(original);
  const warnings = isGiven ? [] : replyToWarnings(authorsOf(original), own.isOwn);
  return {
    args: { ...args, ...filled, ...withoutEmpty({ conversation, references }) },
    report: {
      filled_in: {
        of: original.id,
        ...withoutEmpty({
          from_field: filled.from_field && personOf(filled.from_field),
          to_fields: filled.to_fields?.map(personOf),
          cc_fields: filled.cc_fields?.map(personOf),
          subject: filled.subject,
        }),
      },
      ...(warnings.length > 0 && { warnings }),
    },
  };
}

const peopleIn = (message: Message, field: string): ApiPerson[] =>
  field === 'from_field' ? ApiPeople.parse([message.from_field]) : ApiPeople.parse(message[field]);

function isFromUs(message: Message, own: OwnPeople): boolean {
  return peopleIn(message, 'from_field').some(({ address }) => address !== undefined && own.isOwn(address));
}

/** The address of ours that the original was written to or from; else the one that the conversation was written from; else its only recipient. */
function senderOf(original: Message, messages: readonly Message[], own: OwnPeople): Person | undefined {
  const ours = (message: Message, fields: readonly string[]) =>
    fields
      .flatMap((field) => peopleIn(message, field))
      .find(({ address }) => address !== undefined && own.isOwn(address));
  const recipients = peopleIn(original, 'to_fields');
  const [only] = recipients.length === 1 ? recipients : [];
  const found =
    ours(original, ['from_field', 'to_fields', 'cc_fields']) ??
    messages.map((message) => ours(message, ['from_field'])).find((each) => each !== undefined) ??
    only;
  return found && asPerson(found);
}

function recipientsOf(
  original: Message,
  { toAll, isOwn, isFromUs: isOurs }: { toAll: boolean; isOwn(address: string): boolean; isFromUs: boolean },
): { to: Person[]; cc: Person[] } {
  const mailboxes = (field: string) =>
    peopleIn(original, field).flatMap(({ name = '', address }) => (address === undefined ? [] : [{ name, address }]));
  const [from, to] = [mailboxes('from_field'), mailboxes('to_fields')];
  if (from.length + to.length === 0) return { to: peopleIn(original, 'from_field').slice(0, 1).map(asPerson), cc: [] };
  const addressed = { from, replyTo: mailboxes('reply_to_fields'), to, cc: mailboxes('cc_fields') };
  const found = replyRecipients(addressed, { toAll, isOwn: isOurs, isOwnAddress: isOwn });
  const others = (people: readonly { name: string; address: string }[]) =>
    people.filter(({ address }) => !isOwn(address)).map(asPerson);
  return { to: others(found.to), cc: others(found.cc) };
}

function asPerson({ name, address, phone_number, id, username }: ApiPerson): Person {
  if (address !== undefined) return { ...(name && { name }), address };
  if (phone_number !== undefined) return { phone_number };
  return { ...(id && { id }), ...(username && { username }), ...(name && { name }) };
}

/** Most recent ones last, as in the header field (RFC 5322 §3.6.4). */
function referencesOf(original: Message): string[] {
  const earlier = z.array(z.string()).catch([]).parse(original.references);
  const own = textOf(original.email_message_id);
  return [...new Set([...earlier.slice(-MAX_REFERENCES), ...(own === '' ? [] : [own])])];
}

const MAX_REFERENCES = 10;
