/** Arguments as models and hosts really write them, and answers of Missive as they should not be: a table for each kind of fault. */
import { describe, expect, test } from 'vitest';
import { type Policy, UNLIMITED } from '../../../src/policy.ts';
import { ids } from '../../support/missive/ids.ts';
import { type MissiveTools, startMissiveTools } from '../../support/missive/missive-tools.ts';

type Args = Record<string, unknown>;

const COMMENTS = 'list_all_missive_conversation_comments';
const UPDATE = 'update_a_missive_conversation_by_id';
const CONTACT = 'create_a_missive_contact';
const DRAFT = 'create_a_missive_draft';
const SEND = 'send_a_missive_message';
const { outage, prospect } = ids;
const link = `https://mail.missiveapp.com/#inbox/conversations/${outage}`;
const addressed = { from_field: 'support@example.org', to_fields: ['jane.doe@customer.example'], subject: 's' };
const png = { filename: 'screen.png', bytes: Buffer.from('png') };
const files = {
  'https://files.example.com/screen.png?signature=abc': png,
  'https://files.missiveapp.com/screen.png': png,
};

const written = (tools: MissiveTools) => JSON.stringify(tools.seen().filter(({ method }) => method !== 'GET'));

/** What a call writes, or that it is refused with such a sentence and writes nothing. */
async function outcome(tool: string, args: Args, policy: Policy = {}) {
  await using tools = await startMissiveTools({ permit: { ...UNLIMITED, policy }, files });
  const result = await tools.call(tool, args).catch((error: Error) => error);
  return { result, written: written(tools), paths: tools.seen().map(({ path }) => path), queries: tools.seen() };
}

async function refusal(tool: string, args: Args, policy: Policy = {}): Promise<string> {
  const { result, written: sent } = await outcome(tool, args, policy);
  expect(sent).toBe('[]');
  expect(result).toMatchObject({ name: 'ToolError' });
  return result instanceof Error ? result.message : '';
}

