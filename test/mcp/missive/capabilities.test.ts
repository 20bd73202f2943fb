/** Tests the capabilities of the Missive tools that need no HTTP server, with one title for each; see capabilities-server.test.ts for the others. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCatalog } from '../../../src/mcp/catalog.ts';
import { createTool } from '../../../src/mcp/missive/create-tool.ts';
import { OFFSET_PAGING } from '../../../src/mcp/missive/fields.ts';
import { defineOperation, inPath, inQuery } from '../../../src/mcp/missive/operation.ts';
import { meaningOf } from '../../../src/mcp/parameter-meanings.ts';
import { type ToolListing, toListing } from '../../../src/mcp/tool-listing.ts';
import { missiveOperations, missiveTools } from '../../../src/mcp/tools/missive.ts';
import { quotaHeaders } from '../../../src/missive/rate-limit.ts';
import { type Policy, UNLIMITED } from '../../../src/policy.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';

const listings = missiveTools.map(toListing);

function listing(name: string): ToolListing {
  const found = listings.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no tool ${name}`);
  return found;
}

const Properties = z.object({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).optional(),
});
const input = (name: string) => Properties.parse(listing(name).inputSchema);
const names = (policy: Policy) =>
  createCatalog(missiveTools)
    .list({ ...UNLIMITED, policy })
    .map(({ name }) => name);

/** The tools of each class (read or write) and tag. */
const OPERATIONS: Record<string, string[]> = {
  'read directory': ['list_all_missive_organizations', 'list_all_missive_users', 'list_all_missive_teams'],
  'write directory': ['create_a_missive_team', 'update_a_missive_team_by_id'],
  'read contacts': [
    'list_all_missive_contact_books',
    'list_all_missive_contact_groups',
    'list_all_missive_contacts',
    'get_single_missive_contact_by_id',
  ],
  'write contacts': ['create_a_missive_contact', 'update_a_missive_contact_by_id'],
  'read conversations': [
    'list_all_missive_conversations',
    'get_single_missive_conversation_by_id',
    'list_all_missive_conversation_messages',
    'list_all_missive_conversation_comments',
    'list_all_missive_conversation_drafts',
    'list_all_missive_conversation_posts',
    'get_missive_conversation_timeline',
    'get_single_missive_message_by_id',
    'list_all_missive_messages',
  ],
  'write conversations': [
    'update_a_missive_conversation_by_id',
    'merge_a_missive_conversation_by_id',
    'create_a_missive_message',
  ],
  'write drafts': ['create_a_missive_draft', 'send_a_missive_message', 'delete_a_missive_draft_by_id'],
  'write posts': ['create_a_missive_post', 'delete_a_missive_post_by_id'],
  'read tasks': ['list_all_missive_tasks', 'get_single_missive_task_by_id'],
  'write tasks': ['create_a_missive_task', 'update_a_missive_task_by_id'],
  'read labels': ['list_all_missive_shared_labels'],
  'write labels': ['create_a_missive_shared_label', 'update_a_missive_shared_label_by_id'],
  'read responses': ['list_all_missive_responses', 'get_single_missive_response_by_id'],
  'write responses': [
    'create_a_missive_response',
    'update_a_missive_response_by_id',
    'delete_a_missive_response_by_id',
  ],
  'write webhooks': ['create_a_missive_webhook', 'delete_a_missive_webhook_by_id'],
  'write analytics': ['create_a_missive_analytics_report'],
  'read analytics': ['get_single_missive_analytics_report_by_id'],
};

describe('operations', () => {
  test.each(Object.entries(OPERATIONS))('%s: its tools have that class and that tag', (kind, tools) => {
    const [kindOf, tag] = kind.split(' ');
    for (const name of tools) {
      const operation = missiveOperations.find((each) => each.name === name);
      expect(operation?.tags, name).toContain(tag);
      expect(operation?.effect === 'reads' ? 'read' : 'write', name).toBe(kindOf);
    }
  });

  test('there are no other tools', () => {
    expect(Object.values(OPERATIONS).flat().sort()).toEqual(listings.map(({ name }) => name).sort());
  });
});

