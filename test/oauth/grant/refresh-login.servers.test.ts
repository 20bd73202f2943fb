/** Checks how a refresh verifies the login at a real mail server. */
import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { answerOf } from '../../support/app/token-requests.ts';
import { changeablePasswordAccount, newAccount } from '../../support/mail/accounts.ts';
import { startCuttableProxy } from '../../support/servers/proxies.ts';
import { testServers } from '../../support/servers/servers.ts';

async function signedIn(app: TestApp, account: MailAccount) {
  await using assistant = await app.assistant(account);
  const { client_id, client_secret = '' } = assistant.provider.clientInformation();
  const { refresh_token = '' } = assistant.provider.tokens() ?? {};
  return { grant_type: 'refresh_token', client_id, client_secret, refresh_token };
}

const refresh = async ({ origin }: TestApp, form: Record<string, string>) =>
  answerOf(await fetch(`${origin}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) }));

const listMailboxes = ({ origin }: TestApp, token = '') =>
  fetch(`${origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_mailboxes', arguments: {} },
    }),
  });

/** The same account, through a proxy that counts connections and can be cut. */
async function behindProxy() {
  const { imap } = testServers();
  const proxy = await startCuttableProxy({ target: { host: imap.host, port: imap.tlsPort } });
  const account = newAccount();
  const server = { ...account.imap.server, port: proxy.port };
  return { proxy, account: { ...account, imap: { ...account.imap, server } } };
}

describe('a refresh', () => {
  test('REF-05 is refused after the password of the mailbox was changed', async () => {
    await using app = await startApp();
    const { account, changePassword } = changeablePasswordAccount();
    const form = await signedIn(app, account);
    await changePassword('another one');
    expect(await refresh(app, form)).toMatchObject({ status: '400', error: 'invalid_grant' });
  });

  test('REF-05 keeps the connection of its check for the next call', async () => {
    const { proxy, account } = await behindProxy();
    await using _ = proxy;
    await using app = await startApp();
    const form = await signedIn(app, account);
    await using fresh = await app.replica({ BASE_URL: app.origin });
    const before = proxy.accepted();
    const { access_token } = await refresh(fresh, form);
    expect((await listMailboxes(fresh, access_token)).status).toBe(200);
    expect(proxy.accepted()).toBe(before + 1);
  });

  test('REF-05 succeeds while the mail server cannot be reached', async () => {
    const { proxy, account } = await behindProxy();
    await using app = await startApp();
    const form = await signedIn(app, account);
    await proxy[Symbol.asyncDispose]();
    expect((await refresh(app, form)).status).toBe('200');
  });
});
