import { z } from 'zod';
import { deletePermanently, moveToTrash } from '../../mail/changes/delete-message.ts';
import { deleteMessagesOf } from '../../mail/changes/delete-messages.ts';
import { PlanFields } from '../../mail/changes/plan.ts';
import { namedBy, readsAlso, SetParameters } from '../../mail/changes/set-parameters.ts';
import { UidSet } from '../../mail/changes/uid-set.ts';
import { UndoFields } from '../../mail/changes/undo.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ExpectedUidValidity, MailboxPath, Uid, UidValidity } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { Name } from '../../outgoing.ts';
import { narrows } from '../../parameter-meanings.ts';
import { defineTool } from '../../tool.ts';

export const deleteMailMessage = defineTool({
  name: 'delete_mail_message',
  title: 'Delete mail message',
  description:
    'Deletes one message by `uid` for good: it cannot be brought back. Messages named by `uids` go to the trash, and `undo` in the answer moves them to where they were.',
  effect: 'destroys',
  method: 'delete',
  tags: ['messages'],
  isUndoable: true,
  input: z.object({
    folder: MailboxPath,
    uid: Uid.optional(),
    uids: SetParameters.uids,
    uid_validity: ExpectedUidValidity,
    permanent: narrows(z.boolean())
      .optional()
      .describe('True: for good, up to 100. False: to the trash. Default: true for `uid`, false for `uids`.'),
    dry_run: SetParameters.dry_run,
  }),
  output: z.object({
    deleted: z.number().optional(),
    would_delete: z.number().optional(),
    uid: z.number().optional(),
    outcome: z
      .enum(['expunged', 'moved_to_trash', 'marked_deleted'])
      .optional()
      .describe('"marked_deleted": it has \\Deleted and vanishes when the folder is next expunged; see `warning`.'),
    trash: Name.optional().describe('Path of the trash that it went to.'),
    new_uid: z.number().nullable().optional().describe('UID in the trash, if the server reports it.'),
    ...PlanFields,
    uid_validity: UidValidity.nullable().optional().describe('Of the UIDs in the answer.'),
    not_moved: UidSet.optional(),
    unknown: UidSet.optional().describe('Messages of which it is not known whether they were deleted.'),
    ...UndoFields,
    warning: z.string().optional(),
  }),
  alsoDoes: (args) => [
    ...readsAlso(args),
    ...(isPermanent(args) ? [{ tool: 'delete_mail_message', isForGood: true }] : []),
  ],
  run: async ({ uid, ...request }, session: MailSession, rights) => {
    const named = namedBy(uid, { ...request, permanent: isPermanent({ ...request, uid }) });
    if ('set' in named) return deleteMessagesOf(named.set, session, rights);
    const { folder, uid_validity: uidValidity, ...single } = named.single;
    const message = { mailbox: await resolveFolder(folder, session), uid: single.uid, uidValidity };
    return single.permanent ? deletePermanently(message, session) : moveToTrash(message, session, rights);
  },
});

const isPermanent = ({ uid, permanent }: { uid?: number | undefined; permanent?: boolean | undefined }): boolean =>
  permanent ?? uid !== undefined;