describe('an id or a name', () => {
  test.each<[unknown]>([
    [{ id: ids.vipProspects, name: 'VIP Prospects' }],
    [{ name: 'VIP Prospects' }],
    [`{"id":"${ids.vipProspects}","name":"VIP Prospects"}`],
    [['VIP Prospects']],
    ['“VIP Prospects”'],
    ['the "VIP Prospects" contact book'],
    [`VIP Prospects (${ids.vipProspects})`],
  ])('contact_book: %j is the book', async (contact_book) => {
    const { written: sent } = await outcome(CONTACT, { contact_book, first_name: 'Jane' });
    expect(sent).toContain(`"contact_book":"${ids.vipProspects}"`);
  });

  test.each<[unknown]>([
    [{ id: outage, subject: 'Nothing works' }],
    [[outage]],
    [`id: ${outage}`],
    [`conversation_id=${outage}`],
    [`conversations/${outage}`],
    [`[Nothing works](${link})`],
    [`${outage} (Nothing works)`],
    [`missive://mail.missiveapp.com/#inbox/conversations/${outage}`],
  ])('conversation_id: %j is the conversation', async (conversation_id) => {
    expect((await outcome(COMMENTS, { conversation_id })).paths).toEqual([`/conversations/${outage}/comments`]);
  });

  test.each<[Args]>([[{ conversationId: outage }], [{ thread_id: outage }], [{ 'conversation-id': link }]])(
    '%j names the conversation',
    async (args) => {
      expect((await outcome(COMMENTS, args)).paths).toEqual([`/conversations/${outage}/comments`]);
    },
  );

  test.each<[Args]>([
    [{ ids: [ids.janesMessage] }],
    [{ message_ids: `["${ids.janesMessage}"]` }],
    [{ messages: [{ id: ids.janesMessage }] }],
  ])('%j names the message', async (args) => {
    expect((await outcome('get_single_missive_message_by_id', args)).paths).toEqual([`/messages/${ids.janesMessage}`]);
  });

  test.each<[unknown, string[]]>([
    ['Bo Li <bo@example.org>', [ids.bo]],
    ['me', [ids.ana]],
    [[{ id: ids.bo, name: 'Bo Li' }], [ids.bo]],
    ['Bo Li, Ana Roy', [ids.bo, ids.ana]],
    [['bo@example.org; ana@example.org'], [ids.bo, ids.ana]],
  ])('add_assignees: %j are the users', async (add_assignees, users) => {
    const { written: sent } = await outcome(UPDATE, { id: outage, add_assignees });
    expect(sent).toContain(`"add_assignees":${JSON.stringify(users)}`);
  });

  test.each<[unknown, string[]]>([
    ['Escalated > Engineering', [ids.engineering]],
    [["'Escalated / Engineering' label"], [ids.engineering]],
    [{ id: ids.engineering, path: 'Escalated/Engineering' }, [ids.engineering]],
    ['["Escalated / Engineering"]', [ids.engineering]],
    ['Escalated / Engineering, Support / Urgent', [ids.engineering, ids.urgent]],
  ])('add_shared_labels: %j are the labels', async (add_shared_labels, labels) => {
    const { written: sent } = await outcome(UPDATE, { id: outage, add_shared_labels });
    expect(sent).toContain(`"add_shared_labels":${JSON.stringify(labels)}`);
  });

  test.each<[string, Args, string]>([
    [COMMENTS, { conversation_id: 554_100 }, '"554100" is not the id of a conversation'],
    [COMMENTS, { conversation_id: ids.outageMessage }, 'list_all_missive_conversations finds it'],
    ['get_single_missive_task_by_id', { id: outage }, 'knows no task with this id'],
    ['get_single_missive_message_by_id', { id: '<a1@customer.example>' }, 'list_all_missive_messages finds it'],
    ['get_single_missive_contact_by_id', { id: 'Max Moe' }, 'list_all_missive_contacts finds it'],
    [CONTACT, { contact_book: 'VIP', first_name: 'Jane' }, 'There are: "Enterprise Leads", "VIP Prospects"'],
    [UPDATE, { id: outage, add_assignees: ['Bo'] }, '"Bo Li <bo@example.org>"'],
    ['merge_a_missive_conversation_by_id', { id: outage, target: ids.unknown }, 'one of these ids (id, target)'],
  ])('%s %j is refused with what finds it', async (tool, args, says) => {
    await using tools = await startMissiveTools();
    expect(await tools.failure(tool, args)).toMatchObject({
      name: 'ToolError',
      message: expect.stringContaining(says),
    });
  });
});

describe('a connection with limits', () => {
  test.each<[string[], string, Args]>([
    [['contacts', 'conversations', 'labels'], 'list_all_missive_shared_labels', { organization: null, limit: null }],
    [['labels'], 'list_all_missive_shared_labels', { organization: 'Example Ltd' }],
    [['labels'], 'list_all_missive_shared_labels', { organization_id: ids.organization }],
    [['labels'], 'create_a_missive_shared_label', { name: 'Now', parent: 'Support', share_with_team: 'Sales' }],
    [['tasks'], 'list_all_missive_tasks', { assignee: 'bo@example.org', team: 'Support' }],
    [['tasks'], 'create_a_missive_task', { title: 'x', team: ids.support, assignees: 'Bo Li' }],
    [['labels', 'directory'], 'list_all_missive_users', { organization: 'Example Ltd' }],
    [
      ['conversations'],
      UPDATE,
      { id: outage, team: 'Sales', force_team: true, add_assignees: 'Bo Li <bo@example.org>' },
    ],
  ])('%j: %s %j needs no other tag', async (tags, tool, args) => {
    expect((await outcome(tool, args, { tags })).result).not.toBeInstanceOf(Error);
  });

  test.each<[string[], string, Args]>([
    [['contacts', 'conversations', 'labels'], 'list_all_missive_conversations', {}],
    [['contacts', 'conversations', 'labels'], 'list_all_missive_conversations', { team_inbox: 'Nights' }],
    [['contacts', 'conversations', 'labels'], UPDATE, { id: outage, add_to_team_inbox: true }],
    [['conversations'], UPDATE, { id: outage, add_shared_labels: 'Nights' }],
    [['conversations'], UPDATE, { id: outage, note: 'x' }],
    [['labels'], 'create_a_missive_shared_label', { name: 'Now' }],
    [['labels'], 'update_a_missive_shared_label_by_id', { id: 'Urgent', thread_id: outage }],
    [['tasks'], 'create_a_missive_task', { title: 'x' }],
    [['tasks'], 'list_all_missive_tasks', { conversation: '554100' }],
    [['drafts'], SEND, { body: 'x', to_fields: 'jane@x.example' }],
    [['posts'], 'create_a_missive_post', { conversation: '554100', text: 'x' }],
  ])('%j: the refusal of %s %j names its own tools only', async (tags, tool, args) => {
    await using tools = await startMissiveTools({ permit: { ...UNLIMITED, policy: { tags } } });
    const error = await tools.failure(tool, args);
    const named = error instanceof Error ? (error.message.match(/\b[a-z]+(?:_[a-z]+)*_missive_[a-z_]+\b/g) ?? []) : [];
    const own = tools.catalog.list({ ...UNLIMITED, policy: { tags } }).map(({ name }) => name);
    expect(own).toEqual(expect.arrayContaining(named));
    expect(error).toMatchObject({ name: 'ToolError' });
  });
});

