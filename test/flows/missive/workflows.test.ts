/** Runs the two workflows of the product from the sign-in to the last write, with the minimal limits, and without each of them. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Call, escalateIfMentioned, storeProspect } from '../../../demo/missive-workflows.ts';
import type { Consent, Policy } from '../../../src/policy.ts';
import { eras, rawCaller } from '../../support/app/raw-calls.ts';
import { type Era, startApp, type TestApp } from '../../support/app/start-app.ts';
import { ids } from '../../support/missive/ids.ts';
import { type MissiveStandIn, startMissive } from '../../support/missive/stand-in.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
afterEach(() => void vi.useRealTimers());

const accountAt = ({ url, token }: MissiveStandIn) => ({ url, token });
const writesTo = ({ requests }: MissiveStandIn) =>
  requests.filter(({ method }) => method !== 'GET').map(({ method, path, body }) => ({ method, path, body }));

const janes = {
  contact_book: ids.vipProspects,
  first_name: 'Jane',
  last_name: 'Doe',
  infos: [{ kind: 'email', label: 'work', value: 'jane.doe@customer.example' }],
};

const STORE_TOOLS = [
  'list_all_missive_users',
  'list_all_missive_contact_books',
  'list_all_missive_contacts',
  'create_a_missive_contact',
  'list_all_missive_conversation_messages',
];
const TRIAGE_TOOLS = [
  'list_all_missive_shared_labels',
  'get_single_missive_conversation_by_id',
  'list_all_missive_conversation_comments',
  'update_a_missive_conversation_by_id',
];

interface Workflow {
  run(call: Call): Promise<unknown>;
  /** Flags of `generate`: each entry alone allows no more than the workflow needs. */
  least: Record<string, string[]>;
  /** The only write that Missive has received at the end. */
  written: object;
  tools: string[];
}

const store: Workflow = {
  run: (call) => storeProspect(call, { conversation_id: ids.prospect, book: 'VIP Prospects' }),
  least: { methods: ['list', 'create'], tags: ['contacts', 'conversations', 'directory'], tools: STORE_TOOLS },
  written: { method: 'POST', path: '/contacts', body: { contacts: [janes] } },
  tools: STORE_TOOLS,
};

const escalate: Workflow = {
  run: (call) =>
    escalateIfMentioned(call, {
      conversation_id: ids.outage,
      mention: 'database outage',
      label: 'Escalated / Engineering',
    }),
  least: { methods: ['list', 'get', 'update'], tags: ['conversations', 'labels'], tools: TRIAGE_TOOLS },
  written: {
    method: 'PATCH',
    path: `/conversations/${ids.outage}`,
    body: { conversations: [{ id: ids.outage, organization: ids.organization, add_shared_labels: [ids.engineering] }] },
  },
  tools: TRIAGE_TOOLS,
};

const workflows: [name: string, workflow: Workflow][] = [
  ['a prospect is stored', store],
  ['a thread is escalated by its internal comments', escalate],
];

describe.each(workflows)('%s', (_name, { run, least, written, tools }) => {
  test.each<Era>(['auto', 'legacy'])(
    'runs from the sign-in to the last write, with the minimal methods, tags and tools together (%s)',
    async (era) => {
      await using missive = await startMissive();
      await using assistant = await app.assistant(accountAt(missive), { era, flags: least });
      const listed = await assistant.client.listTools();
      expect(listed.tools.map(({ name }) => name).sort()).toEqual([...tools].sort());
      await run(assistant.call);
      expect(writesTo(missive)).toEqual([written]);
    },
  );

  test.each(Object.entries(least))('runs with the minimal %s alone', async (limit, entries) => {
    await using missive = await startMissive();
    await using assistant = await app.assistant(accountAt(missive), { flags: { [limit]: entries } });
    await run(assistant.call);
    expect(writesTo(missive)).toEqual([written]);
  });

  const missing = Object.entries(least).flatMap(([limit, entries]) =>
    entries.map((entry) => [limit, entry, { ...least, [limit]: entries.filter((one) => one !== entry) }] as const),
  );
  test.each(missing)('fails without %s %s, and writes nothing', async (_limit, _entry, flags) => {
    await using missive = await startMissive();
    await using assistant = await app.assistant(accountAt(missive), { flags });
    await expect(run(assistant.call)).rejects.toThrow('There is no such tool');
    expect(writesTo(missive)).toEqual([]);
  });

  test('fails with methods=read, after all its reads', async () => {
    await using missive = await startMissive();
    await using assistant = await app.assistant(accountAt(missive), { flags: { methods: ['read'] } });
    await expect(run(assistant.call)).rejects.toThrow('There is no such tool');
    expect(missive.requests.length).toBeGreaterThan(2);
    expect(writesTo(missive)).toEqual([]);
  });

  /** The call function of `storeProspect` and `escalateIfMentioned`; throws the status of a refusal. */
  async function callWith(
    missive: MissiveStandIn,
    permit: Parameters<typeof rawCaller>[2],
    era: (typeof eras)[number],
  ) {
    const caller = await rawCaller(app, accountAt(missive), permit, era);
    const call: Call = async (tool, args) => {
      const { status, result, sentence, scope } = await caller.call(tool, args);
      if (result === undefined || status !== 200) throw new Error(`${status} ${scope?.join(' ')} ${sentence}`);
      return result;
    };
    return call;
  }

  const shortOf: [what: string, permit: { scope?: string[]; consent?: Consent; policy?: Policy }, error: RegExp][] = [
    ['the scope to write', { scope: ['mail.read'] }, /^403 mail.read mail.write/],
    ['the scope to read', { scope: ['mail.write', 'mail.send', 'mail.delete'] }, /^403 .*mail.read/],
    ['the consent to change things', { consent: { powers: ['read', 'draft', 'send', 'delete'] } }, /^200 .*the owner/],
    ['the consent to read', { consent: { powers: ['organise', 'draft', 'send', 'delete'] } }, /^200 .*the owner/],
  ];
  describe.each(eras)('in the era of %s', (era) => {
    test('runs with the scopes to read and write, and the consent to read and change', async () => {
      await using missive = await startMissive();
      const permit = {
        scope: ['mail.read', 'mail.write'],
        consent: { powers: ['read' as const, 'organise' as const] },
      };
      await run(await callWith(missive, permit, era));
      expect(writesTo(missive)).toEqual([written]);
    });

    test.each(shortOf)('is refused without %s, and writes nothing', async (_what, permit, error) => {
      await using missive = await startMissive();
      await expect(run(await callWith(missive, permit, era))).rejects.toThrow(error);
      expect(writesTo(missive)).toEqual([]);
    });
  });
});

