/** What the list of a connection leaves out: unlisted tools, what it may not do, and names of tools that it does not have. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { withoutAbsentTools } from '../../src/mcp/absent-tools.ts';
import { createCatalog } from '../../src/mcp/catalog.ts';
import { isAllowed } from '../../src/mcp/permit/permit.ts';
import { MAIL_TAGS, MISSIVE_TAGS, type ToolKind } from '../../src/mcp/tool.ts';
import type { ToolListing } from '../../src/mcp/tool-listing.ts';
import { mailTools } from '../../src/mcp/tools/mail.ts';
import { missiveTools } from '../../src/mcp/tools/missive.ts';
import { type Permit, POWERS, type Policy, UNLIMITED } from '../../src/policy.ts';
import { ids } from '../support/missive/ids.ts';
import { startMissiveTools } from '../support/missive/missive-tools.ts';

const services = [
  { tools: mailTools as readonly ToolKind[], catalog: createCatalog(mailTools), tags: MAIL_TAGS },
  { tools: missiveTools as readonly ToolKind[], catalog: createCatalog(missiveTools), tags: MISSIVE_TAGS },
];
const missive = services[1]?.catalog ?? expect.unreachable();
const limited = (policy: Policy): Permit => ({ ...UNLIMITED, policy });
const namesOf = (listings: readonly ToolListing[]) => listings.map(({ name }) => name);
const unlisted = missiveTools.filter(({ isUnlisted }) => isUnlisted).map(({ name }) => name);

describe('an unlisted tool', () => {
  test('is for administrators: teams, webhooks, analytics, writing of responses, incoming messages of a channel', () => {
    expect(unlisted.join(' ')).toMatch(
      /team.*team.*create_a_missive_message.*response.*response.*response.*webhook.*report/,
    );
    expect(namesOf(missive.list(UNLIMITED))).toEqual(
      missiveTools.filter(({ isUnlisted }) => !isUnlisted).map(({ name }) => name),
    );
  });

  test.each(unlisted)('MSV-04 %s is listed where its tag or its name is sealed', (name) => {
    const tags = missiveTools.find((tool) => tool.name === name)?.tags ?? [];
    expect(namesOf(missive.list(limited({ tags: [...tags] })))).toContain(name);
    expect(namesOf(missive.list(limited({ tools: [name] })))).toEqual([name]);
    expect(namesOf(missive.list(limited({ methods: ['create', 'update', 'delete', 'get'] })))).not.toContain(name);
  });

  test.each([
    ['create_a_missive_response', { title: 'Thanks', body: 'Thank you', organization: 'Example Ltd' }, {}],
    ['create_a_missive_webhook', { type: 'new_comment', url: 'https://hooks.example.com/in' }, { methods: ['create'] }],
    ['get_single_missive_analytics_report_by_id', { id: ids.report }, { methods: ['get'] }],
  ] satisfies [string, Record<string, unknown>, Policy][])(
    '%s can be called by its name',
    async (name, args, policy) => {
      await using tools = await startMissiveTools({ permit: limited(policy) });
      await tools.call(name, args);
      expect(tools.seen().length).toBeGreaterThan(0);
    },
  );
});

describe('a parameter', () => {
  const input = (permit: Permit, tool: string) => {
    const listing = missive.list(permit).find(({ name }) => name === tool);
    return z.object({ properties: z.record(z.string(), z.unknown()) }).parse(listing?.inputSchema).properties;
  };

  test.each(['create_a_missive_draft', 'send_a_missive_message', 'create_a_missive_post', 'create_a_missive_task'])(
    'of %s that changes the conversation is published only where that is allowed',
    (tool) => {
      const action = tool === 'create_a_missive_task' ? 'add_to_inbox' : 'close';
      expect(input(UNLIMITED, tool)).toHaveProperty(action);
      for (const permit of [
        limited({ tags: ['drafts', 'posts', 'tasks'] }),
        limited({ methods: ['create', 'send'] }),
        { ...UNLIMITED, consent: { powers: POWERS.filter((power) => power !== 'organise') } },
      ]) {
        if (namesOf(missive.list(permit)).includes(tool)) expect(input(permit, tool)).not.toHaveProperty(action);
      }
    },
  );

  test('is described once, where the list has it first', () => {
    const said = missive
      .list(UNLIMITED)
      .flatMap(({ inputSchema }) => JSON.stringify(inputSchema).match(/"next_cursor":\{[^}]*\}/g) ?? []);
    expect(said.length).toBeGreaterThan(5);
    expect(said.filter((text) => text.includes('description'))).toEqual([said[0]]);
  });
});

/** Permits with few tools, and with all. */
const permits = ({ tags, tools }: (typeof services)[number]): Permit[] => [
  UNLIMITED,
  ...tags.map((tag) => limited({ tags: [tag] })),
  ...tools.map(({ name }) => limited({ tools: [name] })),
  limited({ methods: ['list', 'get', 'search'] }),
  ...POWERS.map((power) => ({ ...UNLIMITED, consent: { powers: [power] } })),
];

