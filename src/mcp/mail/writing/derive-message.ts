/** Derives from the original what a call does not say itself: sender, recipients, subject, fields of the conversation, quotation. */
import type { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { mustStayWhole } from '../../../mail/derived/forward-whole.ts';
import { forwarded, htmlOf, type Quotation, quotation } from '../../../mail/derived/quotation.ts';
import { type ThreadFields, threadFields } from '../../../mail/derived/references.ts';
import { type Recipients, replyRecipients } from '../../../mail/derived/reply-recipients.ts';
import { isSigned } from '../../../mail/derived/signature.ts';
import { envelopeAddresses, parseAddressList } from '../../../mail/mime/addresses.ts';
import { textFromHtml } from '../../../mail/mime/body-conversion.ts';
import { leavesOf, type Part } from '../../../mail/mime/body-structure.ts';
import { isOwnAddress, type Sender } from '../../../mail/own-address.ts';
import { prefixedSubject } from '../../../text/base-subject.ts';
import { visibleLine } from '../../../text/visible-text.ts';
import type { Invite } from '../invite.ts';
import type { MailSession } from '../mail-session.ts';
import type { NewMessage } from '../new-message.ts';
import { firstOwnSender } from './chosen-sender.ts';
import type { Original } from './read-original.ts';
import { sentBefore } from './sent-before.ts';

export interface DerivedMessage extends ThreadFields {
  /** Message-ID of the original that is forwarded, with angle brackets. */
  forwards?: string;
  from: Sender;
  to: string;
  cc: string;
  subject: string;
  text: string;
  html?: string;
  /** The text without the quotation. */
  newText: string;
  quotedLines: number;
  /** What of the original is attached. */
  attaches: 'nothing' | 'files' | 'message';
  /** Of an answer to an invitation. */
  answered?: AnsweredInvitation;
  warnings: string[];
}

export interface AnsweredInvitation {
  /** As OutgoingMessage has it. */
  calendarReply: string;
  /** The event and the answer, for the caller. */
  shown: { invite: z.output<typeof Invite>; note: string };
}

const MAX_SUBJECT_CHARS = 900;
/** Characters of HTML that is checked for hidden text. */
const MAX_TEXT_CHARS = 1_000_000;

export async function deriveMessage(
  fields: NewMessage,
  original: Original,
  session: MailSession,
): Promise<DerivedMessage> {
  const { message } = original;
  const isForward = fields.as === 'forward';
  const attaches = !isForward ? 'nothing' : mustStayWhole(message) ? 'message' : 'files';
  const recipients = isForward ? { to: [], cc: [] } : recipientsOf(fields, original, session);
  const quoted =
    attaches === 'message' ? NOTHING_QUOTED : (isForward ? forwarded : quotation)(message, session.timeZone);
  const to = fields.to ?? addressList(recipients.to);
  const cc = fields.cc ?? addressList(recipients.cc);
  const before = await sentBefore({ recipients: addressesOf({ ...fields, to, cc }), original: message }, session);
  const bodies = await bodiesOf(
    fields,
    { quoted, hasHtml: hasHtml(message.structure), signature: before.signature },
    session,
  );
  const { inReplyTo, references } = threadFields(message);
  const isUnthreaded = !isForward && inReplyTo === undefined;
  return {
    from: senderOf(original, session),
    to,
    cc,
    // An empty one is what hosts send for a parameter that is not used.
    subject: fields.subject || prefixedSubject(oneLine(message.subject), isForward ? 'Fwd' : 'Re'),
    // RFC 5322 §3.6.4: what only forwards the original is no reply to it.
    ...(inReplyTo !== undefined && (isForward ? { forwards: inReplyTo } : { inReplyTo })),
    references,
    ...bodies,
    attaches,
    warnings: [...bodies.warnings, ...(isUnthreaded ? [NOT_THREADED] : []), ...before.warnings],
  };
}

const NOTHING_QUOTED: Quotation = { text: '', html: '', lines: 0, isCut: false };

/** All recipients of a message. @throws {ToolError} for bad addresses */
function addressesOf({ to, cc, bcc }: { to?: string | undefined; cc?: string | undefined; bcc?: string | undefined }) {
  return envelopeAddresses([
    ...parseAddressList(to ?? '', 'to'),
    ...parseAddressList(cc ?? '', 'cc'),
    ...parseAddressList(bcc ?? '', 'bcc'),
  ]);
}

const hasHtml = (structure: Part | null): boolean =>
  structure !== null && leavesOf(structure).some(({ type }) => type === 'text/html');

/** Whom the answer goes to, as far as the call does not name them. */
function recipientsOf(fields: NewMessage, original: Original, { ownAddresses }: MailSession): Recipients {
  const own = [...ownAddresses, ...original.deliveredTo];
  const found = replyRecipients(original.message, {
    toAll: fields.as === 'reply_all',
    isOwn: original.isOwn,
    isOwnAddress: (address) => isOwnAddress(address, own),
  });
  if (fields.to === undefined && found.to.length === 0) throw new ToolError(NO_RECIPIENT);
  return found;
}

/** The address that the original was written to, if it is one of the account owner's; otherwise that of the sign-in. */
function senderOf({ message, isOwn, deliveredTo }: Original, session: MailSession): Sender {
  const people = isOwn ? message.from : [...message.to, ...message.cc];
  return firstOwnSender([...people.map(({ address }) => address), ...deliveredTo], session);
}

interface Below {
  quoted: Quotation;
  hasHtml: boolean;
  signature: string | undefined;
}

async function bodiesOf(
  { text_body: text, html_body: ownHtml }: NewMessage,
  { quoted, hasHtml: isHtmlWanted, signature }: Below,
  { runJob }: MailSession,
): Promise<Pick<DerivedMessage, 'text' | 'html' | 'newText' | 'quotedLines' | 'warnings'>> {
  const ownText =
    ownHtml === undefined ? '' : await requireVisible(withQuotation(ownHtml, quoted.html), quoted, runJob);
  const words = (text === '' ? ownText : text).trimEnd();
  const added = signature === undefined || isSigned(words, signature) ? '' : `-- \n${signature}`;
  const newText = joined([words, added]);
  const ofText = isHtmlWanted && quoted.html !== '' ? `<div>${htmlOf(newText)}</div>\n<br>\n${quoted.html}` : undefined;
  const addedHtml =
    added === '' || (ownText !== '' && isSigned(ownText, signature ?? '')) ? '' : `<div>${htmlOf(added)}</div>\n`;
  const html = ownHtml === undefined ? ofText : withQuotation(withQuotation(ownHtml, addedHtml), quoted.html);
  return {
    text: joined([newText, quoted.text]) || ATTACHED,
    ...(html !== undefined && { html }),
    newText,
    quotedLines: quoted.lines,
    warnings: [...(quoted.isCut ? [QUOTE_CUT] : []), ...alternativesWarnings(text, ownText)],
  };
}

const MAX_COMPARED_CHARS = 50_000;
/** Words of one form that are not in the other one. */
const MIN_OWN_WORDS = 5;

/** Warns if the text that is shown and the HTML that people see are not the same message. @param ownText the text of html_body */
export function alternativesWarnings(text: string, ownText: string): string[] {
  const [shown = [], seen = []] = [text, ownText].map((each) => [
    ...(each
      .slice(0, MAX_COMPARED_CHARS)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []),
  ]);
  const lacks = (words: readonly string[], other: readonly string[]) => {
    const known = new Set(other);
    const own = words.filter((word) => !known.has(word)).length;
    return own >= MIN_OWN_WORDS && own >= words.length / 2;
  };
  const areBoth = shown.length > 0 && seen.length > 0;
  return areBoth && (lacks(shown, seen) || lacks(seen, shown)) ? [OTHER_HTML] : [];
}

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join('\n\n');

/**
 * @returns the text before the quotation
 * @throws {ToolError} if people would not see all of the HTML, or not its quotation
 */
export async function requireVisible(
  html: string,
  quoted: Quotation = NOTHING_QUOTED,
  runJob?: MailSession['runJob'],
): Promise<string> {
  const shown = await textFromHtml(html, { chars: MAX_TEXT_CHARS, runJob });
  const introduction = quoted.text.slice(0, INTRODUCTION_CHARS);
  const at = introduction === '' ? shown.text.length : shown.text.lastIndexOf(introduction);
  if (shown.hidden.length > 0 || !shown.isWhole || shown.isStyleCut || at < 0) throw new ToolError(HIDDEN_HTML);
  return shown.text.slice(0, at).trimEnd();
}

/** Of the line above a quotation, which has a date: `On 28 Nov`. */
const INTRODUCTION_CHARS = 12;

/** Before the end of the body if there is one. */
export function withQuotation(html: string, quoted: string): string {
  if (quoted === '') return html;
  const end = html.toLowerCase().lastIndexOf('</body');
  const at = end < 0 ? html.length : end;
  return `${html.slice(0, at)}\n<br>\n${quoted}\n${html.slice(at)}`;
}

export const oneLine = (text: string): string =>
  visibleLine(text)
    .text.replace(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .slice(0, MAX_SUBJECT_CHARS);

/** As `to` takes it: every name is a quoted string (RFC 5322 §3.2.4). */
export function addressList(people: Recipients['to']): string {
  return people
    .map(({ name, address }) => {
      const shown = oneLine(name).replace(/["\\]/g, '').trim();
      return shown === '' ? address : `"${shown}" <${address}>`;
    })
    .join(', ');
}

/** Without a text the file would be the message. */
const ATTACHED = 'The forwarded message is attached.';
const NO_RECIPIENT =
  'Nothing was sent: the message names no address that can be answered. Name the recipients in `to`.';
const NOT_THREADED = 'The original has no Message-ID, so mail programs cannot show this answer below it.';
const OTHER_HTML =
  'html_body says something else than text_body: most recipients see the HTML, and `text` here is text_body.';
const QUOTE_CUT = 'The original is long, so only its start is quoted.';
const HIDDEN_HTML =
  'Nothing was done: html_body has text that people cannot see, or is too complex to find out. Leave that out, or leave out html_body: then it is made of text_body.';
