import { describe, expect, test } from 'vitest';
import { startOAuthApp } from '../../support/app/oauth-app.ts';
import { answerOf, basic, codeGrant, codeOf, type Form, refreshGrant } from '../../support/app/token-requests.ts';

describe('client authentication (RFC 6749 §2.3)', () => {
  test('TOK-02 TOK-03 META-05 a confidential client authenticates in the body or by Basic, encoded or not', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { clientId, clientSecret } = client;
    const { client_id: _id, client_secret: _secret, ...bare } = codeGrant(client, '');
    const ways: [Form, Form][] = [
      [{}, { client_id: clientId, client_secret: clientSecret ?? '' }],
      [basic(clientId, clientSecret ?? ''), {}],
      [basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret ?? '')), {}],
      [basic(clientId, clientSecret ?? ''), { client_id: clientId }],
    ];
    for (const [headers, more] of ways) {
      const form = { ...bare, ...more, code: await codeOf(app, client) };
      expect((await app.post('/oauth/token', form, headers)).status).toBe(200);
    }
  });

  test('TOK-03 a public client authenticates by its client_id, with every grant, and sends no secret', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public' });
    const code = await codeOf(app, client);
    const withSecret = await app.post('/oauth/token', codeGrant(client, code, { client_secret: 'x' }));
    expect(await answerOf(withSecret)).toMatchObject({ status: '401', error: 'invalid_client' });
    const asserted = await app.post('/oauth/token', codeGrant(client, code, { client_assertion: 'x' }));
    expect(await answerOf(asserted)).toMatchObject({ status: '401', error: 'invalid_client' });
    const tokens = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    expect((await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? ''))).status).toBe(200);
  });

  test('TOK-02 TOK-03 TOK-04 a request that does not authenticate the client is refused, and the code stays valid', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const other = await app.mint();
    const code = await codeOf(app, client);
    const good = codeGrant(client, code);
    const { client_id: _id, client_secret: _secret, ...bare } = good;
    const wrong = basic(client.clientId, 'wrong');
    const right = basic(client.clientId, client.clientSecret ?? '');
    const cases: [string, Form, Form, string, string][] = [
      ['no client', bare, {}, 'invalid_client', '401'],
      ['no secret', { ...bare, client_id: client.clientId }, {}, 'invalid_client', '401'],
      ['wrong secret', { ...good, client_secret: 'wrong' }, {}, 'invalid_client', '401'],
      ['secret of another', { ...good, client_secret: other.clientSecret ?? '' }, {}, 'invalid_client', '401'],
      [
        'the hash of the secret',
        { ...good, client_secret: (await app.tokens.client.unseal(client.clientId, app.now())).secret_hash ?? '' },
        {},
        'invalid_client',
        '401',
      ],
      ['unknown client', { ...good, client_id: 'unknown' }, {}, 'invalid_client', '401'],
      ['wrong Basic', bare, wrong, 'invalid_client', '401'],
      ['Basic without a secret', bare, basic(client.clientId, ''), 'invalid_client', '401'],
      ['Basic that is not base64', bare, { authorization: 'Basic ???' }, 'invalid_client', '401'],
      ['Basic without a colon', bare, { authorization: 'Basic YWJj' }, 'invalid_client', '401'],
      ['another scheme', bare, { authorization: 'Bearer abc' }, 'invalid_client', '401'],
      ['Basic and body', { ...bare, client_secret: client.clientSecret ?? '' }, right, 'invalid_request', '400'],
      ['two different clients', { ...bare, client_id: other.clientId }, right, 'invalid_request', '400'],
    ];
    for (const [name, form, headers, error, status] of cases) {
      const response = await app.post('/oauth/token', form, headers);
      const challenge = headers.authorization && status === '401' ? 'Basic realm="mail-mcp"' : null;
      expect(response.headers.get('www-authenticate'), name).toBe(challenge);
      expect(await answerOf(response), name).toMatchObject({ error, status });
    }
    expect((await app.post('/oauth/token', good)).status).toBe(200);
  });
});