describe('a body', () => {
  test.each<[string, string]>([
    ['**Hi**\n\n- a\n- b', '<div>**Hi**</div><div><br></div><div>- a</div><div>- b</div>'],
    ['Write to <jane@x.example>', '<div>Write to &lt;jane@x.example&gt;</div>'],
    ['if a<b and c>d', '<div>if a&lt;b and c&gt;d</div>'],
    ['R&D &amp; co', '<div>R&amp;D &amp; co</div>'],
    ['See <https://x.example/?a=1&b=2>', '<div>See &lt;https://x.example/?a=1&amp;b=2&gt;</div>'],
  ])('%j is a text', async (body, html) => {
    const { result, written: sent } = await outcome(DRAFT, { ...addressed, body });
    expect(result).toMatchObject({ body_format: 'text' });
    expect(sent).toContain(JSON.stringify(html));
  });

  test.each([['<p>Hi'], ['x <br> y'], ['<html><body>Hi</body></html>']])('%j is HTML', async (body) => {
    const { result, written: sent } = await outcome(DRAFT, { ...addressed, body });
    expect(result).toMatchObject({ body_format: 'html' });
    expect(sent).toContain(JSON.stringify(body));
  });
});

test.each<[unknown]>([
  [{ url: 'https://files.missiveapp.com/screen.png', filename: 'screen.png', size: 3 }],
  [[{ message_id: ids.outageMessage, filename: 'screen.png' }]],
  [`["${ids.outageMessage}/screen.png"]`],
  [`messages/${ids.outageMessage} / screen.png`],
  [[`${ids.outageMessage}: 1`]],
  [['<https://files.missiveapp.com/screen.png>']],
])('attachment_urls: %j is the file that an answer has', async (attachment_urls) => {
  const { written: sent } = await outcome(DRAFT, { ...addressed, body: 'x', attachment_urls });
  expect(sent).toContain('"attachments":[{"filename":"screen.png","base64_data":"cG5n"}]');
});

