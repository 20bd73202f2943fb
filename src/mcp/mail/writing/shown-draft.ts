/** Describes a draft as a person would be shown it before it is sent. */
import { readableMailboxes } from '../../../mail/derived/draft-header.ts';
import { type AddressParameter, type Mailbox, parseAddressList } from '../../../mail/mime/addresses.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { splitDraft } from '../../../text/split-draft.ts';
import { withoutEmpty } from '../../without-empty.ts';
import type { MailSession } from '../mail-session.ts';
import { peopleTexts } from '../rows/people.ts';
import { type ShownMessage, shownText } from './shown-message.ts';

interface Draft extends Partial<Record<AddressParameter, string>> {
  from: readonly Mailbox[];
  subject: string;
  text: string;
  files: readonly { filename: string }[];
}

export function shownDraft(
  { from, subject, text, files, ...recipients }: Draft,
  { account }: Pick<MailSession, 'account'>,
): ShownMessage {
  const people = (name: AddressParameter) =>
    peopleTexts(readableMailboxes(parseAddressList(recipients[name] ?? '', name)));
  const segments = splitDraft(text);
  const linesOf = (isQuote: boolean) =>
    segments.filter(({ kind }) => (kind === 'quote') === isQuote).flatMap(({ lines }) => lines);
  const isOther = !from.every(({ address }) => isOwnAddress(address, [account.email]));
  return {
    ...(isOther && { from: peopleTexts(from).join(', ') }),
    to: people('to'),
    ...withoutEmpty({ cc: people('cc'), bcc: people('bcc') }),
    subject,
    files: files.map(({ filename }) => filename),
    text: shownText(linesOf(false).join('\n').trim(), countOriginal(linesOf(true))),
    warnings: [],
  };
}

/** Lines of the original, without those that say whose it is: one above `>`, or the header of a forwarded message. */
function countOriginal(quote: readonly string[]): number {
  const [marked, blank] = [quote.findIndex((line) => line.startsWith('>')), quote.indexOf('')];
  const start = marked >= 0 && (blank < 0 || marked < blank) ? marked : blank + 1;
  return quote.length - start;
}
