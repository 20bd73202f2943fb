/** Dynamic clients: from only the URL of /mcp to a tool call, with the official clients of both SDK generations. */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { UnauthorizedError as SdkOneUnauthorized } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as SdkOneClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SdkOneTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../src/mail/account.ts';
import { startDocumentApp } from '../support/app/document-app.ts';
import { DynamicClient } from '../support/app/dynamic-client.ts';
import { signIn } from '../support/app/person.ts';
import { signInFields } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';
import { createLoopbackFetch, type DocumentServer, startDocumentServer } from '../support/servers/document-server.ts';

const CALLBACK = 'http://localhost:41234/callback';

/** The server may fetch documents from this machine. */
const startServerForDynamicClients = (account: MailAccount, environment: NodeJS.ProcessEnv) =>
  startDocumentApp(account, environment, createLoopbackFetch());

let documents: DocumentServer;
beforeAll(async () => {
  documents = await startDocumentServer();
});
afterAll(() => documents[Symbol.asyncDispose]());

async function accountWithMail() {
  const account = newAccount();
  await appendMessages(account, { INBOX: [message({ subject: 'Hello' })] });
  return account;
}

const publishDocument = () =>
  documents.publish({
    client_name: 'Dynamic client',
    // As Claude Code does: without a port, which it chooses later.
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'none',
  });

const DYNAMIC_CLIENTS = {
  CLIENT_REGISTRATION: 'true',
  CLIENT_ID_METADATA_DOCUMENTS: 'true',
};

const registrations = [
  ['registers without a secret', 'none', false],
  ['registers with a secret in the body', 'client_secret_post', false],
  ['registers with a secret in the header', 'client_secret_basic', false],
  ['uses the URL of its metadata document', 'none', true],
] as const;

const registrationsInEras = registrations.flatMap((registration) =>
  (['auto', 'legacy'] as const).map((era) => [...registration, era] as const),
);

const expectInformation = (provider: DynamicClient, hasDocument: boolean, authMethod: string) => {
  expect(provider.information?.client_id.startsWith('https://')).toBe(hasDocument);
  expect(typeof provider.information?.client_secret === 'string').toBe(authMethod !== 'none');
};

