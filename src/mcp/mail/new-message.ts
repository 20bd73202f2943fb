/** Defines the parameters of a new message, and the rights that they need. */
import { z } from 'zod';
import { type InvitationAnswer, PARTICIPATION } from '../../mail/derived/invitation-reply.ts';
import { findMailboxByRole } from '../../mail/mailbox/find-by-role.ts';
import { requireMailbox } from '../../mail/mailbox/open-mailbox.ts';
import { clears } from '../parameter-meanings.ts';
import type { Use } from '../tool.ts';
import type { MailSession } from './mail-session.ts';
import { Recipients } from './parameters.ts';
import { MessagePlaceText } from './writing/message-place.ts';

export const NewMessageFields = z.object({
  as: z
    .enum(['reply', 'reply_all', 'forward', 'draft', 'accept', 'decline', 'tentative'])
    .optional()
    .describe(
      'With `of`: recipients (not of forward), subject, quote and files follow from it. draft: sends that draft as it stands and removes it. accept, decline, tentative: answers its invitation by mail, no calendar changes; text_body is an unsigned comment, such as another time.',
    ),
  of: MessagePlaceText.optional().describe('The original: "INBOX/10396".'),
  from: z.string().max(400).optional().describe('Another own address.'),
  to: Recipients.optional(),
  subject: clears(z.string().max(2000)).optional().describe('Subject, on one line.'),
  text_body: z.string().default('').describe('Plain text; with `as` only what is new: quote and signature are added.'),
  cc: Recipients.optional().describe('As `to`, for copies.'),
  bcc: Recipients.optional().describe('As `to`, unseen by the others.'),
  html_body: z.string().optional().describe('The same body as HTML, sent beside text_body.'),
  attachment_urls: z
    .array(z.string().max(8192))
    .max(50)
    .default([])
    .describe('Up to 50 files: urls from get_mail_message, or "INBOX/10396/2" (message/part).'),
});

/** Arguments of a new message. */
export type NewMessage = z.output<typeof NewMessageFields>;

export const IdempotencyKey = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('Any text for this message, such as a UUID: a call repeated with it makes the message once (30 days).');

/** The rights that the parameters need besides those of the tool: the original is read, and so is a message that has a file. */
export function readingUses(args: NewMessage & { dry_run?: boolean }): readonly Use[] {
  if (args.attachment_urls.length > 0) return [{ tool: 'get_mail_message', tag: 'attachments' }];
  return args.as === undefined && args.dry_run !== true ? [] : [{ tool: 'get_mail_message' }];
}

/** The contents by which calls with the same idempotency key are compared. Only the number of links counts, because links change with every call. */
export function contentOf({ attachment_urls, as, of, from, ...fields }: NewMessage): unknown {
  const { to = '', cc = '', bcc = '', subject = '', text_body, html_body = '' } = fields;
  const own = [to, cc, bcc, subject, text_body, html_body, attachment_urls.length];
  const derived = as === undefined ? own : [...own, as, of?.folder, of?.uid];
  return from === undefined ? derived : [...derived, ['from', from]];
}

/** True for an answer to an invitation. */
export function isInvitationAnswer(as: NewMessage['as']): as is InvitationAnswer {
  return as !== undefined && Object.hasOwn(PARTICIPATION, as);
}

interface Fault {
  parameter: string;
  message: string;
}

/** Refuses parameters that do not belong together. @param isToBeSent false for a draft, which may have no recipients yet */
export function checkTogether(fields: Partial<NewMessage>, isToBeSent: boolean): Fault[] {
  const { as, of, to, subject } = fields;
  const fault = (parameter: string, message: string) => ({ parameter, message });
  if (as !== undefined) {
    const lacksRecipient = as === 'forward' && to === undefined && isToBeSent;
    return [
      ...(of === undefined ? [fault('of', OF_MISSING)] : []),
      ...(lacksRecipient ? [fault('to', FORWARD_TO_MISSING)] : []),
      ...(as === 'draft' && isToBeSent ? beside(fields).map((parameter) => fault(parameter, AS_IT_STANDS)) : []),
      ...(isInvitationAnswer(as) ? besideAnswer(fields).map((parameter) => fault(parameter, TO_ORGANIZER)) : []),
    ];
  }
  if (of !== undefined) return [fault('as', AS_MISSING)];
  return [
    ...(to === undefined && isToBeSent ? [fault('to', TO_MISSING)] : []),
    ...(subject === undefined ? [fault('subject', SUBJECT_MISSING)] : []),
  ];
}

/** Parameters that change a message. Empty texts are what hosts send for a parameter that is not used. */
function beside({ to, cc, bcc, from, subject, text_body, html_body, attachment_urls = [] }: Partial<NewMessage>) {
  const given = { to, cc, bcc, from, subject, text_body, html_body, attachment_urls: attachment_urls.join() };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [name]));
}

/** Parameters that an answer to an invitation does not have. */
function besideAnswer(fields: Partial<NewMessage>): string[] {
  return beside(fields).filter((name) => !['from', 'subject', 'text_body'].includes(name));
}

const TO_ORGANIZER =
  'has to be left out: the answer to an invitation goes to the organizer alone, with text_body as its comment';
const OF_MISSING = 'is missing (the message that `as` is about, such as "INBOX/10396")';
const AS_IT_STANDS =
  'has to be left out: a draft is sent as it stands. To change it, save its new version with create_draft_mail_message, then send that';
const AS_MISSING = 'is missing (what the message is to the one in `of`, such as "reply")';
const FORWARD_TO_MISSING = 'is missing (comma-separated addresses, to whom the message is forwarded)';
const TO_MISSING = 'is missing (comma-separated addresses; only a reply, with `as` and `of`, goes without)';
const SUBJECT_MISSING = 'is missing (subject, on one line; only a reply, with `as` and `of`, goes without)';

/**
 * Finds the mailbox that a draft is to be saved in.
 *
 * @throws {ToolError} if it does not exist, or there is no Drafts
 */
export function findDraftsMailbox({ wholeMailbox }: MailSession, folder: string | undefined): Promise<string> {
  return wholeMailbox.readImap((imap) =>
    folder === undefined ? findMailboxByRole(imap, 'drafts') : requireMailbox(wholeMailbox.withinPolicy(imap), folder),
  );
}
