import { describe, expect, test } from 'vitest';
import { POWERS, type Policy } from '../../../src/policy.ts';
import {
  codeVerifier,
  exampleServers,
  type MintedClient,
  type OAuthApp,
  startOAuthApp,
} from '../../support/app/oauth-app.ts';
import { ada, openSignIn, pageOf, submit, textIn } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant } from '../../support/app/token-requests.ts';

const words = {
  read: 'Read and search all your mail, attachments included',
  organise: 'Move messages, and mark them',
  draft: 'Write drafts',
  send: 'Send mail in your name',
  trash: 'Move messages to the trash, which can be undone',
  delete: 'Delete messages for good',
};
type Word = keyof typeof words;
const all: readonly Word[] = ['read', 'organise', 'draft', 'send', 'trash', 'delete'];

/** All but what cannot be undone. */
const usual = all.filter((power) => power !== 'delete');

const offeredOn = (html: string): string[] =>
  all.filter((power) => html.includes(`name="allow_${power}"`) && html.includes(`>${words[power]}</label>`));
const tickedOn = (html: string): string[] =>
  all.filter((power) => new RegExp(`<input[^>]*name="allow_${power}"[^>]*checked`).test(html));
const newOn = (html: string): string[] => all.filter((power) => html.includes(`id="allow_${power}-new"`));
const problemsOn = (html: string) => html.match(/href="#(\w+)"/g) ?? [];
const problemAt = (html: string, place: string) => new RegExp(`id="${place}-problem">([^<]*)`).exec(html)?.[1];

/** What a browser submits for a page on which these powers are ticked. */
const choices = (powers: readonly string[] = all, more: Record<string, string> = {}) => ({
  ...ada,
  ...Object.fromEntries(powers.map((power) => [`allow_${power}`, '1'])),
  recipients: '',
  end: 'revoked',
  ...more,
});

/** The content of the code that a submit returns. */
async function granted(
  app: OAuthApp,
  client: MintedClient,
  fields: Record<string, string>,
  overrides: Record<string, string> = {},
) {
  const response = await submit(app, await openSignIn(app, client, overrides), fields);
  const code = new URL(response.headers.get('location') ?? 'about:blank').searchParams.get('code') ?? '';
  return { code, ...(await app.tokens.code.unseal(code, app.now())) };
}

async function again(app: OAuthApp, client: MintedClient, fields: Record<string, string>) {
  return pageOf(await submit(app, await openSignIn(app, client), fields));
}