describe('a condition that is not met', () => {
  test('leaves a thread unchanged whose comments do not mention the words', async () => {
    await using missive = await startMissive();
    await using assistant = await app.assistant(accountAt(missive));
    const what = { conversation_id: ids.outage, mention: 'a meteorite', label: 'Escalated / Engineering' };
    expect(await escalateIfMentioned(assistant.call, what)).toBe(false);
    expect(writesTo(missive)).toEqual([]);
  });

  test('does not store a prospect again who is in the book', async () => {
    await using missive = await startMissive();
    await using assistant = await app.assistant(accountAt(missive));
    const what = { conversation_id: ids.prospect, book: 'VIP Prospects' };
    const id = await storeProspect(assistant.call, what);
    expect(await storeProspect(assistant.call, what)).toBe(id);
    expect(writesTo(missive)).toHaveLength(1);
  });
});

describe('limits of the operator', () => {
  test('the client and its tokens expire together', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await using missive = await startMissive();
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    await using assistant = await app.assistant(accountAt(missive), { flags: { expiresAt } });
    await assistant.call('list_all_missive_contact_books');
    vi.setSystemTime(Date.parse(expiresAt));
    const asked = missive.requests.length;
    const token = assistant.provider.tokens()?.access_token;
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${app.origin}/mcp`, { method: 'POST', headers })).status).toBe(401);
    expect(missive.requests).toHaveLength(asked);
  });

  test('methods, tags and tools allow only what all of them allow, in the list and at the call', async () => {
    await using missive = await startMissive();
    const flags = {
      methods: ['read'],
      tags: ['contacts', 'labels'],
      tools: ['list_all_missive_shared_labels', 'create_a_missive_contact', 'list_all_missive_conversations'],
    };
    await using assistant = await app.assistant(accountAt(missive), { flags });
    const { tools } = await assistant.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['list_all_missive_shared_labels']);
    for (const refused of ['create_a_missive_contact', 'list_all_missive_conversations', 'list_all_missive_contacts']) {
      await expect(assistant.call(refused, {})).rejects.toThrow('There is no such tool');
    }
    await assistant.call('list_all_missive_shared_labels', { organization: ids.organization });
  });

  const message = (...addresses: string[]) => ({
    conversation: ids.prospect,
    body: '<div>Hello</div>',
    from_field: { address: 'support@example.org', name: 'Support' },
    to_fields: addresses.map((address) => ({ address })),
  });

  test('recipients and messages an hour limit messages that are sent now and later', async () => {
    await using missive = await startMissive();
    const flags = { recipients: ['@customer.example'], maxSendsPerHour: '2' };
    await using assistant = await app.assistant(accountAt(missive), { flags });
    const send = 'send_a_missive_message';
    const stranger = message('jane.doe@customer.example', 'eve@elsewhere.example');
    expect(await assistant.failure(send, stranger)).toContain('some recipients are not allowed');
    const bcc = { ...message('jane.doe@customer.example'), bcc_fields: [{ address: 'eve@elsewhere.example' }] };
    expect(await assistant.failure(send, bcc)).toContain('some recipients are not allowed');
    expect(writesTo(missive)).toEqual([]);
    const later = Math.floor(Date.now() / 1000) + 3600;
    await assistant.call(send, message('jane.doe@customer.example'));
    await assistant.call(send, { ...message('jane.doe@customer.example'), send_at: later });
    expect(await assistant.failure(send, message('jane.doe@customer.example'))).toContain('2 messages an hour');
    expect(writesTo(missive)).toHaveLength(2);
  });

  test('the recipients that the account owner names at the sign-in are enforced as well', async () => {
    await using missive = await startMissive();
    const consent = { recipients: ['@customer.example'] };
    const caller = await rawCaller(app, accountAt(missive), { consent });
    const refused = await caller.call('send_a_missive_message', message('eve@elsewhere.example'));
    expect(refused.sentence).toContain('some recipients are not allowed');
    const phone = { ...message('jane.doe@customer.example'), to_fields: [{ phone_number: '+15550100199' }] };
    expect((await caller.call('send_a_missive_message', phone)).sentence).toContain('some recipients are not allowed');
    expect(writesTo(missive)).toEqual([]);
  });
});
