/** Requests whose version header disagrees with the version in the body. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';

interface Versions {
  /** The header; undefined sends none. */
  header?: string | undefined;
  /** In the envelope; undefined sends no envelope. */
  envelope?: string | undefined;
  /** Headers in place of the right ones. */
  headers?: Record<string, string>;
}

/** Calls a tool with a version in the header and a version in the envelope. */
async function call(app: TestApp, token: string, { header, envelope, headers }: Versions) {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': envelope,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: 'list_mailboxes', arguments: {}, ...(envelope !== undefined && { _meta: meta }) };
  const response = await fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(header !== undefined && { 'mcp-protocol-version': header }),
      ...(envelope !== undefined && { 'mcp-method': 'tools/call', 'mcp-name': params.name }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return { status: response.status, body: await response.json() };
}

const HEADER = '2025-11-25';
const ENVELOPE = '2026-07-28';
const refused = { status: 400, body: { error: { code: -32020 } } };
const served = { status: 200, body: { result: { structuredContent: { mailboxes: expect.any(Array) } } } };

let strict: TestApp;
let tolerant: TestApp;
let token: string;
beforeAll(async () => {
  strict = await startApp();
  token = await strict.accessToken(newAccount());
  tolerant = await strict.replica({ TOLERATE_VERSION_MISMATCH: 'true' });
});
afterAll(() => Promise.all([strict.stop(), tolerant.stop()]));

describe('a header of 2025-11-25 on a body of 2026-07-28', () => {
  test('MCP-15 is refused unless the operator allows it', async () => {
    expect(await call(strict, token, { header: HEADER, envelope: ENVELOPE })).toMatchObject(refused);
  });

  test('MCP-15 is served with the version of the body if the operator allows it, and logged once', async () => {
    const first = await call(tolerant, token, { header: HEADER, envelope: ENVELOPE });
    expect(first).toMatchObject(served);
    expect(first).toMatchObject({ body: { result: { resultType: 'complete' } } });
    expect(await call(tolerant, token, { header: HEADER, envelope: ENVELOPE })).toMatchObject(served);
    expect(tolerant.logged().match(/disagrees with the version in the body/g)).toHaveLength(1);
  });

  test.each<[string, Versions]>([
    ['another header', { header: '2025-06-18', envelope: ENVELOPE }],
    ['no header', { header: undefined, envelope: ENVELOPE }],
    ['a header of two values', { header: `${HEADER}, ${ENVELOPE}`, envelope: ENVELOPE }],
    ['the two versions exchanged', { header: ENVELOPE, envelope: HEADER }],
    ['another method in its header', { header: HEADER, envelope: ENVELOPE, headers: { 'mcp-method': 'tools/list' } }],
    ['another name in its header', { header: HEADER, envelope: ENVELOPE, headers: { 'mcp-name': 'other' } }],
  ])('MCP-15 MCP-02 a call with %s is refused all the same', async (_, versions) => {
    expect(await call(tolerant, token, versions)).toMatchObject({ status: 400 });
  });

  test('MCP-15 a valid call of either era is served', async () => {
    expect(await call(tolerant, token, { header: HEADER })).toMatchObject(served);
    expect(await call(tolerant, token, { header: ENVELOPE, envelope: ENVELOPE })).toMatchObject(served);
  });
});