describe('the powers that the page offers (FORM-01)', () => {
  test('AUTHZ-07 a form with a repeated field grants nothing', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    for (const twice of ['end=month', 'allow_read=1', 'recipients=%40example.com', 'email=eve%40example.com']) {
      const fields = new URLSearchParams({ transaction: page.transaction, ...choices(['read'], { end: 'day' }) });
      const headers = { cookie: page.cookie, origin: app.issuer };
      const response = await app.post('/oauth/authorize', `${fields}&${twice}`, headers);
      expect([twice, response.status, response.headers.get('location')]).toEqual([twice, 400, null]);
    }
  });

  test.each([
    [undefined, all, usual],
    ['mail.delete mail.send mail.write mail.read', all, usual],
    ['mail.read', ['read'], ['read']],
    ['mail.write', ['organise', 'draft'], []],
    ['mail.read mail.send', ['read', 'send'], ['read']],
  ])('FORM-01 scope %s offers the powers %j in plain words, with %j ticked', async (scope, expected, ticked) => {
    await using app = await startOAuthApp();
    const { html } = await openSignIn(app, await app.mint(), { scope });
    expect(offeredOn(html)).toEqual(expected);
    expect(tickedOn(html)).toEqual(ticked);
    const isAll = expected.length === all.length;
    expect(newOn(html)).toEqual(isAll ? [] : expected.filter((power) => !ticked.some((one) => one === power)));
    expect(html.includes('id="recipients"')).toBe(expected.includes('send'));
  });

  test.each<[string, Policy, Word[]]>([
    ['reading', { methods: ['list', 'get', 'search'] }, ['read']],
    ['sending and reading', { methods: ['get', 'send'] }, ['read', 'send']],
    ['two tools', { tools: ['list_mail_messages', 'create_draft_mail_message'] }, ['read', 'draft']],
    ['drafts', { tags: ['drafts'] }, ['draft']],
    ['what two limits have in common', { tags: ['messages'], methods: ['update'] }, ['organise']],
  ])(
    'FORM-01 AUTHZ-23 if the operator allows only %s, nothing else is offered or granted',
    async (_name, policy, left) => {
      await using app = await startOAuthApp();
      const client = await app.mint({ policy });
      const { html } = await openSignIn(app, client);
      expect(offeredOn(html)).toEqual(left);
      const { scope, consent } = await granted(app, client, choices(all));
      const scopes = {
        read: 'mail.read',
        organise: 'mail.write',
        draft: 'mail.write',
        send: 'mail.send',
        trash: 'mail.delete',
        delete: 'mail.delete',
      };
      expect(scope).toEqual(left.map((power) => scopes[power]));
      expect(consent).toBeUndefined();
    },
  );

  test('AUTHZ-23 a client that requests only what the operator does not allow gets invalid_scope', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ policy: { methods: ['get'] } });
    const { headers } = (await openSignIn(app, client, { scope: 'mail.send' })).response;
    const answer = new URL(headers.get('location') ?? 'about:blank').searchParams;
    expect(Object.fromEntries(answer)).toMatchObject({ error: 'invalid_scope', state: 'a state', iss: app.issuer });
  });
});

describe('the powers that the account owner grants', () => {
  test('FORM-12 in layout 1 the trash is left out beside other powers, which the first release can read', async () => {
    await using app = await startOAuthApp({ layout: 1 });
    const { consent } = await granted(app, await app.mint(), choices(['read', 'trash']));
    expect(consent).toEqual({ powers: ['read'] });
  });

  test.each<[Word[], string]>([
    [['send'], 'mail.read mail.write mail.delete'],
    [['organise'], 'mail.read mail.write mail.send mail.delete'],
    [['draft'], 'mail.read mail.write mail.send mail.delete'],
    [['organise', 'draft'], 'mail.read mail.send mail.delete'],
    [['delete'], 'mail.read mail.write mail.send mail.delete'],
    [['trash', 'delete'], 'mail.read mail.write mail.send'],
    [['read', 'organise', 'draft', 'trash', 'delete'], 'mail.send'],
  ])('without %j, the token has the scope %s, and the powers are sealed', async (without, scope) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const left = all.filter((power) => !without.includes(power));
    const { code } = await granted(app, client, choices(left));
    const answer = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    expect(answer.scope).toBe(scope);
    const access = await app.tokens.access.unseal(answer.access_token ?? '', app.now());
    const powers = POWERS.filter((power) => left.includes(power));
    expect([access.scope.join(' '), access.consent]).toEqual([scope, { powers }]);
    const refresh = await app.tokens.refresh.unseal(answer.refresh_token ?? '', app.now());
    expect([refresh.scope.join(' '), refresh.consent]).toEqual([scope, { powers }]);
  });

  test('FORM-12 to delete for good includes the trash', async () => {
    await using app = await startOAuthApp();
    const fields = choices(['read', 'organise', 'draft', 'send', 'delete']);
    expect((await granted(app, await app.mint(), fields)).consent).toBeUndefined();
  });

  test('a form without the list of ends, as programs submit it, grants what was requested', async () => {
    await using app = await startOAuthApp();
    const { scope, consent } = await granted(app, await app.mint(), ada, { scope: 'mail.read mail.send' });
    expect(scope).toEqual(['mail.read', 'mail.send']);
    expect(consent).toBeUndefined();
  });

  test('a tick for a power that is not offered is ignored', async () => {
    await using app = await startOAuthApp();
    const { scope, consent } = await granted(app, await app.mint(), choices(all), { scope: 'mail.read' });
    expect(scope).toEqual(['mail.read']);
    expect(consent).toBeUndefined();
  });

  test('FORM-10 with nothing ticked the group has a problem, and no mail server is asked', async () => {
    await using app = await startOAuthApp();
    const { html } = await again(app, await app.mint(), choices([]));
    expect(problemsOn(html)).toEqual(['href="#powers"']);
    expect(problemAt(html, 'powers')).toContain('at least one');
    expect(html).toMatch(/<fieldset[^>]*id="powers"[^>]*aria-describedby="powers-problem"[^>]*autofocus/);
    expect(tickedOn(html)).toEqual([]);
    expect(app.tried).toEqual([]);
  });

  test('the choices are kept after a wrong password', async () => {
    await using app = await startOAuthApp({ loginProblems: [{ service: 'imap', fault: 'credentials' }] });
    const chosen = choices(['read', 'send'], { recipients: 'a@x.example\r\n@y.example', end: 'week' });
    const { html } = await again(app, await app.mint(), chosen);
    expect(tickedOn(html)).toEqual(['read', 'send']);
    expect(html).toMatch(/<textarea[^>]*>\s*a@x\.example\r?\n@y\.example<\/textarea>/);
    expect(html).toMatch(/<option value="week" selected[\s>]/);
    expect(html).toMatch(/<details[^>]*\sopen\b/);
  });

  test('the limits are closed until one is set', async () => {
    await using app = await startOAuthApp();
    expect((await openSignIn(app, await app.mint())).html).toMatch(/<details class="limits consent"\s*>/);
  });
});