describe('a key that a tool does not have', () => {
  test.each<[string, Args, RegExp]>([
    [CONTACT, { email_addresses: ['j@x.example'] }, /"kind":"email"/],
    [CONTACT, { full_name: 'Jane Doe' }, /first_name and last_name/],
    [CONTACT, { job_title: 'Buyer' }, /memberships.*"title"/],
    [CONTACT, { contacts: [{ first_name: 'Jane', email: 'j@x.example' }] }, /email in contacts: it goes into infos/],
    [CONTACT, { contacts: [{ first_name: 'Jane', contact_book: 'Private' }] }, /goes beside contacts/],
    ['update_a_missive_shared_label_by_id', { id: 'Urgent', threads: [outage] }, /_conversation_by_id puts it on/],
    [UPDATE, { id: outage, add_labels: ['Urgent'] }, /pass add_shared_labels/],
    [UPDATE, { id: outage, labelIds: [ids.urgent] }, /add_shared_labels or remove_shared_labels/],
    [UPDATE, { id: outage, status: 'closed' }, /close or reopen/],
    [UPDATE, { conversations: [{ id: outage, close: true }] }, /pass id/],
    [DRAFT, { ...addressed, message: 'x' }, /pass body/],
    [DRAFT, { ...addressed, body: 'x', send_now: true }, /send_a_missive_message sends/],
    [DRAFT, { ...addressed, body: 'x', attachments: [{ filename: 'a', base64_data: 'eA==' }] }, /attachment_urls/],
    [SEND, { ...addressed, body: 'x', send: false }, /create_a_missive_draft writes a draft/],
    [SEND, { ...addressed, body: 'x', draft: true }, /create_a_missive_draft writes a draft/],
    [SEND, { draft_id: ids.draft }, /cannot be sent here/],
    [SEND, { id: ids.draft, body: 'x' }, /takes conversation; a draft that exists cannot be sent here/],
    [DRAFT, { ...addressed, response: 'Thanks' }, /as body \(get_single_missive_response_by_id/],
    [SEND, { conversation: outage, body: 'x', reply_all: true }, /as: "reply_all"/],
    ['create_a_missive_post', { conversation: outage, comment: 'x' }, /text or markdown, and notification/],
    ['create_a_missive_task', { name: 'x', team: 'Support' }, /pass title/],
    ['list_all_missive_conversations', { mailbox: 'inbox' }, /such as inbox/],
    ['list_all_missive_conversations', { inbox: true, query: 'outage' }, /no search by text/],
    ['get_missive_conversation_timeline', { id: outage, limit: 10 }, /max_chars/],
  ])('%s %j is refused with what does it', async (tool, args, says) => {
    const book = tool === CONTACT ? { contact_book: 'Private' } : {};
    expect(await refusal(tool, { ...book, ...args })).toMatch(says);
  });

  test.each<[string, Args, string]>([
    [
      DRAFT,
      { to: 'jane@x.example', from: 'support@example.org', body: 'x' },
      '"to_fields":[{"address":"jane@x.example"}]',
    ],
    [DRAFT, { ...addressed, cc: 'a@x.example', body: 'x', send: false }, '"cc_fields":[{"address":"a@x.example"}]'],
    [SEND, { ...addressed, body: 'x', send: 'true', draft: false }, '"send":true'],
    [UPDATE, { id: outage, addSharedLabels: ['Urgent'] }, `"add_shared_labels":["${ids.urgent}"]`],
    ['update_a_missive_task_by_id', { id: ids.task, state: 'In progress' }, '"state":"in_progress"'],
    [CONTACT, { infos: ['j@x.example'] }, '"infos":[{"kind":"email","label":"other","value":"j@x.example"}]'],
    [
      CONTACT,
      { infos: { kind: 'Phone', label: 'Mobile', value: '555-0199' } },
      '"kind":"phone_number","label":"mobile"',
    ],
    [CONTACT, { contacts: [{ first_name: 'J', infos: '["+15550100199"]' }] }, '"kind":"phone_number","label":"other"'],
    [CONTACT, { infos: 'j@x.example, +15550100199' }, '"value":"j@x.example"},{"kind":"phone_number"'],
    [
      CONTACT,
      { contacts: ['Jane van Doe <j@x.example>'] },
      '"first_name":"Jane van","last_name":"Doe","infos":[{"kind":"email","label":"other","value":"j@x.example"}]',
    ],
    [DRAFT, { account: ids.customChannel, to_fields: '@joe', body: 'x' }, '"to_fields":[{"username":"joe"}]'],
  ])('%s %j means one thing, and is taken', async (tool, args, sends) => {
    const book = tool === CONTACT ? { contact_book: 'Private' } : {};
    expect((await outcome(tool, { ...book, ...args })).written).toContain(sends);
  });
});

test.each<[Args]>([[{ idempotencyKey: 'k' }], [{ idempotency_key: 42 }], [{ 'Idempotency-Key': ' k ' }]])(
  'a message with %j is sent once',
  async (key) => {
    await using tools = await startMissiveTools();
    const args = { ...addressed, body: 'x', ...key };
    await tools.call(SEND, args);
    expect(await tools.call(SEND, args)).toMatchObject({ already_done: true });
    expect(written(tools).match(/"\/drafts"/g)).toHaveLength(1);
  },
);

describe('a value that a parameter does not take', () => {
  test.each<[string, Args, RegExp]>([
    [CONTACT, { contacts: ['Jane Doe'] }, /pass "Jane Doe <jane@x\.example>", or \{"first_name"/],
    [CONTACT, { infos: 'j@x.example, Jane' }, /infos: "Jane" is no address.*"kind":"custom"/],
    [CONTACT, { memberships: ['VIP'] }, /pass \{"group":\{"kind":"organization","name":"VIP"\}\}, or the kind "group"/],
    [
      CONTACT,
      { contacts: [{ first_name: 'J', memberships: [{ group: 'VIP' }] }] },
      /"kind":"organization","name":"VIP"/,
    ],
    ['list_all_missive_contact_groups', {}, /kind: is missing: one of "group", "organization"/],
    [
      'create_a_missive_post',
      { conversation: outage, text: 'x' },
      /notification: is missing: an object with title, body/,
    ],
    [DRAFT, { ...addressed, to_fields: ['Jane'], body: 'x' }, /such as jane@x\.example: a name goes into name/],
    [DRAFT, { ...addressed, account: 'My channel', body: 'x' }, /not the id of an account/],
    [SEND, { conversation: outage }, /body is missing/],
    ['list_all_missive_conversations', { email: 'j@x.example' }, /filter beside email, such as all: true: inbox/],
    ['update_a_missive_task_by_id', { id: ids.task, due_at: null }, /not cleared/],
  ])('%s %j is refused with what it takes', async (tool, args, says) => {
    const book = tool.includes('contact') ? { contact_book: 'Private' } : {};
    expect(await refusal(tool, { ...book, ...args })).toMatch(says);
  });

  test('a draft in a conversation without messages says that nothing followed from it', async () => {
    await using tools = await startMissiveTools();
    tools.missive.misbehave(
      { kind: 'answer', status: 200, json: { messages: [] } },
      { path: `/conversations/${prospect}/messages` },
    );
    const result = await tools.call(DRAFT, { conversation: prospect, body: 'x' });
    expect(result).toMatchObject({ warnings: [expect.stringContaining('no message to answer')] });
  });
});

describe('reading', () => {
  test.each<[string, Args]>([
    ['get_missive_conversation_timeline', { thread: link, max_chars: '3000', next_cursor: null }],
    ['get_single_missive_message_by_id', { id: [{ id: ids.janesMessage }, { id: ids.ourReply }], body_format: 'TEXT' }],
    ['list_all_missive_contacts', { contactBook: 'Enterprise Leads', limit: '50', nextCursor: '' }],
    ['list_all_missive_conversations', { all: true, email: 'Jane Doe <jane.doe@customer.example>' }],
  ])('%s %j', async (tool, args) => {
    expect((await outcome(tool, args)).result).not.toBeInstanceOf(Error);
  });
});

describe('times and Message-IDs', () => {
  test.each<[unknown]>([
    ['2026-03-01T00:00:00.000Z'],
    ['2026-03-01T00:00Z'],
    ['2026-03-01 00:00:00 UTC'],
    ['2026-03-01T01:00:00+0100'],
    ['2026-03-01t00:00:00z'],
    ['20260301'],
    [20_260_301],
    ['1772323200.0'],
    [1_772_323_200.5],
    ['Sun, 01 Mar 2026 01:00:00 +0100'],
    ['Sun, 1 Mar 2026 00:00:00 GMT'],
  ])('the time %j is read', async (modified_since) => {
    const { queries } = await outcome('list_all_missive_contacts', { contact_book: ids.vipProspects, modified_since });
    expect(queries).toMatchObject([{ query: { modified_since: '1772323200' } }]);
  });

  test.each([['2026-02-30'], ['2026-03'], ['2026-03-01T25:00:00Z'], ['in 2 days'], ['Sun, 32 Mar 2026 00:00:00 GMT']])(
    'the time %s is refused',
    async (modified_since) => {
      const args = { contact_book: ids.vipProspects, modified_since };
      expect(await refusal('list_all_missive_contacts', args)).toMatch(/must be a time/);
    },
  );

  test.each([
    ['Message-ID: <a1@customer.example>'],
    ['"<a1@customer.example>"'],
    ['&lt;a1@customer.example&gt;'],
    ['%3Ca1%40customer.example%3E'],
    ['rfc822msgid:a1@customer.example'],
    ['< a1@customer.example >\n'],
  ])('the Message-ID %j is found', async (email_message_id) => {
    const { result } = await outcome('list_all_missive_messages', { email_message_id });
    expect(result).toMatchObject({ messages: [{ id: ids.janesMessage }] });
  });

  test.each([['Re: Offer'], [ids.janesMessage], ['<a@x.example> <b@x.example>']])(
    'the Message-ID %j is refused, and does not find nothing',
    async (email_message_id) => {
      expect(await refusal('list_all_missive_messages', { email_message_id })).toMatch(/Message-ID|id of Missive/);
    },
  );

  test('References may be one text', async () => {
    const args = { ...addressed, body: 'x', references: '<a1@x.example>\r\n <b1@x.example>' };
    expect((await outcome(DRAFT, args)).written).toContain('"references":["<a1@x.example>","<b1@x.example>"]');
  });
});

describe('an answer of Missive that is none', () => {
  const reads: [tool: string, args: Args, path: string][] = [
    [COMMENTS, { id: outage }, `/conversations/${outage}/comments`],
    ['get_single_missive_conversation_by_id', { id: outage }, `/conversations/${outage}`],
    ['get_single_missive_message_by_id', { id: ids.janesMessage }, '/messages'],
    ['get_missive_conversation_timeline', { id: outage }, `/conversations/${outage}`],
    ['get_missive_conversation_timeline', { id: outage }, '/users'],
    [DRAFT, { conversation: prospect, body: 'x' }, '/users'],
    [DRAFT, { conversation: prospect, body: 'x' }, `/conversations/${prospect}/messages`],
  ];
  test.each<[unknown]>([[{}], [null], [[]], [{ comments: null, conversations: null, users: null }], [{ error: 'x' }]])(
    '%j is an error, not an empty list',
    async (json) => {
      for (const [tool, args, path] of reads) {
        await using tools = await startMissiveTools();
        tools.missive.misbehave({ kind: 'answer', status: 200, json }, { path });
        expect(await tools.failure(tool, args), `${tool} ${path}`).toMatchObject({ fault: 'refused' });
        expect(written(tools)).toBe('[]');
      }
    },
  );

  test.each<[string, Args, string]>([
    [CONTACT, { contact_book: 'VIP Prospects', first_name: 'J' }, '/contact_books'],
    [CONTACT, { first_name: 'J' }, '/contact_books'],
    [UPDATE, { id: outage, add_shared_labels: 'Urgent' }, '/shared_labels'],
  ])('%s %j writes nothing without the list of %s', async (tool, args, path) => {
    await using tools = await startMissiveTools();
    tools.missive.misbehave({ kind: 'answer', status: 200, json: {} }, { path });
    expect(await tools.failure(tool, args)).toMatchObject({ message: expect.stringMatching(/did not list/) });
    expect(written(tools)).toBe('[]');
  });
});
