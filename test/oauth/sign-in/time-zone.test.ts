/** Tests the time zone of the account owner, from the sign-in page to the session of a call. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isTimeZone } from '../../../src/text/time-zone.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { exampleConnection, type OAuthApp, openToClients, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, callbackOf, openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, refreshGrant } from '../../support/app/token-requests.ts';

type Minted = Awaited<ReturnType<OAuthApp['mint']>>;

/** The time zones in the code, and in both tokens. */
async function zonesOf(app: OAuthApp, client: Minted, fields: Record<string, string>, redirect_uri?: string) {
  const overrides = redirect_uri === undefined ? {} : { redirect_uri };
  const code = (await callbackOf(app, client, overrides, { ...ada, ...fields })).get('code') ?? '';
  const sealed = await app.tokens.code.unseal(code, app.now());
  const { access_token = '', refresh_token = '' } = await answerOf(
    await app.post('/oauth/token', codeGrant(client, code)),
  );
  const access = await app.tokens.access.unseal(access_token, app.now());
  const refresh = await app.tokens.refresh.unseal(refresh_token, app.now());
  return { zones: [sealed.time_zone, access.time_zone, refresh.time_zone], access_token, refresh_token };
}

describe('the time zone that the sign-in page offers', () => {
  test.each(['Europe/Berlin', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Asia/Calcutta', 'UTC', 'Etc/GMT+3'])(
    'is sealed into the code and into both tokens: %s',
    async (time_zone) => {
      await using app = await startOAuthApp();
      const { zones } = await zonesOf(app, await app.mint(), { time_zone });
      expect(zones).toEqual([time_zone, time_zone, time_zone]);
    },
  );

  test('is in the tokens of every refresh', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    let { refresh_token } = await zonesOf(app, client, { time_zone: 'Asia/Tokyo' });
    for (let time = 0; time < 2; time++) {
      app.advance(60);
      const answer = await answerOf(await app.post('/oauth/token', refreshGrant(client, refresh_token)));
      expect(await app.tokens.access.unseal(answer.access_token ?? '', app.now())).toMatchObject({
        time_zone: 'Asia/Tokyo',
      });
      refresh_token = answer.refresh_token ?? '';
    }
  });

  test.each([
    ['none', {}],
    ['an empty one', { time_zone: '' }],
    ['one that does not exist', { time_zone: 'Europe/Nowhere' }],
    ['an offset', { time_zone: '+02:00' }],
    ['markup', { time_zone: '<b>UTC</b>' }],
    ['a very long one', { time_zone: 'A'.repeat(5_000) }],
    ['line breaks', { time_zone: 'UTC\r\nX' }],
  ])('may be left out: %s gives a sign-in without one', async (_name, fields) => {
    await using app = await startOAuthApp();
    const { zones } = await zonesOf(app, await app.mint(), { ...fields });
    expect(zones).toEqual([undefined, undefined, undefined]);
  });

  test('is not offered, and not read, for Missive', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ servers: { missive: { url: 'https://missive.example.com/v1' } } });
    const { html } = await openSignIn(app, client);
    expect(html).not.toMatch(/name="time_zone"/);
  });

  test('stays ticked or unticked when the page is shown again, and its name is not repeated in the page', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const box = (html: string) => /<input[^>]*id="time_zone"[^>]*>/.exec(html)?.[0] ?? '';
    expect(box(page.html)).toMatch(/value="" disabled\s+checked/);
    const wrong = { ...ada, imap_password: '' };
    const ticked = await pageOf(await submit(app, page, { ...wrong, time_zone: 'Europe/Nowhere<b>' }), page.cookie);
    expect(box(ticked.html)).toContain('checked');
    expect(ticked.html).not.toContain('Nowhere');
    const unticked = await pageOf(await submit(app, ticked, wrong), page.cookie);
    expect(box(unticked.html)).not.toContain('checked');
  });

  test('is the same sign-in when the form is submitted twice', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const fields = { ...ada, time_zone: 'Europe/Berlin' };
    const codes = await Promise.all([submit(app, page, fields), submit(app, page, fields)]);
    expect(codes.map(({ status }) => status)).toEqual([303, 303]);
    expect(app.tried).toHaveLength(1);
  });
});

describe('the time zone that the operator has set', () => {
  test('counts where the sign-in gives none, and the one of the sign-in counts more', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ timeZone: 'America/New_York' });
    expect((await zonesOf(app, client, {})).zones).toEqual([undefined, 'America/New_York', undefined]);
    expect((await zonesOf(app, client, { time_zone: 'Europe/Paris' })).zones).toEqual([
      'Europe/Paris',
      'Europe/Paris',
      'Europe/Paris',
    ]);
  });

  test('counts for clients that register', async () => {
    const connection = { ...exampleConnection, timeZone: 'Asia/Seoul' };
    await using app = await startOAuthApp({ dynamicClients: { ...openToClients, connections: [connection] } });
    const redirectUri = 'http://localhost/callback';
    const registered = await app.fetch('/oauth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }),
    });
    const { client_id } = z.object({ client_id: z.string() }).parse(await registered.json());
    const { zones } = await zonesOf(app, { clientId: client_id, clientSecret: null }, {}, redirectUri);
    expect(zones[1]).toBe('Asia/Seoul');
  });
});

describe('a name of a time zone', () => {
  test.each(['Europe/Berlin', 'europe/berlin', 'UTC', 'Etc/UTC', 'America/North_Dakota/New_Salem', 'Asia/Ho_Chi_Minh'])(
    'is known: %s',
    (name) => {
      expect(isTimeZone(name)).toBe(true);
    },
  );

  test.each(['', 'Berlin', 'Europe/Berlin ', '+01:00', 'Europe/Berlin\n', '../etc/passwd', '__proto__', 'Etc/Unknown'])(
    'is not known: %j',
    (name) => {
      expect(isTimeZone(name)).toBe(false);
    },
  );
});

test.each([
  [{ timeZone: 'Europe/Berlin' }, 'Europe/Berlin'],
  [{}, 'UTC'],
])('the session of a call with the grant %j has the time zone %s', async (grant, expected) => {
  const server = { host: '127.0.0.1', port: 1, security: 'cleartext' as const };
  const endpoint = { server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } };
  await using tools = openMailTools({ fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint }, grant);
  expect(tools.session.timeZone).toBe(expected);
});
