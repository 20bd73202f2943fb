/** Checks that exactly the listed tools can be called, for every permit. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OAuthError, ToolError } from '../../../src/errors.ts';
import { createCatalog } from '../../../src/mcp/catalog.ts';
import type { MailSession } from '../../../src/mcp/mail/mail-session.ts';
import { powerOf, powersLeft, SCOPE_OF, withNeeds } from '../../../src/mcp/permit/permit.ts';
import { MAIL_TAGS } from '../../../src/mcp/tool.ts';
import { mailTools } from '../../../src/mcp/tools/mail.ts';
import {
  hasPower,
  METHODS,
  type Permit,
  POWERS,
  type Power,
  SCOPES,
  SHOWN_POWERS,
  UNLIMITED,
} from '../../../src/policy.ts';

const catalog = createCatalog(mailTools);
const tags: readonly string[] = MAIL_TAGS;
const names = mailTools.map(({ name }) => name);

const subset = <T>(values: readonly T[], minLength = 0) => fc.subarray([...values], { minLength });
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

const permits: fc.Arbitrary<Permit> = fc
  .record({
    scope: subset(SCOPES, 1),
    powers: maybe(subset(POWERS, 1)),
    methods: maybe(subset(METHODS, 1)),
    tags: maybe(subset(tags, 1)),
    tools: maybe(subset(names, 1)),
  })
  .map(({ scope, powers: left, ...policy }) => ({
    scope,
    consent: left ? { powers: left } : {},
    policy: present(policy),
  }));

function present(policy: object): Permit['policy'] {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

/** Arguments that need no right besides that of the tool itself. */
const PLAIN: Record<string, object> = {
  get_mail_message: { folder: 'INBOX', uid: 1 },
  get_mail_thread: { folder: 'INBOX', uid: 1 },
  search_mail_messages: { query: 'ALL' },
  send_mail_message: { to: 'ann@example.test', subject: 's' },
  create_draft_mail_message: { to: 'ann@example.test', subject: 's' },
  move_mail_message: { folder: 'INBOX', uid: 1, destination: 'Archive' },
  update_mail_message_flags: { folder: 'INBOX', uid: 1, add: ['Seen'] },
  delete_mail_message: { folder: 'INBOX', uid: 1, permanent: false },
  unsubscribe_mail: { folder: 'INBOX', uid: 1 },
};

const REACHED = new Error('the mailbox was reached');

/** A session without a usable member: a call that reaches one has been allowed. */
function unusableSession(): MailSession {
  const refuse = () => {
    throw REACHED;
  };
  return {
    account: { fullName: '', email: '', ...account() },
    senders: [],
    ownAddresses: [],
    trustedServers: { authservIds: [], imapHost: '' },
    timeZone: 'UTC',
    permit: UNLIMITED,
    readImap: refuse,
    changeImap: refuse,
    wholeMailbox: {
      readImap: refuse,
      changeImap: refuse,
      finishImap: refuse,
      finishReading: refuse,
      withinPolicy: refuse,
    },
    checkSendLimit: refuse,
    countedChange: refuse,
    submit: refuse,
    postUnsubscribe: refuse,
    countedUnsubscribe: refuse,
    keyedMessageId: refuse,
    recentResults: { once: refuse },
    runJob: refuse,
    readFile: refuse,
    attachments: { publish: refuse, fetchOwn: refuse },
    now: () => new Date(),
  };
}

function account() {
  const server = { host: 'mail.example.test', port: 993, security: 'tls' as const };
  const login = { kind: 'password' as const, username: 'u', password: 'p' };
  return { imap: { server, login }, smtp: { server, login } };
}

async function outcomeOf(name: string, permit: Permit): Promise<'allowed' | 'unknown' | 'withheld' | string[]> {
  const error: unknown = await catalog
    .call(name, PLAIN[name] ?? {}, permit, unusableSession())
    .catch((thrown) => thrown);
  if (error === REACHED) return 'allowed';
  if (error instanceof OAuthError && error.code === 'insufficient_scope') return (error.scope ?? '').split(' ');
  if (error instanceof ToolError && error.message === `There is no tool named "${name}".`) return 'unknown';
  if (error instanceof ToolError && /what [a-z_ ]+ does, and the owner/.test(error.message)) return 'withheld';
  throw error;
}

test('listed tools can be called, others cannot, and the refusal names the missing scope if the policy allows the tool', async () => {
  await fc.assert(
    fc.asyncProperty(permits, async (permit) => {
      const listed = catalog.list(permit).map(({ name }) => name);
      for (const tool of mailTools) {
        const outcome = await outcomeOf(tool.name, permit);
        expect(outcome === 'allowed', tool.name).toBe(listed.includes(tool.name));
        expect(outcome === 'unknown', tool.name).toBe(!catalog.has(tool.name, permit));
        const scopes = withNeeds(tool).map(({ effect }) => SCOPE_OF[effect]);
        const hasScope = scopes.every((scope) => permit.scope.includes(scope));
        if (outcome !== 'unknown' && outcome !== 'allowed') expect(outcome === 'withheld', tool.name).toBe(hasScope);
        const step = typeof outcome === 'string' ? undefined : outcome;
        if (step) expect(step).toEqual(SCOPES.filter((one) => scopes.includes(one) || permit.scope.includes(one)));
      }
    }),
    { numRuns: 300 },
  );
});

