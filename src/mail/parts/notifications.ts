/** Says in one line what a receipt (RFC 8098) or a report of abuse (RFC 5965) reports. */
import { addressOf, readFieldGroups, withoutType } from './report-fields.ts';

/** @param text of a message/disposition-notification part, with LF line ends */
export function dispositionLines(text: string): string[] {
  const [fields] = readFieldGroups(text);
  const disposition = /;\s*([a-z-]{1,30})/i.exec(fields?.get('disposition') ?? '')?.[1]?.toLowerCase();
  if (fields === undefined || disposition === undefined) return [];
  const address = addressOf(fields.get('final-recipient')) || addressOf(fields.get('original-recipient'));
  const reason = fields.get('error') ?? fields.get('failure') ?? fields.get('warning') ?? '';
  const id = /<[^<>\s]{1,300}>/.exec(fields.get('original-message-id') ?? '')?.[0];
  const facts = [
    `${disposition}${address === '' ? '' : ` by ${address}`}`,
    ...(/automatic-action/i.test(fields.get('disposition') ?? '') ? ['automatically'] : []),
    ...(reason === '' ? [] : [`"${reason.replaceAll('"', "'").slice(0, MAX_REASON_CHARS)}"`]),
    ...(id === undefined ? [] : [`message ${id}`]),
  ];
  return [`Receipt: ${facts.join(', ')}`];
}

const MAX_REASON_CHARS = 300;

/** @param text of a message/feedback-report part, with LF line ends */
export function feedbackLines(text: string): string[] {
  const [fields] = readFieldGroups(text);
  const type = /^[a-z-]{1,30}/i.exec(fields?.get('feedback-type') ?? '')?.[0]?.toLowerCase();
  if (fields === undefined || type === undefined) return [];
  const facts = [
    type,
    ...[addressOf(fields.get('original-rcpt-to'))]
      .filter((address) => address !== '')
      .map((address) => `recipient ${address}`),
    ...[addressOf(fields.get('original-mail-from'))]
      .filter((address) => address !== '')
      .map((address) => `sender ${address}`),
    ...[withoutType(fields.get('source-ip'))].filter((ip) => ip !== '').map((ip) => `from ${ip.slice(0, 100)}`),
  ];
  return [`Report of abuse: ${facts.join(', ')}`];
}