describe('capability: method filter', () => {
  test('read allows get and list, and nothing else', () => {
    const left = names({ methods: ['list', 'get', 'search'] });
    expect(left.length).toBeGreaterThan(15);
    expect(left.filter((name) => !/^(list_all|get_single|get)_missive_/.test(name))).toEqual([]);
  });

  test('a single method such as list or get allows its own tools', () => {
    expect(names({ methods: ['get'] }).every((name) => name.startsWith('get_'))).toBe(true);
    expect(names({ methods: ['list'] }).every((name) => name.startsWith('list_all_'))).toBe(true);
  });

  test('it is enforced at tools/call as at tools/list', async () => {
    await using tools = await startMissiveTools({ permit: { ...UNLIMITED, policy: { methods: ['list'] } } });
    await tools.failure('create_a_missive_contact', { contact_book: ids.vipProspects, first_name: 'Jane' });
    expect(tools.missive.requests).toEqual([]);
  });
});

describe('capability: tag filter', () => {
  test('tools without an allowed tag are not listed', () => {
    expect(names({ tags: ['labels'] })).toEqual(
      ['list_all_missive_organizations'].concat(OPERATIONS['read labels'] ?? [], OPERATIONS['write labels'] ?? []),
    );
  });

  test('both filters combine with AND', () => {
    expect(names({ tags: ['labels'], methods: ['list'] })).toEqual([
      'list_all_missive_organizations',
      'list_all_missive_shared_labels',
    ]);
  });
});

test('capability: no retry, no throttle, no backoff; an upstream 429 is passed to the caller at once', async () => {
  await using tools = await startMissiveTools();
  tools.missive.misbehave({ kind: 'rate limited', retryAfter: 600 }, { times: 99 });
  for (const { name, http } of missiveOperations.filter((each) => Object.keys(each.parameters).length === 0)) {
    const before = tools.seen().length;
    expect(http).toBe('GET');
    expect(await tools.failure(name)).toMatchObject({ details: { status: 429, retry_after: 600 } });
    expect(tools.seen().length).toBe(before + 1);
  }
});

test('capability: normalised limit headers, and the same numbers in the tool error', async () => {
  const now = () => new Date(1_760_000_000_000);
  await using tools = await startMissiveTools({ now });
  tools.missive.misbehave({ kind: 'rate limited', retryAfter: 12, limit: 300, remaining: 0, reset: 1_760_000_012 });
  const error = await tools.failure('list_all_missive_contact_books');
  expect(error).toMatchObject({
    details: { ratelimit_limit: 300, ratelimit_remaining: 0, ratelimit_reset: 12, retry_after: 12 },
  });
  expect(tools.quotas.map(quotaHeaders)).toEqual([
    { 'ratelimit-limit': '300', 'ratelimit-remaining': '0', 'ratelimit-reset': '12', 'retry-after': '12' },
  ]);
});

describe('capability: flat input namespace', () => {
  test('path, query and body fields are at one level, none in an envelope', () => {
    const properties = Object.keys(input('update_a_missive_conversation_by_id').properties);
    expect(properties).toEqual(expect.arrayContaining(['id', 'subject', 'organization', 'add_shared_labels', 'close']));
    expect(properties).not.toContain('conversations');
  });

  test('a name that path and body share is one parameter, and is sent in both places', async () => {
    await using tools = await startMissiveTools();
    await tools.call('update_a_missive_shared_label_by_id', { id: ids.urgent, name: 'Now' });
    expect(tools.seen()).toMatchObject([
      { path: `/shared_labels/${ids.urgent}`, body: { shared_labels: [{ id: ids.urgent, name: 'Now' }] } },
    ]);
  });

  test('two parameters with the same name in the API have different names for the model', async () => {
    const operation = defineOperation({
      name: 'list_all_missive_nothing',
      title: 'List nothing',
      description: 'Two parameters that the API calls id.',
      http: 'GET',
      path: '/conversations/:id/comments',
      effect: 'reads',
      method: 'list',
      tags: ['conversations'],
      parameters: { conversation_id: { ...inPath(z.string()), wire: 'id' }, id: inQuery(z.string()) },
      answer: { kind: 'list', key: 'comments', item: z.object({ id: z.string() }) },
    });
    await using tools = await startMissiveTools();
    const catalog = createCatalog([createTool(operation)]);
    await catalog.call(operation.name, { conversation_id: ids.outage, id: 'x' }, UNLIMITED, tools.session);
    expect(tools.seen()).toMatchObject([{ path: `/conversations/${ids.outage}/comments`, query: { id: 'x' } }]);
  });
});

