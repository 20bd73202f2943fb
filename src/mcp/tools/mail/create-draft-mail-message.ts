import { z } from 'zod';
import { openMailbox } from '../../../mail/mailbox/list-mailboxes.ts';
import { appendMessage } from '../../../mail/messages/change.ts';
import { removeMessages } from '../../../mail/messages/removal.ts';
import { findKeyedCopies, type KeyedCopy } from '../../../mail/send/keyed-copies.ts';
import type { KeyedMessageId } from '../../../mail/send/keyed-message-id.ts';
import { otherContents } from '../../../state/recent-calls.ts';
import { requireDestination } from '../../mail/destination.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import {
  alsoReads,
  compose,
  contentOf,
  IdempotencyKey,
  OutgoingFields,
  resolveMailbox,
} from '../../mail/new-message.ts';
import { MailboxPath, UidValidity } from '../../mail/parameters.ts';
import { defineTool } from '../../tool.ts';

const Draft = z.object({
  message_id: z.string(),
  folder: z.string(),
  uid: z.number().nullable().describe('UID of the draft, if the server reports it.'),
  uid_validity: UidValidity.nullable(),
  already_saved: z.boolean().optional().describe('True: an earlier call with this idempotency_key saved it.'),
});
type Draft = z.output<typeof Draft>;
type Fields = z.output<typeof OutgoingFields>;

export const createDraftMailMessage = defineTool({
  name: 'create_draft_mail_message',
  title: 'Create draft mail message',
  description:
    'Saves a message as a draft without sending it, so that the user can read, change and send it in their mail program. With an idempotency_key the same call again does not save it twice.',
  effect: 'writes',
  method: 'create',
  tags: ['drafts'],
  input: OutgoingFields.extend({
    folder: MailboxPath.optional().describe('Folder for the draft. Default: the Drafts mailbox.'),
    idempotency_key: IdempotencyKey,
  }),
  output: Draft,
  alsoDoes: alsoReads,
  run: async ({ folder, idempotency_key: idempotencyKey, ...fields }, session: MailSession, rights) => {
    if (folder !== undefined) await requireDestination(folder, session, rights, 'drafts');
    const mailbox = await resolveMailbox(session, folder, 'drafts');
    if (idempotencyKey === undefined) return save(fields, mailbox, session);
    const id = session.keyedMessageId({
      tool: 'create_draft_mail_message',
      idempotencyKey,
      content: contentOf(fields),
    });
    const { result, isRepeat } = await session.recentCalls.once(id.place, id.localPart, () =>
      saveOnce(fields, mailbox, id, session),
    );
    return isRepeat ? { ...Draft.parse(result), already_saved: true } : Draft.parse(result);
  },
});

async function save(fields: Fields, mailbox: string, session: MailSession): Promise<Draft> {
  const message = await compose(fields, session);
  const { uid, uidValidity } = await session.filing.changeImap((imap) =>
    appendMessage(imap, mailbox, message.rawWithBcc, FLAGS),
  );
  return { message_id: message.messageId, folder: mailbox, uid, uid_validity: uidValidity };
}

/** Of several replicas that save it at once, the one whose draft comes first in the mailbox wins; the others take theirs back. */
async function saveOnce(fields: Fields, mailbox: string, id: KeyedMessageId, session: MailSession): Promise<Draft> {
  const look = { fields: ['Message-ID'], now: session.now() };
  const tell = ({ uid, uidValidity }: Pick<KeyedCopy, 'uidValidity'> & { uid: number | null }): Draft => ({
    message_id: id.messageId,
    folder: mailbox,
    uid,
    uid_validity: uidValidity,
  });
  const [earlier] = await session.filing.readImap((imap) => findKeyedCopies(imap, mailbox, id, look));
  if (earlier?.isSameMessage === false) throw otherContents();
  if (earlier !== undefined) return { ...tell(earlier), already_saved: true };
  const message = await compose(fields, session, id.messageId);
  return session.filing.changeImap(async (imap) => {
    const { uid, uidValidity } = await appendMessage(imap, mailbox, message.rawWithBcc, FLAGS);
    const [first] = await findKeyedCopies(imap, mailbox, id, look);
    if (first === undefined || uid === null || first.uid === uid) {
      return { ...tell({ uid: uid ?? first?.uid ?? null, uidValidity: uidValidity ?? first?.uidValidity ?? '0' }) };
    }
    await openMailbox(imap, mailbox, { toChange: true });
    await removeMessages(imap, [uid]);
    if (!first.isSameMessage) throw otherContents();
    return { ...tell(first), already_saved: true };
  });
}

const FLAGS = ['\\Draft', '\\Seen'];