describe('the recipients that the account owner allows', () => {
  test('addresses and domains are sealed in lower case, each once, with their domains in ASCII', async () => {
    await using app = await startOAuthApp();
    const typed = ' Boss@Example.COM,@Bücher.example\r\n@corp.example; boss@example.com \u212aÄ@x.example';
    const { consent } = await granted(app, await app.mint(), choices(all, { recipients: typed }));
    expect(consent).toEqual({
      recipients: ['boss@example.com', '@xn--bcher-kva.example', '@corp.example', '\u212aÄ@x.example'],
    });
  });

  test.each([
    ['a name', 'Ada'],
    ['a domain without @', 'example.com'],
    ['half an address', 'ada@'],
    ['two at signs', 'a@b@example.com'],
    ['an address in angle brackets', '<a@example.com>'],
    ['a pattern', '*@*.example.com'],
    ['a path', '@example.com/x'],
    ['an escape', '@exa%6dple.com'],
    ['a lone host', '@localhost'],
    ['markup', '"><script>alert(1)</script>'],
  ])('%s is a problem of the field, which keeps what was typed', async (_name, typed) => {
    await using app = await startOAuthApp();
    const { html } = await again(app, await app.mint(), choices(all, { recipients: `ok@example.com, ${typed}` }));
    expect(problemsOn(html)).toEqual(['href="#recipients"']);
    expect(problemAt(html, 'recipients')).toContain('neither an address nor a domain');
    expect(html).toMatch(/<details[^>]*\sopen\b/);
    expect(html).toMatch(/<textarea[^>]*aria-describedby="recipients-problem[^>]*aria-invalid="true"[^>]*autofocus/);
    expect(html).toContain('ok@example.com, ');
    // That of the page.
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toContain('<a@');
    expect(app.tried).toEqual([]);
  });

  test('BEAR-08 CODE-05 more addresses than fit are a problem', async () => {
    await using app = await startOAuthApp();
    const many = Array.from({ length: 30 }, (_, index) => `person${index}@example.com`).join(',');
    const { html } = await again(app, await app.mint(), choices(all, { recipients: many }));
    expect(problemAt(html, 'recipients')).toContain('whole domains');
  });

  test('the page shows the recipients that the operator allows', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ policy: { recipients: ['@corp.example', 'boss@home.example'] } });
    expect((await openSignIn(app, client)).html).toContain('@corp.example, boss@home.example');
  });
});

