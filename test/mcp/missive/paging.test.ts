/** The pages of a list together hold each of its rows once, in both paging styles of Missive. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Position } from '../../../src/mcp/missive/cursor.ts';
import { fetchPage, type Row } from '../../../src/mcp/missive/paging.ts';
import { missiveOperations } from '../../../src/mcp/tools/missive.ts';
import { ids } from '../../support/missive/ids.ts';
import { type MissiveTools, startMissiveTools } from '../../support/missive/missive-tools.ts';
import { offsetPage, untilPage } from '../../support/missive/pages.ts';
import { comment, conversation, message, NEWEST } from '../../support/missive/rows.ts';

const TOO_MANY = 200;

/** The ids on each page of a tool's list, to its end. */
async function allPages(
  { call }: Pick<MissiveTools, 'call'>,
  tool: string,
  key: string,
  args: Record<string, unknown>,
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: unknown;
  do {
    const result = await call(tool, { ...args, ...(cursor !== undefined && { next_cursor: cursor }) });
    const rows = Array.isArray(result[key]) ? result[key] : [];
    pages.push(rows.map(({ id }: { id: string }) => id));
    cursor = result.next_cursor;
    if (pages.length > TOO_MANY) throw new Error('The list has no end');
  } while (cursor !== null);
  return pages;
}

/** All ids that `fetchPage` returns, without HTTP. */
async function allRows(
  paging: Parameters<typeof fetchPage>[0],
  limit: number,
  ask: (query: URLSearchParams) => Row[],
): Promise<{ ids: string[]; mostRequests: number }> {
  const found: string[] = [];
  let at: Position | null = null;
  let mostRequests = 0;
  for (let pages = 0; pages <= TOO_MANY; pages += 1) {
    let requests = 0;
    const { rows, next }: { rows: Row[]; next: Position | null } = await fetchPage(paging, limit, at, async (query) => {
      requests += 1;
      return ask(new URLSearchParams(query));
    });
    mostRequests = Math.max(mostRequests, requests);
    found.push(...rows.map(({ id }) => String(id)));
    if (next === null) return { ids: found, mostRequests };
    at = next;
  }
  throw new Error('The list has no end');
}

const byTime = { style: 'until', field: 'time', minLimit: 2, defaultLimit: 10, maxLimit: 10 } as const;

describe('a list by time', () => {
  // Few different times, so that many rows share one.
  const times = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 });

  test('returns every row once, with any shared timestamps and any page size', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 2, max: 10 }), async (all, limit) => {
        const rows = all.map((time, index) => ({ id: `row-${index}`, time }));
        const { ids: found, mostRequests } = await allRows(byTime, limit, (query) => untilPage(rows, 'time', query));
        expect(found.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
        expect(mostRequests).toBeLessThanOrEqual(2);
      }),
      { numRuns: 500 },
    );
  });

  test('returns the newest rows first', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 2, max: 10 }), async (all, limit) => {
        const rows = all.map((time, index) => ({ id: `${time}`, time, index }));
        const { ids: found } = await allRows({ ...byTime }, limit, (query) =>
          untilPage(
            rows.map((row) => ({ ...row, id: `${row.time}#${row.index}` })),
            'time',
            query,
          ),
        );
        const order = found.map((id) => Number(id.split('#')[0]));
        expect(order).toEqual(order.toSorted((a, b) => b - a));
      }),
    );
  });

  test('neither repeats nor skips a row when new rows arrive between two pages', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 2, max: 10 }), async (all, limit) => {
        const rows = all.map((time, index) => ({ id: `row-${index}`, time }));
        let asked = 0;
        const { ids: found } = await allRows(byTime, limit, (query) => {
          const page = untilPage(rows, 'time', query);
          asked += 1;
          rows.push({ id: `new-${asked}`, time: 100 });
          return page;
        });
        const before = found.filter((id) => id.startsWith('row-'));
        expect(before.toSorted()).toEqual(all.map((_, index) => `row-${index}`).toSorted());
      }),
    );
  });

  test('ends after rows without a timestamp', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => ({ id: `row-${index}`, time: null }));
    const { ids: found } = await allRows(byTime, 10, (query) => untilPage(rows, 'time', query));
    expect(found).toEqual(rows.slice(0, 10).map(({ id }) => id));
  });
});

test('a list by offset returns every row once, in order, with one request for a page', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 50 }), async (count, limit) => {
      fc.pre(count / limit < TOO_MANY);
      const rows = Array.from({ length: count }, (_, index) => ({ id: `row-${index}` }));
      const paging = { style: 'offset', defaultLimit: 50, maxLimit: 200 } as const;
      const { ids: found, mostRequests } = await allRows(paging, limit, (query) => offsetPage(rows, query));
      expect(found).toEqual(rows.map(({ id }) => id));
      expect(mostRequests).toBe(1);
    }),
  );
});

