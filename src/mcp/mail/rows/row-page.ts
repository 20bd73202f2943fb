/** Makes the rows of a page, with previews and links as far as they are wanted and allowed. */
import type { ListedMessage, Page } from '../../../mail/messages/list.ts';
import { readPreviews } from '../../../mail/messages/previews.ts';
import type { Rights } from '../../tool.ts';
import type { MailSession } from '../mail-session.ts';
import { type MessagePage, type MessageRow, toRow } from './message-rows.ts';
import { provenMessages } from './own-mail.ts';
import { linkRows } from './row-links.ts';

/** What rows have beside the envelope. */
export interface RowOptions {
  /** Characters of the preview; none or 0: no preview. */
  preview?: number | undefined;
  links: boolean;
}

/**
 * @param pages messages of one mailbox each
 * @param options `areNamed`: each row names its folder
 * @returns rows in the order of the pages
 */
export async function toRows(
  pages: readonly MessagePage[],
  { preview = 0, links, areNamed = false }: RowOptions & { areNamed?: boolean },
  session: MailSession,
  rights: Rights,
): Promise<{ rows: MessageRow[]; warnings: string[] }> {
  const { readImap, runJob } = session;
  const previews = preview === 0 ? NO_PREVIEWS : await readPreviews(readImap, { pages, chars: preview, runJob });
  const linked = links ? await linkRows(pages, session, rights) : NO_LINKS;
  const proven = await provenMessages(pages, session);
  const rows = pages.flatMap(({ mailbox, messages }) =>
    messages.map((message) => {
      const read = { preview: previews.texts.get(message), links: linked.links.get(message) };
      const extras = { ...read, isProven: proven.has(message), ...(areNamed && { folder: mailbox }) };
      return toRow(message, session, extras);
    }),
  );
  return { rows, warnings: [...(previews.areComplete ? [] : [PREVIEWS_MISSING]), ...linked.warnings] };
}

/** The number of the next page, if there is one. */
export function nextPage(total: number, { page, perPage }: Page): { next_page?: number } {
  return total > page * perPage ? { next_page: page + 1 } : {};
}

const NO_PREVIEWS = { texts: new Map<ListedMessage, string>(), areComplete: true };
const NO_LINKS = { links: new Map<ListedMessage, string[]>(), warnings: [] };

const PREVIEWS_MISSING =
  'Some previews could not be read in time. get_mail_message reads the messages themselves, and fewer per_page take less time.';
