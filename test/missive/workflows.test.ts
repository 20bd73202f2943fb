/** The two workflows, from signing in to the last write, with the least powers that suffice. */
import { describe, expect, test } from 'vitest';
import { ids } from '../support/missive/ids.ts';
import { type MissiveStandIn, startMissive } from '../support/missive.ts';
import { ESCALATE, escalate, STORE_PROSPECT, storeProspect } from '../support/missive-workflows.ts';
import { type Assistant, type Era, startApp } from '../support/start-app.ts';

const ERAS: [string, Era][] = [
  ['the 2026 era', 'auto'],
  ['the 2025 era', 'legacy'],
];

interface Signed extends AsyncDisposable {
  missive: MissiveStandIn;
  assistant: Assistant;
}

async function signedIn(era: Era, flags: Record<string, unknown>): Promise<Signed> {
  const app = await startApp();
  const missive = await startMissive();
  const { url, token } = missive;
  const assistant = await app.assistant({ url, token }, { era, flags });
  // What signing in asks is not part of the workflow.
  missive.requests.length = 0;
  return {
    missive,
    assistant,
    async [Symbol.asyncDispose]() {
      await assistant[Symbol.asyncDispose]();
      await Promise.all([app.stop(), missive[Symbol.asyncDispose]()]);
    },
  };
}

const store = ({ call }: Assistant) => storeProspect(call, ids.prospect, 'VIP Prospects');
const triage = ({ call }: Assistant) => escalate(call, ids.outage, 'database outage', 'Escalated / Engineering');

describe.each(ERAS)('a client of %s', (_, era) => {
  test('stores the prospect of a thread once, however often it is asked', async () => {
    await using signed = await signedIn(era, { tools: STORE_PROSPECT });
    const { missive, assistant } = signed;
    const { tools } = await assistant.client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(STORE_PROSPECT.toSorted());
    const id = await store(assistant);
    expect(await store(assistant)).toBe(id);
    expect(missive.data.contacts.filter(({ contact_book }) => contact_book === ids.vipProspects)).toMatchObject([
      {
        id,
        first_name: 'Jane',
        last_name: 'Doe',
        infos: [{ kind: 'email', label: 'work', value: 'jane.doe@customer.example' }],
      },
    ]);
    expect(missive.requests.filter(({ method }) => method !== 'GET')).toHaveLength(1);
  });

  test('escalates a thread by what the team says in its comments, and leaves the rest as it was', async () => {
    await using signed = await signedIn(era, { tools: ESCALATE });
    const { missive, assistant } = signed;
    expect(await triage(assistant)).toEqual(['Urgent', 'Engineering']);
    expect(missive.data.conversations.find(({ id }) => id === ids.outage)).toMatchObject({
      shared_labels: [{ id: ids.urgent }, { id: ids.engineering }],
    });
    expect(missive.requests.filter(({ method }) => method !== 'GET')).toMatchObject([
      { method: 'PATCH', path: `/conversations/${ids.outage}` },
    ]);
  });

  test('does not escalate a thread in which the team does not say it', async () => {
    await using signed = await signedIn(era, { tools: ESCALATE });
    const { missive, assistant } = signed;
    missive.data.comments.length = 0;
    expect(await triage(assistant)).toBeUndefined();
    expect(missive.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('that may only read stores and escalates nothing', async () => {
    await using signed = await signedIn(era, { methods: ['read'] });
    const { missive, assistant } = signed;
    await expect(store(assistant)).rejects.toThrow();
    await expect(triage(assistant)).rejects.toThrow();
    expect(missive.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(missive.data.contacts.some(({ contact_book }) => contact_book === ids.vipProspects)).toBe(false);
  });
});

describe.each([
  ['storing a prospect', STORE_PROSPECT, store],
  ['escalating a thread', ESCALATE, triage],
] as const)('%s', (_, needed, workflow) => {
  test.each(needed.map((tool) => [tool]))('fails without %s, and nothing is changed', async (missing) => {
    await using signed = await signedIn('auto', { tools: needed.filter((tool) => tool !== missing) });
    const { missive, assistant } = signed;
    await expect(workflow(assistant)).rejects.toThrow();
    expect(missive.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});

test('a 429 reaches the client as a tool error with its numbers, and Missive is asked once', async () => {
  await using signed = await signedIn('auto', {});
  const { missive, assistant } = signed;
  missive.misbehave({ kind: 'rate limited', retryAfter: 30, limit: 300, remaining: 0 }, { times: 99 });
  const answer = await assistant.client.callTool({ name: 'list_all_missive_contact_books', arguments: {} });
  expect(answer.isError).toBe(true);
  expect(JSON.stringify(answer)).toMatch(/Wait 30 seconds/);
  expect(missive.requests).toHaveLength(1);
});