test('a tool is offered if method, tag and name allow it, and granted if scope and power do', async () => {
  await fc.assert(
    fc.asyncProperty(permits, async (permit) => {
      const { policy, scope, consent } = permit;
      for (const tool of mailTools) {
        const isOffered = withNeeds(tool).every(
          ({ name, method, tags: own }) =>
            (policy.methods ?? METHODS).includes(method) &&
            (policy.tools ?? names).includes(name) &&
            own.some((tag) => (policy.tags ?? tags).includes(tag)),
        );
        const isGranted = withNeeds(tool).every(
          (each) => scope.includes(SCOPE_OF[each.effect]) && hasPower(consent.powers, powerOf(each)),
        );
        expect(catalog.has(tool.name, permit)).toBe(isOffered);
        expect(catalog.list(permit).some(({ name }) => name === tool.name)).toBe(isOffered && isGranted);
      }
    }),
  );
});

test('equal permits get the same bytes in the same order, independently of earlier requests (MCP-08)', async () => {
  await fc.assert(
    fc.property(permits, (permit) => {
      const again = { ...permit, scope: [...permit.scope].reverse(), policy: { ...permit.policy } };
      expect(catalog.listJson(permit)).toBe(createCatalog(mailTools).listJson(again));
      expect(JSON.parse(catalog.listJson(permit))).toEqual(catalog.list(permit));
      const order = catalog.list(permit).map(({ name }) => names.indexOf(name));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }),
  );
});

test('every power belongs to a tool, and every tool has one', () => {
  expect(powersLeft(mailTools, {})).toEqual(SHOWN_POWERS);
  expect(Object.fromEntries(mailTools.map((tool) => [tool.name, powerOf(tool)]))).toEqual({
    list_mailboxes: 'read',
    list_mail_messages: 'read',
    search_mail_messages: 'read',
    get_mail_message: 'read',
    send_mail_message: 'send',
    create_draft_mail_message: 'draft',
    move_mail_message: 'organise',
    update_mail_message_flags: 'organise',
    delete_mail_message: 'trash',
    get_mail_thread: 'read',
    unsubscribe_mail: 'send',
  });
});

test('a tool that needs another one is offered, listed and called only with the rights of both', async () => {
  const session = unusableSession();
  const args = { folder: 'INBOX', uid: 1 };
  const call = (permit: Permit) => catalog.call('unsubscribe_mail', args, permit, session).catch((error) => error);
  const lists = (permit: Permit) => catalog.list(permit).some(({ name }) => name === 'unsubscribe_mail');
  expect(lists(UNLIMITED)).toBe(true);
  const sending: Permit = { ...UNLIMITED, scope: ['mail.send'] };
  expect(lists(sending)).toBe(false);
  expect(await call(sending)).toMatchObject({ code: 'insufficient_scope', scope: 'mail.read mail.send' });
  const unread: Permit = { ...UNLIMITED, consent: { powers: ['send'] } };
  expect(lists(unread)).toBe(false);
  expect(await call(unread)).toMatchObject({ message: expect.stringContaining('what get_mail_message does') });
  const onlySending: Permit = { ...UNLIMITED, policy: { methods: ['send'] } };
  expect(catalog.has('unsubscribe_mail', onlySending)).toBe(false);
});

test.each<[string, readonly Power[] | undefined, string[]]>([
  ['everything', undefined, ['to the trash', 'for good', 'flag']],
  [
    'to delete for good, as it was sealed before there was a power for the trash',
    ['organise', 'delete'],
    ['to the trash', 'for good', 'flag'],
  ],
  ['the trash alone', ['organise', 'trash'], ['to the trash']],
  ['neither, as it was sealed before', ['read', 'organise', 'draft', 'send'], []],
])('FORM-12 the owner has allowed %s', async (_what, powers, allowed) => {
  const permit: Permit = { ...UNLIMITED, consent: powers ? { powers: [...powers] } : {} };
  const named = { folder: 'INBOX', uid: 1 };
  const calls: Record<string, [string, object]> = {
    'to the trash': ['delete_mail_message', { ...named, permanent: false }],
    'for good': ['delete_mail_message', named],
    flag: ['update_mail_message_flags', { ...named, add: ['Deleted'] }],
  };
  for (const [what, [name, args]] of Object.entries(calls)) {
    const error = await catalog.call(name, args, permit, unusableSession()).catch((thrown) => thrown);
    expect([what, error === REACHED]).toEqual([what, allowed.includes(what)]);
    if (error === REACHED) continue;
    expect(error).toBeInstanceOf(ToolError);
    expect(error.message.includes('permanent: false')).toBe(powers?.includes('trash'));
  }
});
