/** Answers and arguments that read as something else than they are. */
import { expect, test } from 'vitest';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';

test.each([
  ['list_all_missive_contact_books', {}],
  ['list_all_missive_conversations', { inbox: true }],
  ['list_all_missive_conversation_comments', { conversation_id: ids.outage }],
])('%s: a success without a body is an error, not an empty list', async (tool, args) => {
  await using tools = await startMissiveTools();
  tools.missive.misbehave({ kind: 'empty' });
  expect(await tools.failure(tool, args)).toMatchObject({ name: 'UpstreamError', fault: 'refused' });
});

test.each([['a1@customer.example'], ['<a1@customer.example>'], [' <a1@customer.example> ']])(
  'the Message-ID %j is found',
  async (email_message_id) => {
    await using tools = await startMissiveTools();
    expect(await tools.call('list_all_missive_messages', { email_message_id })).toMatchObject({
      messages: [{ id: ids.janesMessage }],
    });
  },
);
