/** The result of tools/list is the same bytes for equal permits. */
import { expect, test } from 'vitest';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';

const LEGACY = { body: {}, headers: {} };
const MODERN = {
  body: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
  headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' },
};

async function listOf(app: TestApp, token: string, { body, headers }: typeof LEGACY): Promise<string> {
  const response = await fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: body }),
  });
  expect(response.status).toBe(200);
  return response.text();
}

test.each([
  ['the 2025 era', LEGACY],
  ['the 2026 era', MODERN],
])(
  'MCP-08 in %s the list of tools is the same bytes for equal scopes: a hundred times, for two people, on two replicas',
  async (_, era) => {
    await using app = await startApp();
    await using replica = await app.replica();
    const tokens = [await app.accessToken(newAccount()), await app.accessToken(newAccount())];
    const seen = new Set<string>();
    for (let round = 0; round < 25; round += 1) {
      for (const server of [app, replica]) for (const token of tokens) seen.add(await listOf(server, token, era));
    }
    expect(seen.size).toBe(1);
    const reader = await app.accessToken(newAccount(), { scope: 'mail.read' });
    expect(seen.has(await listOf(app, reader, era))).toBe(false);
  },
);
