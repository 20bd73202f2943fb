/** Adds download links to the files of rows. */
import type { ListedMessage } from '../../../mail/messages/list.ts';
import { listFiles } from '../../../mail/mime/listed-files.ts';
import type { Rights } from '../../tool.ts';
import { linkFile, WITHHELD } from '../attachment-links.ts';
import type { MailSession } from '../mail-session.ts';
import { MAX_ROW_FILES, type MessagePage } from './message-rows.ts';

/** Of all rows of a page; where files are uploaded for their link, each takes time. */
const MAX_LINKS = 100;
const MAX_MS = 15_000;

/**
 * @returns links by message, as many as the row has files; fewer at the end of the page if there are too many or the store does not answer, with a
 *   warning
 */
export async function linkRows(
  pages: readonly MessagePage[],
  session: MailSession,
  rights: Rights,
): Promise<{ links: Map<ListedMessage, string[]>; warnings: string[] }> {
  const links = new Map<ListedMessage, string[]>();
  const files = pages.flatMap(({ mailbox, uidValidity, messages }) =>
    messages.flatMap((message) =>
      (message.structure === null ? [] : listFiles(message.structure).files)
        .slice(0, MAX_ROW_FILES)
        .map((file) => ({ message, file, place: { mailbox, uidValidity, uid: message.uid } })),
    ),
  );
  if (files.length === 0) return { links, warnings: [] };
  if (!rights.allows({ tool: 'get_mail_message', tag: 'attachments' })) return { links, warnings: [WITHHELD] };
  const endsAt = performance.now() + MAX_MS;
  for (const { message, file, place } of files.slice(0, MAX_LINKS)) {
    const url = performance.now() > endsAt ? null : await linkFile(place, file, session);
    if (url === null) return { links, warnings: [LINKS_MISSING] };
    links.set(message, [...(links.get(message) ?? []), url]);
  }
  return { links, warnings: files.length > MAX_LINKS ? [LINKS_MISSING] : [] };
}

const LINKS_MISSING =
  'The last files of this page have no link: there are too many, or the attachment store did not answer in time. get_mail_message has the links of one message.';
