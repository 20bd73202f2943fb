/** The size of answers: rows are short, no answer is long, and what does not fit comes with the next page. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';
import { comment, contact, label, message, NEWEST } from '../../support/missive/rows.ts';

const uuid = (number: number) => `c0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const tokensOf = (answer: unknown) => JSON.stringify(answer).length / 4;
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

type Tools = Awaited<ReturnType<typeof startMissiveTools>>;

/** The ids of all rows, page by page; no page may be longer than the bound. */
async function idsOfAll(tools: Tools, tool: string, key: string, args: Record<string, unknown>): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 60; page += 1) {
    const answer: Record<string, unknown> = await tools.call(tool, { ...args, ...(cursor && { next_cursor: cursor }) });
    expect(tokensOf(answer)).toBeLessThan(20_000);
    found.push(
      ...z
        .array(z.object({ id: z.string() }))
        .parse(answer[key])
        .map(({ id }) => id),
    );
    tools.missive.resetRateLimit();
    cursor = z.string().nullable().parse(answer.next_cursor);
    if (cursor === null) return found;
  }
  throw new Error('The list does not end');
}

test('40 labels take less than 900 tokens', async () => {
  await using tools = await startMissiveTools();
  const parent = { id: ids.supportLabel, name: 'Support' };
  tools.missive.data.shared_labels = range(40).map((n) => label(uuid(n), `Topic ${n}`, parent, '#c02020'));
  expect(tokensOf(await tools.call('list_all_missive_shared_labels'))).toBeLessThan(900);
});

test('200 contacts take less than 8,000 tokens, with their addresses, numbers and organization', async () => {
  await using tools = await startMissiveTools();
  tools.missive.data.contacts = range(200).map((n) =>
    contact(uuid(n), 'Max', `Moe-${n}`, `max.moe${n}@company.example`),
  );
  const answer = await tools.call('list_all_missive_contacts', { contact_book: ids.enterpriseLeads, limit: 200 });
  expect(tokensOf(answer)).toBeLessThan(8_000);
  expect(answer.contacts).toMatchObject({ length: 200 });
  expect(z.array(z.unknown()).parse(answer.contacts)[0]).toEqual({
    id: uuid(0),
    name: 'Max Moe-0',
    infos: ['max.moe0@company.example', '+1 555 010 0100'],
    groups: ['Example Company'],
  });
});

test('an organization is named where there are several', async () => {
  await using tools = await startMissiveTools();
  const [first, second] = tools.missive.data.shared_labels;
  if (second !== undefined) second.organization = ids.otherOrganization;
  expect(await tools.call('list_all_missive_shared_labels')).toMatchObject({
    shared_labels: expect.arrayContaining([
      expect.objectContaining({ id: first?.id, organization: ids.organization }),
      expect.objectContaining({ id: second?.id, organization: ids.otherOrganization }),
    ]),
  });
});

test('MSV-13 rows that do not fit are on the next page, each once', async () => {
  await using tools = await startMissiveTools();
  const infos = range(60).map((n) => ({
    kind: 'url',
    label: 'other',
    value: `https://company.example/${'x'.repeat(60)}${n}`,
  }));
  tools.missive.data.contacts = range(60).map((n) => ({
    ...contact(uuid(n), 'Max', `Moe-${n}`, 'm@company.example'),
    infos,
  }));
  const args = { contact_book: ids.enterpriseLeads, limit: 200 };
  expect((await idsOfAll(tools, 'list_all_missive_contacts', 'contacts', args)).sort()).toEqual(range(60).map(uuid));
});

test('MSV-13 rows with the same time that do not fit are on the next page, each once', async () => {
  await using tools = await startMissiveTools();
  tools.missive.data.comments = range(12).map((n) =>
    comment({
      id: uuid(n),
      _conversation: ids.outage,
      body: 'y'.repeat(30_000),
      created_at: NEWEST - Math.floor(n / 5),
    }),
  );
  const args = { conversation_id: ids.outage };
  const found = await idsOfAll(tools, 'list_all_missive_conversation_comments', 'comments', args);
  expect(found.sort()).toEqual(range(12).map(uuid));
});

test('MSV-13 a row that is too long alone is cut, and the answer says so', async () => {
  await using tools = await startMissiveTools();
  tools.missive.data.comments = [comment({ id: uuid(1), _conversation: ids.outage, body: 'z'.repeat(500_000) })];
  const answer = await tools.call('list_all_missive_conversation_comments', { conversation_id: ids.outage });
  expect(tokensOf(answer)).toBeLessThan(20_000);
  expect(answer).toMatchObject({ comments: { length: 1 }, left_out: expect.stringMatching(/characters/) });
});

test('MSV-13 a body is cut at the bound, whatever max_chars says, and body_offset goes on', async () => {
  await using tools = await startMissiveTools();
  const words = range(30_000).map((n) => `word${n}`);
  tools.missive.data.messages = [message({ id: ids.janesMessage, _conversation: ids.prospect, body: words.join(' ') })];
  let read = '';
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const args = { id: ids.janesMessage, max_chars: 200_000, body_offset: offset };
    const answer = await tools.call('get_single_missive_message_by_id', args);
    expect(tokensOf(answer)).toBeLessThan(20_000);
    const Body = z.object({ body: z.string(), body_cut: z.object({ next_offset: z.number() }).nullable() });
    const { body, body_cut: cut } = Body.parse(answer.message);
    read += body;
    offset = cut?.next_offset;
  }
  expect(read.split(/\s+/)).toEqual(words);
});
