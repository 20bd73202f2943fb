/** Ids as models and hosts send them: as names, links, under another parameter's name, or not at all. */
import { describe, expect, test } from 'vitest';
import { UNLIMITED } from '../../../src/policy.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';
import { label } from '../../support/missive/rows.ts';

const written = (tools: Awaited<ReturnType<typeof startMissiveTools>>) =>
  tools.seen().filter(({ method }) => method !== 'GET');

describe('a name in the place of an id', () => {
  test.each([['VIP Prospects'], ['  vip  prospects '], [`"${ids.vipProspects}"`]])(
    'contact_book: %s is the book, and the answer names its id if it was looked up',
    async (contact_book) => {
      await using tools = await startMissiveTools();
      const result = await tools.call('create_a_missive_contact', { contact_book, first_name: 'Jane' });
      expect(written(tools)).toMatchObject([{ body: { contacts: [{ contact_book: ids.vipProspects }] } }]);
      expect(result.ids_used).toEqual(
        contact_book.includes(ids.vipProspects) ? undefined : { contact_book: ids.vipProspects },
      );
    },
  );

  test.each([['Escalated / Engineering'], ['escalated/engineering'], ['Engineering']])(
    'add_shared_labels: %s is the label, with its organization, in two requests',
    async (path) => {
      await using tools = await startMissiveTools();
      const args = { id: ids.outage, add_shared_labels: path };
      const result = await tools.call('update_a_missive_conversation_by_id', args);
      expect(tools.seen()).toHaveLength(2);
      expect(written(tools)).toMatchObject([
        { body: { conversations: [{ organization: ids.organization, add_shared_labels: [ids.engineering] }] } },
      ]);
      expect(result.ids_used).toEqual({ add_shared_labels: ids.engineering, organization: ids.organization });
    },
  );

  test.each([['Bo Li'], ['bo@example.org'], ['BO@EXAMPLE.ORG']])(
    'add_assignees: %s is a user, without the tag directory',
    async (user) => {
      const permit = { ...UNLIMITED, policy: { tags: ['conversations'] } };
      await using tools = await startMissiveTools({ permit });
      await tools.call('update_a_missive_conversation_by_id', { id: ids.outage, add_assignees: [user] });
      expect(written(tools)).toMatchObject([
        { body: { conversations: [{ organization: ids.organization, add_assignees: [ids.bo] }] } },
      ]);
    },
  );

  test('that two things have is an error with both ids, and nothing is changed', async () => {
    await using tools = await startMissiveTools();
    const other = ids.supportLabel.replace(/1$/, '9');
    tools.missive.data.shared_labels.push(label(other, 'Engineering', { id: ids.urgent, name: 'Urgent' }, '#000'));
    const args = { id: ids.outage, add_shared_labels: ['Engineering'] };
    expect(await tools.failure('update_a_missive_conversation_by_id', args)).toMatchObject({
      message: expect.stringMatching(
        new RegExp(
          `is the name of 2.*${ids.engineering} \\(Escalated/Engineering\\).*${other} \\(Urgent/Engineering\\)`,
        ),
      ),
    });
    expect(written(tools)).toEqual([]);
  });

  test('that nothing has is an error with the names there are, where the connection may list them', async () => {
    const failure = async (policy: { tags?: string[] }) => {
      await using tools = await startMissiveTools({ permit: { ...UNLIMITED, policy } });
      return await tools.failure('list_all_missive_conversations', { team_inbox: 'Night shift' });
    };
    expect(await failure({})).toMatchObject({
      message: 'There is no team named "Night shift", which team_inbox names. There are: "Support", "Sales".',
    });
    expect(await failure({ tags: ['conversations'] })).not.toMatchObject({ message: expect.stringContaining('Sales') });
  });
});

describe('an id', () => {
  test.each([
    [`https://mail.missiveapp.com/#inbox/conversations/${ids.outage}`],
    [`https://mail.missiveapp.com/#inbox/conversations/${ids.outage}/messages/${ids.outageMessage}`],
    [` ${ids.outage.toUpperCase()} `],
    [`<${ids.outage}>`],
  ])('%s is read', async (conversation_id) => {
    await using tools = await startMissiveTools();
    await tools.call('list_all_missive_conversation_comments', { conversation_id });
    expect(tools.seen()).toMatchObject([{ path: `/conversations/${ids.outage}/comments` }]);
  });

  test.each([['554100'], ['Nothing works'], [`${ids.outage},${ids.prospect}`]])(
    '%s is none: the error names what finds one, and has no id of its own',
    async (conversation_id) => {
      await using tools = await startMissiveTools();
      const error = await tools.failure('list_all_missive_conversation_comments', { conversation_id });
      expect(error).toMatchObject({
        message: `${JSON.stringify(conversation_id)} is not the id of a conversation, which conversation_id takes: list_all_missive_conversations finds it.`,
      });
      expect(tools.seen()).toEqual([]);
    },
  );

  test.each([[{}], [{ conversation_id: null }], [{ conversation_id: '' }]])('that is missing, %j', async (args) => {
    await using tools = await startMissiveTools();
    expect(await tools.failure('list_all_missive_conversation_comments', args)).toMatchObject({
      message: 'conversation_id is missing: list_all_missive_conversations finds it.',
    });
  });
});