describe('a client that has only the URL', () => {
  test.each(registrationsInEras)('SDK 2.x in mode $3: $0, and reads mail', async (_, authMethod, hasDocument, era) => {
    const account = await accountWithMail();
    await using server = await startServerForDynamicClients(account, {
      ...DYNAMIC_CLIENTS,
      TRUSTED_CLIENT_HOSTS: documents.host,
    });
    const provider = new DynamicClient(CALLBACK, {
      authMethod,
      documentUrl: hasDocument ? publishDocument() : undefined,
    });
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: era } });
    const transport = () => new StreamableHTTPClientTransport(server.url, { authProvider: provider });
    const first = transport();
    await expect(client.connect(first)).rejects.toThrow(UnauthorizedError);
    await first.finishAuth(await signIn(provider.authorizationUrl ?? new URL('about:blank'), signInFields(account)));
    await client.connect(transport());
    expect(client.getNegotiatedProtocolVersion()).toBe(era === 'auto' ? '2026-07-28' : '2025-11-25');
    expect((await client.listTools()).tools).toHaveLength(11);
    const { structuredContent } = await client.callTool({ name: 'list_mail_messages', arguments: {} });
    expect(structuredContent).toMatchObject({ messages: [{ subject: 'Hello' }] });
    expectInformation(provider, hasDocument, authMethod);

    const tokens = provider.tokens();
    if (tokens === undefined) throw new Error('The client has no tokens');
    provider.saveTokens({ ...tokens, access_token: 'expired' });
    const again = await client.callTool({ name: 'list_mail_messages', arguments: {} });
    expect(again.structuredContent).toMatchObject({ total: 1 });
    await client.close();
  });

  test.each(registrations)('SDK 1.x: %s, and reads mail', async (_, authMethod, hasDocument) => {
    const account = await accountWithMail();
    await using server = await startServerForDynamicClients(account, {
      ...DYNAMIC_CLIENTS,
      TRUSTED_CLIENT_HOSTS: documents.host,
    });
    const provider = new DynamicClient(CALLBACK, {
      authMethod,
      documentUrl: hasDocument ? publishDocument() : undefined,
    });
    const client = new SdkOneClient({ name: 'old', version: '1.0.0' });
    const transport = () => new SdkOneTransport(server.url, { authProvider: provider });
    const first = transport();
    await expect(client.connect(first)).rejects.toThrow(SdkOneUnauthorized);
    const parameters = await signIn(provider.authorizationUrl ?? new URL('about:blank'), signInFields(account));
    await first.finishAuth(parameters.get('code') ?? '');
    await client.connect(transport());
    const { structuredContent } = await client.callTool({ name: 'list_mail_messages', arguments: {} });
    expect(structuredContent).toMatchObject({ messages: [{ subject: 'Hello' }] });
    expectInformation(provider, hasDocument, authMethod);
    await client.close();
  });

  test('PRM-06 that URL may be the base URL: SDK 2.x and 1.x sign in and read mail', async () => {
    const account = await accountWithMail();
    await using server = await startServerForDynamicClients(account, DYNAMIC_CLIENTS);
    const base = new URL(server.origin);
    const call = { name: 'list_mail_messages', arguments: {} };
    const listed = { structuredContent: { messages: [{ subject: 'Hello' }] } };

    const provider = new DynamicClient(CALLBACK, { authMethod: 'none' });
    const client = new Client({ name: 'test', version: '1.0.0' });
    const first = new StreamableHTTPClientTransport(base, { authProvider: provider });
    await expect(client.connect(first)).rejects.toThrow(UnauthorizedError);
    expect(provider.authorizationUrl?.searchParams.get('resource')).toBe(server.origin);
    await first.finishAuth(await signIn(provider.authorizationUrl ?? new URL('about:blank'), signInFields(account)));
    await client.connect(new StreamableHTTPClientTransport(base, { authProvider: provider }));
    expect(await client.callTool(call)).toMatchObject(listed);
    const icons = client.getServerVersion()?.icons ?? [];
    expect(icons.map(({ src }) => src)).toEqual([`${server.origin}/favicon.svg`, `${server.origin}/icon.png`]);
    await client.close();

    const oldProvider = new DynamicClient(CALLBACK, { authMethod: 'none' });
    const oldClient = new SdkOneClient({ name: 'old', version: '1.0.0' });
    const oldFirst = new SdkOneTransport(base, { authProvider: oldProvider });
    await expect(oldClient.connect(oldFirst)).rejects.toThrow(SdkOneUnauthorized);
    const callback = await signIn(oldProvider.authorizationUrl ?? new URL('about:blank'), signInFields(account));
    await oldFirst.finishAuth(callback.get('code') ?? '');
    await oldClient.connect(new SdkOneTransport(base, { authProvider: oldProvider }));
    expect(await oldClient.callTool(call)).toMatchObject(listed);
    expect(oldClient.getServerVersion()?.icons).toHaveLength(2);
    await oldClient.close();
  });

  test('gets an error page if the operator trusts other hosts than that of its metadata document', async () => {
    const account = await accountWithMail();
    const settings = { ...DYNAMIC_CLIENTS, TRUSTED_CLIENT_HOSTS: 'claude.ai' };
    await using server = await startServerForDynamicClients(account, settings);
    const provider = new DynamicClient(CALLBACK, { documentUrl: publishDocument() });
    const client = new Client({ name: 'test', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(server.url, { authProvider: provider });
    await expect(client.connect(transport)).rejects.toThrow(UnauthorizedError);
    const page = await fetch(provider.authorizationUrl ?? new URL('about:blank'), { redirect: 'manual' });
    expect(page.status).toBe(400);
    expect(await page.text()).toContain('not trusted here');
  });

  test('is refused at once if the server accepts minted clients only', async () => {
    const account = await accountWithMail();
    await using server = await startServerForDynamicClients(account, {});
    const client = new Client({ name: 'test', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(server.url, { authProvider: new DynamicClient(CALLBACK) });
    await expect(client.connect(transport)).rejects.not.toThrow(UnauthorizedError);
  });
});
