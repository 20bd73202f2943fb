import { randomBytes } from 'node:crypto';
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import type { MessageBytes } from '../../../src/mail/message-bytes.ts';
import { composeMessage } from '../../../src/mail/send/compose.ts';
import { collectBytes } from '../../support/mail/collect-bytes.ts';
import { messageWith, reopenable } from './reopenable.ts';

describe('messages that are not in memory', () => {
  test.each([0, 1, 2, 3, 56, 57, 58, 114, 115, 1020, 1021, 1022, 57 * 1024, 200_000])(
    'with an attachment of %i bytes have an exact length, and the same bytes each time they are read',
    async (size) => {
      const bytes = randomBytes(size);
      const { raw, rawWithBcc } = await composeMessage(
        messageWith([reopenable(bytes), Buffer.from('held'), reopenable(bytes)]),
      );
      const [once, again, kept] = await Promise.all([collectBytes(raw), collectBytes(raw), collectBytes(rawWithBcc)]);
      expect(once).toHaveLength(raw.length);
      expect(again.equals(once)).toBe(true);
      expect(kept).toHaveLength(rawWithBcc.length);
      expect(kept.toString().replace('Bcc: carol@example.test\r\n', '')).toBe(once.toString());
      const { attachments } = await simpleParser(once);
      expect(attachments.map(({ content }) => content.equals(bytes))).toEqual([true, false, true]);
    },
  );

  test('have the same bytes as those in memory', async () => {
    const bytes = randomBytes(5000);
    const messageId = '<same@example.test>';
    const read = async (content: MessageBytes) =>
      (await collectBytes((await composeMessage({ ...messageWith([content]), messageId })).raw))
        .toString('latin1')
        .replaceAll(/--_NmP-\w+-Part/g, 'boundary');
    expect(await read(reopenable(bytes))).toBe(await read(bytes));
  });

  test('open the source of an attachment only when they are read', async () => {
    const source = reopenable(randomBytes(3000));
    const { raw } = await composeMessage(messageWith([source]));
    expect(source.opened()).toBe(0);
    await collectBytes(raw);
    expect(source.opened()).toBe(1);
  });

  test.each([-1, 1])('fail if the source of an attachment has become longer or shorter (%i)', async (more) => {
    const { raw } = await composeMessage(messageWith([reopenable(randomBytes(3000), 3000 + more)]));
    await expect(collectBytes(raw)).rejects.toThrow('changed while it was read');
  });
});
