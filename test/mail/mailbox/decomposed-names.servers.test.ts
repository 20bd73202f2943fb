/** Tests names of mailboxes in another form of Unicode than the server has stored, on Dovecot. */
import { expect, test } from 'vitest';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { newAccount, onBasicServer } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';

/** As written by the caller: composed (NFC). */
const NAMES = ['Café', 'Größe', 'Ångström', '서울', 'Tiếng Việt', 'Büro/Entwürfe'];

const forms = NAMES.flatMap((name) => [
  ['decomposed', name.normalize('NFD'), name] as const,
  ['composed', name, name.normalize('NFD')] as const,
]);

test.each(forms)(
  'a mailbox that the server has %s, %j, is found by %j, to read and to change',
  async (_form, stored, written) => {
    const account = newAccount();
    const { [stored]: [uid = 0] = [] } = await appendMessages(account, {
      [stored]: [message({ subject: 'here' })],
      Other: [],
    });
    for (const reached of [account, onBasicServer(account)]) {
      await using tools = openMailTools(reached);
      expect(await tools.call('list_mail_messages', { folder: written })).toMatchObject({ total: 1 });
      const found = await tools.call('search_mail_messages', {
        folder: written,
        query: 'SUBJECT here',
        with_envelopes: false,
      });
      expect(found).toMatchObject({ uids: [uid] });
      expect(await tools.call('get_mail_message', { folder: written, uid })).toMatchObject({ subject: 'here' });
    }
    await using tools = openMailTools(account);
    await tools.call('move_mail_message', { folder: written, uid, destination: 'Other' });
    const [moved = 0] = (await appendMessages(account, { Other: [message({ subject: 'next' })] })).Other;
    await tools.call('move_mail_message', { folder: 'Other', uid: moved, destination: written });
    await tools.call('create_draft_mail_message', {
      to: 'a@b.test',
      subject: 'draft',
      text_body: 'x',
      folder: written,
    });
    expect(await subjectsIn(account, stored)).toEqual(['next', 'draft']);
  },
);