test.each(services)('MSV-03 no list names a tool that its connection does not have', (service) => {
  const { catalog, tools } = service;
  for (const permit of permits(service)) {
    const absent = tools.filter((tool) => !isAllowed(permit, tool)).map(({ name }) => name);
    const texts = catalog.list(permit).map(({ description, inputSchema }) => [description, inputSchema]);
    const words = new Set(JSON.stringify(texts).match(/[a-z_]+/g));
    expect(absent.filter((name) => words.has(name))).toEqual([]);
  }
});

test.each(services)(
  'each description says what its tool does without the names of other tools',
  ({ catalog, tools }) => {
    const names = new Set(tools.map(({ name }) => name));
    for (const { name, description } of catalog.list(UNLIMITED)) {
      const alone = withoutAbsentTools(description, (word) => word !== name && names.has(word));
      expect(alone, name).toMatch(/^[A-Z].{20,}[.]$/);
      expect(alone?.match(/[a-z_]+/g)?.filter((word) => word !== name && names.has(word))).toEqual([]);
    }
  },
);

test.each([
  ['Id; list_a finds it.', 'Id.'],
  ['id is missing: list_a finds it; there are 3: "x", "y".', 'id is missing; there are 3: "x", "y".'],
  ['Adds one. Look first (list_a). Then go on.', 'Adds one. Look first. Then go on.'],
  ['Call list_a first: it has the ids. Then go on.', 'Then go on.'],
  ['Labels it; list_b labels many.', 'Labels it; list_b labels many.'],
  ['list_a does that.', undefined],
  ['Ends it. list_a begins it.', 'Ends it.'],
])('%s, without list_a: %s', (text, left) => {
  expect(withoutAbsentTools(text, (name) => name === 'list_a')).toBe(left);
});

describe('an error', () => {
  test.each([
    ['list_all_missive_conversation_comments', {}, { tools: ['list_all_missive_conversation_comments'] }],
    ['list_all_missive_shared_labels', { organization: 'None' }, { tags: ['labels'], methods: ['get', 'list'] }],
    ['get_single_missive_contact_by_id', { id: 'Max Moe' }, { methods: ['get'] }],
    ['create_a_missive_contact', { first_name: 'Jane' }, { methods: ['create'] }],
    ['create_a_missive_task', { title: 'Call', team: 'Night shift' }, { tags: ['tasks'] }],
    ['create_a_missive_task', { title: 'Call' }, { tags: ['tasks'] }],
  ] satisfies [string, Record<string, unknown>, Policy][])(
    'of %s %j names only tools that the connection has',
    async (name, args, policy) => {
      const permit = limited(policy);
      await using tools = await startMissiveTools({ permit });
      const { message } = z.object({ message: z.string() }).parse(await tools.failure(name, args));
      const absent = missiveTools.filter((tool) => !isAllowed(permit, tool)).map((tool) => tool.name);
      expect(message.length).toBeGreaterThan(15);
      expect(absent.filter((tool) => message.includes(tool))).toEqual([]);
    },
  );
});
