/** Describes the messages of a list to the model, each in one short row. What is empty or repeats is left out. */
import { z } from 'zod';
import type { Role } from '../../../mail/mailbox/list-mailboxes.ts';
import type { ListedMessage } from '../../../mail/messages/list.ts';
import { listFiles } from '../../../mail/mime/listed-files.ts';
import { cutFileName, cutText } from '../../../text/cut-text.ts';
import { HiddenText, Name } from '../../outgoing.ts';
import { withoutEmpty } from '../../without-empty.ts';
import type { MailSession } from '../mail-session.ts';
import { rowTimes } from './message-times.ts';
import { rowAuthors, rowRecipients } from './people.ts';

/** Every field but the UID is optional. */
export const MessageRow = z.object({
  folder: Name.optional().describe('In searches over several folders.'),
  uid: z.number(),
  date: z.string().optional().describe('Arrival (INTERNALDATE), RFC 3339.'),
  sent: z.string().optional().describe('Date header, if it differs from the arrival by more than a day.'),
  from: z.string().optional().describe('"me": the account itself.'),
  claims_me: z
    .boolean()
    .optional()
    .describe('True: `from` is an address of the account, but anyone may have written it.'),
  to: z.array(z.string()).optional().describe('Absent if there are no other recipients than the account.'),
  cc: z.array(z.string()).optional(),
  subject: z.string().optional(),
  unread: z.boolean().optional(),
  flags: z.array(Name).optional().describe('Flags and keywords other than \\Seen.'),
  list: z.boolean().optional().describe('True for newsletters and mailing lists.'),
  invite: z.boolean().optional().describe('True for an invitation to an event.'),
  files: z.array(z.string()).optional().describe('Part number, blank, name.'),
  links: z.array(z.string()).optional().describe('Links to `files`, in their order.'),
  preview: z.string().optional().describe('Start of the new text.'),
  hidden_text: HiddenText.describe('Letters that were left out because people cannot see them.'),
  why: z.string().optional().describe('With `is:waiting`: why it waits for an answer.'),
  unreadable: z.string().optional().describe('Says what the mail server did not return of this message.'),
});
export type MessageRow = z.output<typeof MessageRow>;

const SEEN = '\\Seen';
const MAX_SUBJECT_CHARS = 200;
const MAX_FILE_NAME_CHARS = 120;
/** Files that a row names; get_mail_message lists all. */
export const MAX_ROW_FILES = 10;

/** The messages of a page. */
export interface MessagePage {
  mailbox: string;
  /** Absent: unknown. */
  role?: Role | null;
  uidValidity: string;
  messages: readonly ListedMessage[];
}

/** What was read of a message beside its envelope. */
interface RowExtras {
  folder?: string;
  preview?: string | undefined;
  links?: readonly string[] | undefined;
  /** True if an own address in From is known to be no forgery. */
  isProven?: boolean | undefined;
}

export function toRow(
  message: ListedMessage,
  { ownAddresses, timeZone }: Pick<MailSession, 'ownAddresses' | 'timeZone'>,
  { folder, preview, links = [], isProven = false }: RowExtras = {},
): MessageRow {
  const { uid, from, to, cc, subject, flags, structure, areAddressesCut: mayBeCut } = message;
  const { files, isInvite } = structure === null ? NO_FILES : listFiles(structure);
  const fields = {
    ...rowTimes(message, timeZone),
    ...rowAuthors({ people: from, mayBeCut }, { ownAddresses, isProven }),
    to: rowRecipients({ people: to, mayBeCut }, ownAddresses),
    cc: rowRecipients({ people: cc, mayBeCut }, ownAddresses),
    subject: cutText(subject, MAX_SUBJECT_CHARS),
    unread: (message.arrivedAt !== null || !message.isUnreadable) && !flags.includes(SEEN),
    flags: flags.filter((flag) => flag !== SEEN),
    list: message.isFromList,
    invite: isInvite,
    files: fileTexts(files),
    links: [...links],
    preview: preview ?? '',
    unreadable: unreadableText(message),
  };
  return { ...(folder !== undefined && { folder }), uid, ...withoutEmpty(fields) };
}

function fileTexts(files: ReturnType<typeof listFiles>['files']): string[] {
  const named = files
    .slice(0, MAX_ROW_FILES)
    .map(({ part, shownName }) => `${part} ${cutFileName(shownName, MAX_FILE_NAME_CHARS)}`);
  return files.length > named.length ? [...named, `${files.length - named.length} more`] : named;
}

function unreadableText({ isUnreadable, structure }: ListedMessage): string {
  if (isUnreadable) return UNREADABLE;
  return structure === null ? FILES_UNKNOWN : '';
}

const NO_FILES = { files: [], isInvite: false };

const UNREADABLE =
  'The mail server broke off, refused or made no sense when it was asked about this message. It is there under its uid; get_mail_message may still read it.';
const FILES_UNKNOWN =
  'The mail server did not return which files this message has; get_mail_message may still read it.';