describe('capability: cursor pagination', () => {
  const lists = missiveOperations.filter(({ paging }) => paging !== undefined).map(({ name }) => [name]);

  test.each(lists)('%s has limit and next_cursor, and describes that it is passed back exactly as received', (name) => {
    const { properties } = input(name);
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['limit', 'next_cursor']));
    expect(properties.next_cursor).toMatchObject({
      description: expect.stringMatching(/exactly as received, with the same other arguments/i),
    });
    expect(Properties.parse(listing(name).outputSchema).required).toContain('next_cursor');
  });
});

test('capability: tools are assembled from records; a new record is a new tool, and no record is no tool', async () => {
  const operation = defineOperation({
    name: 'list_all_missive_books_again',
    title: 'List books again',
    description: 'Contact books, from a record that was just written.',
    http: 'GET',
    path: '/contact_books',
    effect: 'reads',
    method: 'list',
    tags: ['contacts'],
    parameters: {},
    paging: OFFSET_PAGING,
    answer: { kind: 'list', key: 'contact_books', item: z.object({ id: z.string() }) },
  });
  const catalog = createCatalog([...missiveTools, createTool(operation)]);
  expect(catalog.list(UNLIMITED).map(({ name }) => name)).toEqual([
    ...missiveOperations.filter(({ isUnlisted }) => !isUnlisted).map(({ name }) => name),
    operation.name,
  ]);
  await using tools = await startMissiveTools();
  expect(await catalog.call(operation.name, { limit: 1 }, UNLIMITED, tools.session)).toMatchObject({
    contact_books: [{ id: ids.enterpriseLeads }],
  });
  expect(await tools.failure(operation.name)).toMatchObject({ message: expect.stringMatching(/no tool/) });
});

describe('capability: parent-scope discovery in descriptions', () => {
  test.each([
    ['list_all_missive_contacts', 'contact_book', /list_all_missive_contact_books finds it\. Id or name\./],
    ['create_a_missive_contact', 'contact_book', /list_all_missive_contact_books finds it\. Id or name\./],
    ['list_all_missive_contact_groups', 'contact_book', /list_all_missive_contact_books finds it\. Id or name\./],
    ['create_a_missive_shared_label', 'organization', /Id or name\./],
    ['create_a_missive_team', 'organization', /Id or name\./],
  ])('%s takes %s by name, or finds the only one', (name, parameter, says) => {
    expect(input(name).properties[parameter]).toMatchObject({ description: expect.stringMatching(says) });
    expect(input(name).required ?? []).not.toContain(parameter);
  });

  test('the list of conversations names mailboxes, labels and teams', () => {
    const { description, inputSchema } = listing('list_all_missive_conversations');
    expect(description).toMatch(/inbox.*shared_label.*team_inbox/);
    expect(JSON.stringify(inputSchema)).toMatch(/with this label\. Id or name.*Inbox of a team\. Id or name/);
  });

  test.each(listings.map(({ name }) => [name]))(
    'every id parameter of %s is described with the tool that finds it, or takes a name',
    (name) => {
      const Described = z.looseObject({ description: z.string().optional() });
      const { parameters } = missiveOperations.find((each) => each.name === name) ?? expect.unreachable();
      for (const [parameter, { thing, schema }] of Object.entries(parameters)) {
        if (thing === undefined || meaningOf(schema).rare) continue;
        expect(Described.parse(input(name).properties[parameter]).description, parameter).toMatch(
          /(list_all|get_single|create_a)_missive_|Resource IDs|Id or name/,
        );
      }
    },
  );
});

