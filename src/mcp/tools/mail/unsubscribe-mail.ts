import { z } from 'zod';
import { SetParameters } from '../../mail/changes/set-parameters.ts';
import { ExpectedUidValidity, MailboxPath, Uid } from '../../mail/parameters.ts';
import { UnsubscribeResult, unsubscribe } from '../../mail/unsubscribe/unsubscribe.ts';
import { defineTool } from '../../tool.ts';
import { getMailMessage } from './get-mail-message.ts';

export const unsubscribeMail = defineTool({
  name: 'unsubscribe_mail',
  title: 'Unsubscribe',
  description:
    'Asks newsletters and lists to stop, by web or mail. `not_done` has the reason, or a web page for the user.',
  effect: 'sends',
  method: 'send',
  tags: ['messages'],
  needs: [getMailMessage],
  input: z.object({
    folder: MailboxPath.describe('Path or role.'),
    uid: Uid.describe('As rows have it.').optional(),
    uids: SetParameters.uids.describe('One message of each list.'),
    uid_validity: ExpectedUidValidity.describe('Of the UIDs.'),
  }),
  output: UnsubscribeResult,
  run: unsubscribe,
});