describe('the end that the account owner chooses', () => {
  test.each([
    ['day', 86_400, '22 Nov, 12:00 UTC'],
    ['week', 7 * 86_400, '28 Nov, 12:00 UTC'],
    ['month', 30 * 86_400, '21 Dec, 12:00 UTC'],
  ])(
    'a grant for a %s ends at the time that the page has shown, whenever it is submitted',
    async (end, seconds, shown) => {
      await using app = await startOAuthApp();
      const client = await app.mint();
      const shownAt = Math.floor(app.now().getTime() / 1000);
      const page = await openSignIn(app, client);
      expect(page.html).toMatch(new RegExp(`<option value="${end}"[^>]*>[^<]*until ${shown}</option>`));
      app.advance(500);
      const response = await submit(app, page, choices(all, { end }));
      const code = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
      expect((await app.tokens.code.unseal(code, app.now())).consent).toEqual({ until: shownAt + seconds });
      const answer = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
      const refresh = await app.tokens.refresh.unseal(answer.refresh_token ?? '', app.now());
      expect(refresh.exp).toBeLessThanOrEqual(shownAt + seconds);
    },
  );

  test('“until revoked” is preselected, and the page shows the end of every grant', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { html } = await openSignIn(app, client);
    expect(html).toMatch(/<option value="revoked" selected[\s>]/);
    expect(textIn(html)).toContain('ends by itself on 19 Feb 2027, 12:00 UTC');
    expect((await granted(app, client, choices(all))).consent).toBeUndefined();
  });

  test('an unknown end is read as the earliest', async () => {
    await using app = await startOAuthApp();
    const { consent } = await granted(app, await app.mint(), choices(all, { end: 'never' }));
    expect(consent).toEqual({ until: app.now().getTime() / 1000 + 86_400 });
  });

  test('no end after that of the connection is offered', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ expiresAt: new Date('2026-11-25T09:30:00Z') });
    const { html } = await openSignIn(app, client);
    expect(html.match(/<option value="\w+"/g)).toEqual(['<option value="day"', '<option value="revoked"']);
    expect(textIn(html)).toContain('ends by itself on 25 Nov 2026, 09:30 UTC');
  });
});