describe('what is left out', () => {
  test('a book is the only one, otherwise the error lists them', async () => {
    await using tools = await startMissiveTools();
    expect(await tools.failure('create_a_missive_contact', { first_name: 'Jane' })).toMatchObject({
      message:
        'contact_book is missing: list_all_missive_contact_books finds it; there are 3: "Enterprise Leads", "VIP Prospects", "Private".',
    });
    tools.missive.data.contact_books.length = 1;
    expect(await tools.call('create_a_missive_contact', { first_name: 'Jane' })).toMatchObject({
      contacts: [{ contact_book: ids.enterpriseLeads }],
      ids_used: { contact_book: ids.enterpriseLeads },
    });
  });

  test.each([
    ['update_a_missive_conversation_by_id', { id: ids.outage }],
    ['create_a_missive_post', { conversation: ids.outage, notification: { title: 'a', body: 'b' }, text: 'x' }],
    ['create_a_missive_draft', { conversation: ids.outage, body: 'x' }],
  ])('the organization of %s is that of the conversation', async (tool, args) => {
    await using tools = await startMissiveTools();
    await tools.call(tool, { ...args, add_shared_labels: [ids.urgent] });
    expect(JSON.stringify(written(tools)[0]?.body)).toContain(`"organization":"${ids.organization}"`);
  });

  test('the list of labels needs no organization, with the tag labels alone', async () => {
    const permit = { ...UNLIMITED, policy: { tags: ['labels'] } };
    await using tools = await startMissiveTools({ permit });
    expect(await tools.call('list_all_missive_shared_labels')).toMatchObject({ shared_labels: { length: 4 } });
    expect(await tools.call('list_all_missive_organizations')).toMatchObject({ organizations: { length: 2 } });
  });
});

describe('another name of a parameter', () => {
  test.each([
    ['get_single_missive_conversation_by_id', 'conversation_id'],
    ['get_single_missive_conversation_by_id', 'conversation'],
    ['list_all_missive_conversation_comments', 'id'],
    ['list_all_missive_conversation_messages', 'conversation'],
    ['update_a_missive_conversation_by_id', 'conversation_id'],
  ])('%s takes %s', async (tool, name) => {
    await using tools = await startMissiveTools();
    await tools.call(tool, { [name]: ids.outage, ...(tool.startsWith('update') && { close: true }) });
    expect(tools.seen()[0]?.path).toContain(`/conversations/${ids.outage}`);
  });

  test('with another value is an error', async () => {
    await using tools = await startMissiveTools();
    const args = { id: ids.outage, conversation: ids.prospect };
    expect(await tools.failure('get_single_missive_conversation_by_id', args)).toMatchObject({
      message: expect.stringMatching(/given twice/),
    });
  });
});

test.each([
  ['create_a_missive_contact', { contact_book: 'Private', email: 'jane@x.example' }, /it goes into infos/],
  ['update_a_missive_contact_by_id', { id: ids.max, phone: '+15550100199' }, /"kind":"phone_number"/],
  ['create_a_missive_contact', { contact_book: 'Private', name: 'Jane Doe' }, /first_name and last_name/],
  ['update_a_missive_shared_label_by_id', { id: ids.urgent, conversation_id: ids.outage }, /add_shared_labels/],
  ['create_a_missive_draft', { body: 'x', send: true }, /send_a_missive_message sends/],
  ['update_a_missive_conversation_by_id', { id: ids.outage, labels: ['Urgent'] }, /add_shared_labels/],
])('%s says what to do in the place of %j', async (tool, args, says) => {
  await using tools = await startMissiveTools();
  expect(await tools.failure(tool, args)).toMatchObject({ name: 'ToolError', message: expect.stringMatching(says) });
  expect(tools.seen()).toEqual([]);
});

test.each([['2026-03-01'], ['2026-03-01T00:00:00'], ['2026-03-01T01:00:00+01:00'], [1_772_323_200], ['1772323200000']])(
  'the time %s is read',
  async (modified_since) => {
    await using tools = await startMissiveTools();
    await tools.call('list_all_missive_contacts', { contact_book: ids.vipProspects, modified_since });
    expect(tools.seen()).toMatchObject([{ query: { modified_since: '1772323200' } }]);
  },
);

test.each([['yesterday'], ['01/03/2026'], ['March 1st']])(
  'the time %s is refused with how to write it',
  async (due_at) => {
    await using tools = await startMissiveTools();
    expect(await tools.failure('update_a_missive_task_by_id', { id: ids.task, due_at })).toMatchObject({
      message: expect.stringMatching(/seconds since 1970, or such as 2026-03-01T09:00:00Z/),
    });
  },
);
