/** Names a message by one text, `INBOX/10396`, or a part of it, `INBOX/10396/2`. `;UIDVALIDITY=…` may stand behind the folder. */
import { z } from 'zod';
import { withInbox } from '../../../mail/mailbox-name.ts';
import { unescapeName } from '../../../text/name-escapes.ts';
import { locates } from '../../parameter-meanings.ts';

export interface MessagePlace {
  /** Path or role. */
  folder: string;
  uid: number;
  uidValidity?: string;
}

const MAX_CHARS = 10_000;
const MAX_UID = 4_294_967_295;
const MESSAGE = /^(.+?)(?:;UIDVALIDITY=(\d{1,20}))?\/(\d{1,10})$/is;

/** As a parameter: the text, or an object with folder and uid. */
export const MessagePlaceText = locates(
  z
    .string()
    .max(MAX_CHARS)
    .transform((text, context): MessagePlace => {
      const place = readMessagePlace(text);
      if (place !== undefined) return place;
      context.addIssue({ code: 'custom', message: 'must name a message by its folder and UID, such as "INBOX/10396"' });
      return z.NEVER;
    }),
);

/** @returns undefined if it is no such text */
export function readMessagePlace(text: string): MessagePlace | undefined {
  const [, folder = '', uidValidity, digits] = MESSAGE.exec(text.trim()) ?? [];
  const uid = Number(digits);
  if (folder === '' || !(uid >= 1 && uid <= MAX_UID)) return undefined;
  return { folder: withInbox(unescapeName(folder)), uid, ...(uidValidity !== undefined && { uidValidity }) };
}

export interface PartPlace extends MessagePlace {
  part: string;
}

const PART = /^(.+)\/(\d{1,5}(?:\.\d{1,5}){0,20})$/s;

/** @returns undefined if the text names no part of a message, as a link does not */
export function readPartPlace(text: string): PartPlace | undefined {
  if (text.length > MAX_CHARS || /^[a-z][a-z\d+.-]*:\/\//i.test(text.trim())) return undefined;
  const [, message = '', part = ''] = PART.exec(text.trim()) ?? [];
  const place = readMessagePlace(message);
  return place && { ...place, part };
}