describe('capability: layered thread tools', () => {
  test('messages and comments come from two tools, and neither has the other', async () => {
    await using tools = await startMissiveTools();
    const args = { conversation_id: ids.outage };
    const messages = JSON.stringify(await tools.call('list_all_missive_conversation_messages', args));
    const comments = JSON.stringify(await tools.call('list_all_missive_conversation_comments', args));
    expect(messages).not.toContain('database outage');
    expect(comments).not.toContain('Nothing works');
  });
});

test('capability: lightweight conversation list; bodies come from the message tools only', async () => {
  await using tools = await startMissiveTools();
  const { conversations } = await tools.call('list_all_missive_conversations', { all: true });
  const [first] = z.array(z.record(z.string(), z.unknown())).parse(conversations);
  expect(first).toMatchObject({ subject: 'Offer for 200 seats', messages_count: 2 });
  expect(first).toHaveProperty('authors');
  for (const heavy of ['body', 'messages', 'comments', 'users']) expect(first).not.toHaveProperty(heavy);
  const { message } = await tools.call('get_single_missive_message_by_id', { id: ids.janesMessage });
  expect(message).toHaveProperty('body');
});

describe('capability: tools for contact books, contacts, comments, labels and conversations', () => {
  test('list_all_missive_contact_books returns id and name', async () => {
    await using tools = await startMissiveTools();
    expect(await tools.call('list_all_missive_contact_books')).toMatchObject({
      contact_books: expect.arrayContaining([expect.objectContaining({ id: ids.vipProspects, name: 'VIP Prospects' })]),
    });
  });

  test.each([
    ['list_all_missive_contacts', undefined],
    ['create_a_missive_contact', undefined],
    ['list_all_missive_conversation_comments', ['conversation_id']],
    ['list_all_missive_shared_labels', undefined],
  ])('%s requires %j; what it can find itself is optional', (name, required) => {
    expect(input(name).required).toEqual(required);
  });

  test('list_all_missive_contacts has limit, next_cursor and search', () => {
    const { properties } = input('list_all_missive_contacts');
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['limit', 'next_cursor', 'search']));
  });

  test('create_a_missive_contact takes infos and memberships, one contact or several, and returns ids', async () => {
    await using tools = await startMissiveTools();
    const contact = {
      first_name: 'Jane',
      infos: [{ kind: 'email', label: 'work', value: 'jane@x.example' }],
      memberships: [{ group: { kind: 'group', name: 'VIP' } }],
    };
    const args = { contact_book: ids.vipProspects, contacts: [contact, contact] };
    const { contacts } = await tools.call('create_a_missive_contact', args);
    expect(contacts).toMatchObject([{ id: expect.any(String) }, { id: expect.any(String) }]);
  });

  test('list_all_missive_shared_labels returns id, color and path', async () => {
    await using tools = await startMissiveTools();
    const { shared_labels: labels } = await tools.call('list_all_missive_shared_labels', {
      organization: ids.organization,
      colors: true,
    });
    const [, urgent] = z.array(z.unknown()).parse(labels);
    expect(urgent).toMatchObject({
      id: ids.urgent,
      color: '#c02020',
      path: 'Support/Urgent',
    });
  });

  test('list_all_missive_conversations requires a mailbox, label or team, and has no bodies', async () => {
    await using tools = await startMissiveTools();
    expect(await tools.failure('list_all_missive_conversations', {})).toMatchObject({ name: 'ToolError' });
    const result = JSON.stringify(await tools.call('list_all_missive_conversations', { shared_label: ids.urgent }));
    expect(result).not.toContain('body');
  });

  test('update_a_missive_shared_label_by_id says which tool puts a label on a conversation', () => {
    const { description } = listing('update_a_missive_shared_label_by_id');
    expect(description).toMatch(/update_a_missive_conversation_by_id puts it on a conversation/);
  });
});
