/** Makes the rows of a page, with previews and links as far as they are wanted and allowed. */
import type { Page } from '../../../mail/messages/list.ts';
import { readPreviews } from '../../../mail/messages/previews.ts';
import type { Rights } from '../../tool.ts';
import type { MailSession } from '../mail-session.ts';
import { type MessagePage, type MessageRow, toRow } from './message-rows.ts';
import { provenUids } from './own-mail.ts';
import { linkRows } from './row-links.ts';

/** What rows have beside the envelope. */
export interface RowOptions {
  /** Characters of the preview; none or 0: no preview. */
  preview?: number | undefined;
  links: boolean;
}

export async function toRows(
  page: MessagePage,
  { preview = 0, links }: RowOptions,
  session: MailSession,
  rights: Rights,
): Promise<{ rows: MessageRow[]; warnings: string[] }> {
  const { readImap, runJob } = session;
  const previews = preview === 0 ? NO_PREVIEWS : await readPreviews(readImap, { ...page, chars: preview, runJob });
  const linked = links ? await linkRows(page, session, rights) : NO_LINKS;
  const proven = await provenUids(page, session);
  const rows = page.messages.map((message) => {
    const { uid } = message;
    const extras = { preview: previews.texts.get(uid), links: linked.links.get(uid), isProven: proven.has(uid) };
    return toRow(message, session, extras);
  });
  return { rows, warnings: [...(previews.areComplete ? [] : [PREVIEWS_MISSING]), ...linked.warnings] };
}

/** The number of the next page, if there is one. */
export function nextPage(total: number, { page, perPage }: Page): { next_page?: number } {
  return total > page * perPage ? { next_page: page + 1 } : {};
}

const NO_PREVIEWS = { texts: new Map<number, string>(), areComplete: true };
const NO_LINKS = { links: new Map<number, string[]>(), warnings: [] };

const PREVIEWS_MISSING =
  'Some previews could not be read in time. get_mail_message reads the messages themselves, and fewer per_page take less time.';