describe.each([1, 2] as const)('sizes in layout %i', (layout) => {
  const server = { host: `${'h'.repeat(196)}.com`, port: 65535, security: 'starttls' as const };
  const colleagues = (count: number) =>
    Array.from({ length: count }, (_, index) => `colleague${index}@department.example`).join(' ');

  test('CODE-05 a code of long values with limits has less than 1,500 characters, or the page says what is too long', async () => {
    await using app = await startOAuthApp({ layout });
    const host = { host: `${'h'.repeat(59)}.com`, port: 65535, security: 'starttls' as const };
    const client = await app.mint({ servers: { imap: host, smtp: host } });
    const long = {
      full_name: 'n'.repeat(40),
      email: `${'l'.repeat(64)}@${'d'.repeat(189)}`,
      imap_password: 'p'.repeat(128),
      end: 'month',
    };
    const outcomes = new Set<number>();
    for (let count = 1; count < 12; count++) {
      const fields = choices(['read', 'organise', 'send', 'delete'], { ...long, recipients: colleagues(count) });
      const response = await submit(app, await openSignIn(app, client), fields);
      outcomes.add(response.status);
      if (response.status === 200) {
        expect(problemsOn(await response.text())).toEqual(['href="#recipients"']);
        continue;
      }
      const code = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
      expect(code.length).toBeGreaterThan(layout === 1 ? 1200 : 850);
      expect(code.length).toBeLessThanOrEqual(1500);
    }
    expect([...outcomes].sort()).toEqual([200, 303]);
  });

  test('BEAR-08 a token with consent and policy has less than 4 KiB, or the page says what is too long', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.mcp.example.com', layout });
    const policy = { folders: ['f'.repeat(200)], recipients: [`@${'r'.repeat(60)}.example`] };
    const client = await app.mint({ kind: 'public', servers: { imap: server, smtp: server }, policy });
    const outcomes = new Set<number>();
    for (let length = 120; length <= 1024; length += 53) {
      const { use_same_credentials: _same, ...fields } = choices(['read', 'send'], {
        full_name: 'n'.repeat(256),
        email: `${'l'.repeat(64)}@${'d'.repeat(255)}`,
        imap_username: 'u'.repeat(layout === 1 ? 20 : 320),
        imap_password: 'p'.repeat(layout === 1 ? 10 : 500),
        smtp_password: '"'.repeat(length),
        recipients: colleagues(4),
        end: 'week',
      });
      const response = await submit(app, await openSignIn(app, client), fields);
      outcomes.add(response.status);
      if (response.status === 200) {
        expect(problemsOn(await response.text())).toEqual(['href="#smtp_password"']);
        continue;
      }
      const code = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
      const form = { grant_type: 'authorization_code', client_id: client.clientId, code, code_verifier: codeVerifier };
      const { access_token = '' } = await answerOf(await app.post('/oauth/token', form));
      expect(access_token.length).toBeGreaterThan(2000);
      expect(access_token.length).toBeLessThan(4096);
    }
    expect([...outcomes].sort()).toEqual([200, 303]);
  });

  test.each([
    ['that the owner limits in time', { end: 'week' }, {}],
    ['of a client that ends', {}, { expiresAt: new Date('2026-12-24T12:00:00Z') }],
    ['without an end', {}, {}],
  ])('BEAR-08 the longest token %s has almost 4 KiB, and not more', async (_what, fields, settings) => {
    await using app = await startOAuthApp({ issuer: 'https://mail.mcp.example.com', layout });
    const policy = { folders: ['f'.repeat(600)] };
    const client = await app.mint({ kind: 'public', policy, ...settings });
    const attempt = async (length: number) => {
      const logins = {
        imap_username: 'u'.repeat(320),
        imap_password: '"'.repeat(length),
        smtp_password: 'p'.repeat(layout === 1 ? 100 : 1024),
      };
      const long = { full_name: 'n'.repeat(256), email: `${'l'.repeat(64)}@${'d'.repeat(120)}`, ...logins };
      const { use_same_credentials: _same, ...form } = choices(all, { ...long, ...fields });
      const response = await submit(app, await openSignIn(app, client), form);
      return new URL(response.headers.get('location') ?? 'about:blank').searchParams.get('code');
    };
    let [fits, tooLong] = [1, 1024];
    while (tooLong - fits > 1) {
      const middle = Math.floor((fits + tooLong) / 2);
      if ((await attempt(middle)) === null) tooLong = middle;
      else fits = middle;
    }
    const grant = codeGrant(client, (await attempt(fits)) ?? expect.unreachable());
    const { access_token = '' } = await answerOf(await app.post('/oauth/token', grant));
    // There is room for a longer time since the sign-in, and for ids that do not follow from others.
    expect(access_token.length).toBeGreaterThan(4000);
    expect(access_token.length).toBeLessThan(4096);
  });

  test('FORM-01 a hostile list of recipients from the operator is escaped', async () => {
    await using app = await startOAuthApp();
    const payload = {
      v: 1 as const,
      name: '\u202e<i>x</i>',
      redirect_uris: ['https://client.example/callback'],
      servers: exampleServers,
      policy: { recipients: ['"><b>\u202ebold</b>@example.com'] },
    };
    const clientId = await app.tokens.client.seal(payload, app.now());
    const { html } = await openSignIn(app, { clientId, clientSecret: null });
    expect(html).not.toMatch(/<b>|<i>|\u202e/);
    expect(html).toContain('&quot;&gt;&lt;b&gt;bold&lt;/b&gt;@example.com');
  });
});
