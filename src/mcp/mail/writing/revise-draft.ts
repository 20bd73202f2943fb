/** Writes the new version of a draft: other words of its author, and with them whatever the call names. Quotation, signature, conversation and files stay. */
import { ToolError } from '../../../errors.ts';
import { keptFields, readableMailboxes, threadFieldsOf } from '../../../mail/derived/draft-header.ts';
import { mustStayWhole } from '../../../mail/derived/forward-whole.ts';
import { htmlOf } from '../../../mail/derived/quotation.ts';
import { haveSameLetters, htmlParts } from '../../../mail/derived/revised-html.ts';
import type { Message } from '../../../mail/messages/read.ts';
import { type AddressParameter, parseAddressList } from '../../../mail/mime/addresses.ts';
import { textFromHtml } from '../../../mail/mime/body-conversion.ts';
import { composeMessage, type OutgoingAttachment, type OutgoingMessage } from '../../../mail/send/compose.ts';
import { splitDraft, withNewText } from '../../../text/split-draft.ts';
import type { MailSession } from '../mail-session.ts';
import type { NewMessage } from '../new-message.ts';
import { chosenSender } from './chosen-sender.ts';
import { addressList, requireVisible, withQuotation } from './derive-message.ts';
import { attachedFiles, forwardedFiles } from './forwarded-files.ts';
import { type DraftPlace, type OwnDraft, readOwnDraft } from './own-draft.ts';
import { recipientWarnings } from './sent-before.ts';
import { shownDraft } from './shown-draft.ts';
import type { WriteOptions, WrittenMessage } from './write-message.ts';

const MAX_CHARS = 1_000_000;

/** @throws {ToolError} if it is no draft, or cannot be written anew without loss; nothing was done */
export async function reviseDraft(
  fields: NewMessage,
  place: DraftPlace,
  { messageId, requireFiles }: Pick<WriteOptions, 'messageId' | 'requireFiles'>,
  session: MailSession,
): Promise<WrittenMessage> {
  const draft = await readOwnDraft(place, MAX_CHARS, session);
  const { header, message } = draft;
  if (!message.isComplete) throw new ToolError(TOO_LONG);
  const isBlank = message.structure?.type.startsWith('text/') === true && message.text === null;
  if (!isBlank && mustStayWhole(message)) throw new ToolError(PROTECTED);
  if (message.attachments.length > 0) requireFiles();
  const bodies = await bodiesOf(fields, message, session);
  const written = (name: AddressParameter) =>
    addressList(readableMailboxes(parseAddressList(header.recipients[name], name)));
  const revised: OutgoingMessage = {
    from: chosenSender(fields, session) ?? senderOf(draft),
    to: fields.to ?? written('to'),
    cc: fields.cc ?? written('cc'),
    bcc: fields.bcc ?? written('bcc'),
    subject: fields.subject || header.subject,
    ...bodies,
    ...threadFieldsOf(header),
    fields: keptFields(header),
    attachments: [],
    date: session.now(),
    ...(messageId !== undefined && { messageId }),
  };
  const kept = shownInPlace(await forwardedFiles(message, session), message, bodies.html ?? '');
  const files = [...kept, ...(await attachedFiles(fields.attachment_urls, session))];
  const composed = await composeMessage({ ...revised, attachments: files });
  const shown = shownDraft(
    { ...revised, from: [{ name: revised.from.fullName, address: revised.from.email }], files },
    session,
  );
  return { composed, shown: { ...shown, warnings: await recipientWarnings(composed.envelope.to, session) } };
}

function senderOf({ header: { from } }: OwnDraft): OutgoingMessage['from'] {
  const [author] = from;
  return { fullName: author?.name ?? '', email: author?.address ?? '' };
}

async function bodiesOf(
  { text_body: newText, html_body: ownHtml }: NewMessage,
  message: Message,
  { runJob }: MailSession,
): Promise<Pick<OutgoingMessage, 'text' | 'html'>> {
  const old = message.text ?? '';
  if (newText === '' && ownHtml === undefined) {
    return { text: old, ...(message.html !== null && { html: message.html }) };
  }
  const ownText = ownHtml === undefined ? newText : await requireVisible(ownHtml, undefined, runJob);
  const words = newText === '' ? ownText : newText;
  const text = withNewText(old, words);
  if (ownHtml === undefined && message.html === null) return { text };
  const { head, rest } = await keptHtml(message.html ?? '', old, runJob);
  if (ownHtml !== undefined) return { text, html: withQuotation(ownHtml, rest) };
  return { text, html: `${head}<div>${htmlOf(words.trim())}</div>\n${rest === '' ? '' : `<br>\n${rest}`}` };
}

/** The signature and the quotation as HTML: as they are, if their place in the HTML is certain, otherwise made of the text. */
async function keptHtml(
  html: string,
  text: string,
  runJob: MailSession['runJob'],
): Promise<{ head: string; rest: string }> {
  const segments = splitDraft(text).filter(({ kind }) => kind !== 'own');
  const linesOf = (...kinds: string[]) =>
    segments.flatMap(({ kind, lines }) => (kinds.includes(kind) ? lines : [])).join('\n');
  const all = linesOf('signature', 'quote').trim();
  const [signature, quote] = [linesOf('signature').trim(), linesOf('quote')];
  const { head, fromSignature, fromQuotation } = htmlParts(html);
  const isSame = async (part: string, words: string) => {
    if (part === '' || words === '') return false;
    const shown = await textFromHtml(part, { chars: MAX_CHARS, runJob });
    return shown.isWhole && haveSameLetters(shown.text, words);
  };
  if (await isSame(fromSignature, all)) return { head, rest: fromSignature };
  if (signature !== '' && (await isSame(fromQuotation, all))) return { head, rest: fromQuotation };
  if (await isSame(fromQuotation, quote)) {
    return { head, rest: `${signature === '' ? '' : `<div>${htmlOf(signature)}</div>\n<br>\n`}${fromQuotation}` };
  }
  return { head, rest: all === '' ? '' : `<div>${htmlOf(all)}</div>\n` };
}

/** Files that the HTML shows in place stay there. */
function shownInPlace(files: OutgoingAttachment[], { attachments }: Message, html: string): OutgoingAttachment[] {
  return files.map((file, index) => {
    const contentId = attachments[index]?.contentId?.replace(/^<|>$/g, '') ?? '';
    return /^[!-;=?-~]{1,200}$/.test(contentId) && html.includes(`cid:${contentId}`) ? { ...file, contentId } : file;
  });
}

const TOO_LONG = 'Nothing was done: the draft is too long to be written anew. Change it in a mail program.';
const PROTECTED =
  'Nothing was done: the draft is encrypted or signed, or its parts cannot be read. Change it in a mail program.';