describe('through the tools', () => {
  const inProspect = { conversation_id: ids.prospect };
  const byTimeLists = [
    { tool: 'list_all_missive_conversations', key: 'conversations', field: 'last_activity_at', args: { all: true } },
    { tool: 'list_all_missive_conversation_messages', key: 'messages', field: 'delivered_at', args: inProspect },
    { tool: 'list_all_missive_conversation_comments', key: 'comments', field: 'created_at', args: inProspect },
  ] as const;
  const createRow = { conversations: conversation, messages: message, comments: comment };

  test.each(byTimeLists)('$tool returns every row once, with ties at the end of a page', async (list) => {
    const { tool, key, field, args } = list;
    await using tools = await startMissiveTools();
    // One second has more rows than a page, at the beginning and in the middle.
    const times = [9, 9, 9, 9, 8, 7, 7, 6, 5, 5, 5, 5, 5, 4, 3, 3, 3, 2, 1];
    const rows = times.map((time, index) =>
      createRow[key]({ id: ids.message(index + 100), _conversation: ids.prospect, [field]: NEWEST + time }),
    );
    tools.missive.data[key].splice(0, tools.missive.data[key].length, ...rows);
    if (key !== 'conversations') expect(tools.missive.data.conversations[0]?.id).toBe(ids.prospect);
    const pages = await allPages(tools, tool, key, { ...args, limit: 3 });
    expect(pages.flat()).toEqual(rows.map(({ id }) => id));
  });

  test('list_all_missive_contacts continues after the previous page', async () => {
    await using tools = await startMissiveTools();
    const { contacts } = tools.missive.data;
    const [first] = contacts;
    for (let index = 0; index < 9; index += 1) contacts.push({ ...first, id: ids.contact(index + 10) });
    const args = { contact_book: ids.enterpriseLeads, limit: 4 };
    const pages = await allPages(tools, 'list_all_missive_contacts', 'contacts', args);
    expect(pages.map((page) => page.length)).toEqual([4, 4, 3]);
    expect(new Set(pages.flat()).size).toBe(11);
    expect(tools.seen().map(({ query }) => query.offset)).toEqual([undefined, '4', '8']);
  });
});

describe('next_cursor', () => {
  async function cursorOf(tools: MissiveTools): Promise<string> {
    const { next_cursor: cursor } = await tools.call('list_all_missive_conversations', { all: true, limit: 2 });
    return String(cursor);
  }

  test.each([
    ['text', 'the next page please'],
    ['a number', '50'],
    ['JSON of another shape', Buffer.from('{"offset":50}').toString('base64url')],
  ])('refuses %s, without a request', async (_, cursor) => {
    await using tools = await startMissiveTools();
    const error = await tools.failure('list_all_missive_conversations', { all: true, next_cursor: cursor });
    expect(error).toMatchObject({
      name: 'ToolError',
      message: expect.stringMatching(/pass it exactly as it was returned/),
    });
    expect(tools.seen()).toEqual([]);
  });

  test.each([[''], [null]])('%j is the first page', async (cursor) => {
    await using tools = await startMissiveTools();
    const args = { all: true, limit: 2 };
    const first = await tools.call('list_all_missive_conversations', args);
    expect(await tools.call('list_all_missive_conversations', { ...args, next_cursor: cursor })).toEqual(first);
  });

  test('of another tool is refused', async () => {
    await using tools = await startMissiveTools();
    const next_cursor = await cursorOf(tools);
    const before = tools.seen().length;
    const error = await tools.failure('list_all_missive_organizations', { next_cursor });
    expect(error).toMatchObject({ name: 'ToolError', message: expect.stringMatching(/belongs to another call/) });
    expect(tools.seen()).toHaveLength(before);
  });

  test('of other filters is refused', async () => {
    await using tools = await startMissiveTools();
    const next_cursor = await cursorOf(tools);
    const before = tools.seen().length;
    const error = await tools.failure('list_all_missive_conversations', { inbox: true, next_cursor });
    expect(error).toMatchObject({
      name: 'ToolError',
      message: expect.stringMatching(/same tool and the same filters/),
    });
    expect(tools.seen()).toHaveLength(before);
  });

  test('is valid with another limit', async () => {
    await using tools = await startMissiveTools();
    const next_cursor = await cursorOf(tools);
    const { conversations } = await tools.call('list_all_missive_conversations', { all: true, limit: 50, next_cursor });
    expect(conversations).toMatchObject([{ id: ids.closed }, { id: ids.guest }, { id: ids.older }]);
  });

  test('is valid at another instance of the server', async () => {
    await using tools = await startMissiveTools();
    await using other = await startMissiveTools();
    const next_cursor = await cursorOf(tools);
    const { conversations } = await other.call('list_all_missive_conversations', { all: true, limit: 2, next_cursor });
    expect(conversations).toMatchObject([{ id: ids.closed }]);
  });
});

test('every list has limit and next_cursor, except the one that Missive limits to ten rows', () => {
  const lists = missiveOperations.filter(({ method }) => method === 'list');
  expect(lists.length).toBeGreaterThan(10);
  expect(lists.filter(({ paging }) => paging === undefined).map(({ name }) => name)).toEqual([
    'list_all_missive_messages',
  ]);
});
