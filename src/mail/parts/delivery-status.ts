/**
 * Says in one line for each recipient what a delivery report reports (RFC 3464, RFC 6533): address, action, status code, reason and server.
 *
 * The lines are the sender's words as well: a report can be forged like any message.
 */
import { parseDate } from '../mime/dates.ts';
import { addressOf, type FieldGroup, readFieldGroups, withoutType } from './report-fields.ts';

/** Recipients that are listed; a report about a mailing list may have thousands. */
const MAX_RECIPIENTS = 20;
const MAX_REASON_CHARS = 300;

/** @param text of a message/delivery-status part, with LF line ends @returns empty if no recipient is named */
export function deliveryStatusLines(text: string): string[] {
  const recipients = readFieldGroups(text, STARTS).filter((group) => RECIPIENT.some((field) => group.has(field)));
  const more = recipients.length - MAX_RECIPIENTS;
  return [
    ...recipients.slice(0, MAX_RECIPIENTS).map((group) => `Delivery report: ${recipientLine(group)}`),
    ...(more > 0 ? [`Delivery report: ${more} more recipients.`] : []),
  ];
}

const RECIPIENT = ['final-recipient', 'original-recipient', 'action', 'status'] as const;
/** Some programs put no empty line between two recipients. */
const STARTS: ReadonlySet<string> = new Set(['final-recipient']);

function recipientLine(group: FieldGroup): string {
  const final = addressOf(group.get('final-recipient'));
  const original = addressOf(group.get('original-recipient'));
  const address = final || original || 'a recipient that is not named';
  const isOther = original !== '' && final !== '' && original.toLowerCase() !== final.toLowerCase();
  const reason = quoted(group.get('diagnostic-code'));
  const server = withoutType(group.get('remote-mta')).slice(0, MAX_REASON_CHARS);
  const until = parseDate(group.get('will-retry-until') ?? '');
  const facts = [
    `${address}${isOther ? ` (addressed as ${original})` : ''} ${actionOf(group)}`,
    ...(/[245]\.\d{1,3}\.\d{1,3}/.exec(group.get('status') ?? '') ?? []),
    ...(reason === '' ? [] : [reason]),
    ...(server === '' || server === address ? [] : [`by ${server}`]),
    ...(until === null ? [] : [`is tried until ${until}`]),
  ];
  return facts.join(', ');
}

/** RFC 3464 §2.3.3. A program that leaves the action out writes the status, whose first digit says it (§2.3.4). */
function actionOf(group: FieldGroup): string {
  const [action] = /^[a-z-]{1,30}/i.exec(group.get('action') ?? '') ?? [];
  if (action !== undefined) return action.toLowerCase();
  const [status] = group.get('status')?.trim() ?? '';
  return status === '2' ? 'delivered' : status === '4' ? 'delayed' : 'failed';
}

function quoted(reason: string | undefined): string {
  const text = (reason ?? '').replaceAll('"', "'").trim();
  if (text === '') return '';
  return text.length > MAX_REASON_CHARS ? `"${text.slice(0, MAX_REASON_CHARS)}…"` : `"${text}"`;
}
