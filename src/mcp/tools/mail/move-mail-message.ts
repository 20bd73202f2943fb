import { z } from 'zod';
import { moveOne } from '../../mail/changes/move-message.ts';
import { moveMessagesOf } from '../../mail/changes/move-messages.ts';
import { PlanFields } from '../../mail/changes/plan.ts';
import { Create, namedBy, readsAlso, SetParameters } from '../../mail/changes/set-parameters.ts';
import { UidSet } from '../../mail/changes/uid-set.ts';
import { UndoFields } from '../../mail/changes/undo.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ExpectedUidValidity, MailboxPath, Uid, UidValidity } from '../../mail/parameters.ts';
import { Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

export const moveMailMessage = defineTool({
  name: 'move_mail_message',
  title: 'Move mail message',
  description:
    'Moves messages to another folder, for example to archive them; `undo` in the answer moves them to where they were. UIDs change. Junk may train the spam filter and be deleted.',
  effect: 'writes',
  method: 'update',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath,
    uid: Uid.optional(),
    ...SetParameters,
    uid_validity: ExpectedUidValidity,
    destination: MailboxPath.describe('Path or role.'),
    create: Create,
  }),
  output: z.object({
    moved: z.number().optional(),
    would_move: z.number().optional(),
    created: z.array(Name).optional().describe('Folders that were made.'),
    would_create: z.array(Name).optional(),
    destination: Name,
    new_uid: z
      .number()
      .nullable()
      .optional()
      .describe('UID in the destination. Null if the server does not report it (no UIDPLUS).'),
    ...PlanFields,
    uid_validity: UidValidity.nullable()
      .optional()
      .describe('Of `new_uid` and `uids`, which are in the destination; in a plan, of `folder`.'),
    not_moved: UidSet.optional(),
    unknown: UidSet.optional().describe('Messages of which it is not known whether they were moved.'),
    ...UndoFields,
    warning: z.string().optional().describe('Says if something of the message is still in the old folder.'),
  }),
  alsoDoes: readsAlso,
  run: async ({ uid, ...request }, session: MailSession, rights) => {
    const named = namedBy(uid, request);
    return 'set' in named ? moveMessagesOf(named.set, session, rights) : moveOne(named.single, session, rights);
  },
});
