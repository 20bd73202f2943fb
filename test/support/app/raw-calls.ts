/** Calls /mcp in either protocol era, without a client library, with a token for any permit. */

import { subjectOf } from '../../../src/oauth/sealed/identity.ts';
import { createKeyring, randomId } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../../src/oauth/sealed/sealed-types.ts';
import { type Consent, type Policy, SCOPES } from '../../../src/policy.ts';
import { passwordOf } from '../mail/accounts.ts';
import type { TestAccount, TestApp } from './start-app.ts';

export const eras = ['2026', '2025'] as const;
type WireEra = (typeof eras)[number];

interface RawAnswer {
  status: number;
  /** Scopes of the WWW-Authenticate header, sorted; absent without the header. */
  scope?: string[];
  /** The sentence of an error; absent in a success. */
  sentence?: string;
  /** Structured content of a result. */
  result?: Record<string, unknown>;
  /** Code of a JSON-RPC error. */
  code?: number;
}

export interface RawCaller {
  tools(): Promise<string[]>;
  call(tool: string, args?: Record<string, unknown>): Promise<RawAnswer>;
  /** The same client with the same token at another replica. */
  at(replica: TestApp): RawCaller;
  /** Several calls in one request, as 2025-03-26 has them. @returns the body of the answer */
  batch(calls: readonly { name: string; arguments: Record<string, unknown> }[]): Promise<string>;
}

const VERSION = '2026-07-28';
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Seals the access token that the token endpoint would issue for this account and permit. */
export async function rawCaller(
  app: TestApp,
  account: TestAccount,
  permit: { scope?: string[]; consent?: Consent; policy?: Policy; ends?: Date; minted?: false },
  era: WireEra = '2026',
): Promise<RawCaller> {
  return callerWith(await accessToken(app, account, permit), app, era);
}

function callerWith(token: string, app: TestApp, era: WireEra): RawCaller {
  const send = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${app.origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify(body),
    });
  const request = (method: string, params: Record<string, unknown>) => {
    const message = { jsonrpc: '2.0', id: 1, method };
    if (era === '2025') return send({ ...message, params });
    const name = typeof params.name === 'string' ? { 'mcp-name': params.name } : {};
    const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': method, ...name };
    return send({ ...message, params: { ...params, _meta: ENVELOPE } }, headers);
  };
  return {
    async tools() {
      const { result } = JSON.parse(await (await request('tools/list', {})).text());
      return result.tools.map(({ name }: { name: string }) => name);
    },
    async call(name, args = {}) {
      const response = await request('tools/call', { name, arguments: args });
      const [, scope] = /scope="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '') ?? [];
      const body = JSON.parse(await response.text());
      const sentence = body.error?.message ?? (body.result?.isError ? body.result.content[0].text : undefined);
      return {
        status: response.status,
        ...(scope !== undefined && { scope: scope.split(' ').sort() }),
        ...(sentence !== undefined && { sentence }),
        ...(body.result?.structuredContent && { result: body.result.structuredContent }),
        ...(body.error?.code !== undefined && { code: body.error.code }),
      };
    },
    at: (replica) => callerWith(token, replica, era),
    async batch(calls) {
      const messages = calls.map((params, index) => ({ jsonrpc: '2.0', id: index, method: 'tools/call', params }));
      return (await send(messages)).text();
    },
  };
}

async function accessToken(
  app: TestApp,
  account: TestAccount,
  permit: { scope?: string[]; consent?: Consent; policy?: Policy; ends?: Date; minted?: false },
): Promise<string> {
  const { scope = [...SCOPES], consent, policy, ends, minted } = permit;
  const keyring = createKeyring({ current: Buffer.from(app.key, 'base64'), previous: [] });
  const payload = {
    iss: app.origin,
    aud: `${app.origin}/mcp`,
    sub: subjectOf(keyring, account),
    gid: randomId(),
    granted_at: Math.floor(Date.now() / 1000),
    ...(ends && { ends: Math.floor(ends.getTime() / 1000) }),
    client: { jti: randomId(), name: 'raw', ...(minted === false && { minted }) },
    scope: SCOPES.filter((one) => scope.includes(one)),
    ...(consent && { consent }),
    ...(policy && { policy }),
    ...sealedLogin(account),
  };
  return createTokens(keyring).access.seal(payload, new Date(), ends);
}

function sealedLogin(account: TestAccount) {
  if ('token' in account) {
    return { login: { missive_token: account.token }, servers: { missive: { url: account.url } } };
  }
  const { fullName: name, email, imap, smtp } = account;
  const { username } = imap.login;
  const password = passwordOf(imap.login);
  return { login: { name, email, imap: { username, password } }, servers: { imap: imap.server, smtp: smtp.server } };
}
