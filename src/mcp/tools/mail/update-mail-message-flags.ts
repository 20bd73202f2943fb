import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { includesDeleted } from '../../../mail/messages/change.ts';
import { labelIn } from '../../../mail/messages/flags.ts';
import { flagOne } from '../../mail/changes/flag-message.ts';
import { flagMessagesOf } from '../../mail/changes/flag-messages.ts';
import { PlanFields } from '../../mail/changes/plan.ts';
import { namedBy, readsAlso, SetParameters } from '../../mail/changes/set-parameters.ts';
import { UidSet } from '../../mail/changes/uid-set.ts';
import { UndoFields } from '../../mail/changes/undo.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ExpectedUidValidity, MailboxPath, Uid, UidValidity } from '../../mail/parameters.ts';
import { GivenName, Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

const Flags = z.array(GivenName).max(50).default([]);

export const updateMailMessageFlags = defineTool({
  name: 'update_mail_message_flags',
  title: 'Update mail message flags',
  description:
    'Adds and removes flags of messages: \\Seen is read, \\Flagged starred, \\Answered replied to; others such as $Label1 or label:Travel are labels. `undo` in the answer restores them.',
  effect: 'writes',
  method: 'update',
  idempotent: true,
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath,
    uid: Uid.optional(),
    ...SetParameters,
    uid_validity: ExpectedUidValidity,
    add: Flags.describe('Flags to add. To delete use delete_mail_message.'),
    remove: Flags.describe('Flags to remove.'),
  }),
  output: z.object({
    changed: z.number().optional().describe('Messages in which a flag has changed.'),
    would_change: z.number().optional(),
    uid: z.number().optional(),
    flags: z.array(Name).optional().describe('All flags of the message now.'),
    ...PlanFields,
    uid_validity: UidValidity.optional(),
    not_changed: UidSet.optional().describe('Messages whose flags the server did not keep.'),
    unknown: UidSet.optional().describe('Messages of which it is not known whether flags have changed.'),
    ...UndoFields,
    warning: z.string().optional(),
  }),
  alsoDoes: ({ add, remove, ...named }) => [
    ...(includesDeleted([...add, ...remove]) ? [{ tool: 'delete_mail_message', isForGood: true }] : []),
    ...readsAlso(named),
  ],
  run: async ({ uid, ...request }, session: MailSession, rights) => {
    const { add, remove } = request;
    if (add.length + remove.length === 0) throw new ToolError('Nothing to do: name flags in `add` or in `remove`.');
    const isPlain = [...add, ...remove].every((name) => labelIn(name) === null);
    const named = namedBy(uid, request, { isPlain });
    return 'set' in named ? flagMessagesOf(named.set, session, rights) : flagOne(named.single, session);
  },
});
