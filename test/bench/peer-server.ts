/** A minimal MCP mail server on stdio, with which the tests run `bench -- --peer=…`. */
import process from 'node:process';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { ImapFlow } from 'imapflow';
import { z } from 'zod';

const account = z
  .object({ IMAP_HOST: z.string(), IMAP_PORT: z.coerce.number(), IMAP_USER: z.string(), IMAP_PASSWORD: z.string() })
  .parse(process.env);
const imap = new ImapFlow({
  host: account.IMAP_HOST,
  port: account.IMAP_PORT,
  secure: true,
  auth: { user: account.IMAP_USER, pass: account.IMAP_PASSWORD },
  logger: false,
});
imap.on('error', () => process.exit(1));
await imap.connect();
await imap.mailboxOpen('INBOX');

const answer = (found: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(found) }] });

serveStdio(() => {
  const server = new McpServer({ name: 'tiny', version: '1.0.0' });
  server.registerTool('list', { inputSchema: z.object({ count: z.int() }) }, async ({ count }) => {
    const { exists = 0 } = imap.mailbox || {};
    const messages = await imap.fetchAll(`${Math.max(1, exists - count + 1)}:*`, { envelope: true, flags: true });
    return answer(messages.map(({ uid, envelope }) => ({ uid, subject: envelope?.subject })));
  });
  server.registerTool('get', { inputSchema: z.object({ uid: z.int() }) }, async ({ uid }) => {
    const message = await imap.fetchOne(`${uid}`, { source: true }, { uid: true });
    if (!message) return { ...answer('There is no such message.'), isError: true };
    return answer(message.source?.toString());
  });
  server.registerTool('search', { inputSchema: z.object({ subject: z.string() }) }, async ({ subject }) =>
    answer(await imap.search({ subject }, { uid: true })),
  );
  return server;
});
