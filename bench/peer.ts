/** `--peer=CMD`: measures the same warm and first calls on another MCP mail server that speaks stdio. */

import { readFile } from 'node:fs/promises';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { z } from 'zod';
import type { MailAccount } from '../src/mail/account.ts';
import { passwordOf } from '../test/support/mail/accounts.ts';
import { type BenchContext, LATENCY_MS } from './bench-context.ts';
import { type Prepared, prepare } from './calls.ts';
import { connectImapFlow } from './imapflow-client.ts';
import { measurePair, timed } from './measure.ts';
import { plainRow, type Row, ratioRow } from './row.ts';

/**
 * The calls of the peer that correspond to ours: `{"list": {"name": "...", "arguments": {...}}, "get": ..., "search": ...}`. The argument
 * "$UID" is replaced by the UID of the 20 KB message. A missing call is not measured. Default: the calls of mail-mcp.
 */
const PeerCall = z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) });
const PeerCalls = z.object({ list: PeerCall.optional(), get: PeerCall.optional(), search: PeerCall.optional() });

/**
 * The environment of the peer has the account: IMAP_HOST, IMAP_PORT, IMAP_SECURE, IMAP_USER, IMAP_PASSWORD, the same with SMTP_, and
 * MAIL_ADDRESS, MAIL_NAME; NODE_EXTRA_CA_CERTS and SSL_CERT_FILE name the certificate authority. CMD can set others:
 * `env EMAIL=… sh -c '…'`.
 *
 * @param command split at blanks, started without a shell
 */
export async function measurePeer(
  context: BenchContext,
  command: string,
  callsFile: string | undefined,
): Promise<Row[]> {
  const prepared = await prepare(context);
  const rows: Row[] = [];
  for (const isFar of [false, true]) {
    const account = isFar ? context.withLatency(prepared.account) : prepared.account;
    const [file = '', ...args] = command.split(' ').filter(Boolean);
    const client = new Client({ name: 'bench', version: '1.0.0' });
    const env = environmentOf(account, context.servers.ca);
    await client.connect(new StdioClientTransport({ command: file, args, env, stderr: 'ignore' }));
    try {
      rows.push(...(await measureCalls(client, account, { ...prepared, callsFile, isFar, isQuick: context.isQuick })));
    } finally {
      await client.close();
    }
  }
  return rows;
}

async function measureCalls(
  client: Client,
  account: MailAccount,
  {
    workloads,
    callsFile,
    isFar,
    isQuick,
  }: Prepared & { callsFile: string | undefined; isFar: boolean; isQuick: boolean },
): Promise<Row[]> {
  const mapped = callsFile === undefined ? undefined : PeerCalls.parse(JSON.parse(await readFile(callsFile, 'utf8')));
  const rows: Row[] = [];
  const where = isFar ? `${LATENCY_MS} ms away` : 'loopback';
  const imap = await connectImapFlow(account);
  await imap.mailboxOpen('INBOX');
  const uid = workloads.map(({ tool }) => tool.arguments.uid).find((value) => value !== undefined);
  for (const [index, { name, tool, runImapFlow }] of workloads.entries()) {
    const theirs = mapped === undefined ? tool : mapped[(['list', 'get', 'search'] as const)[index] ?? 'list'];
    if (theirs === undefined) continue;
    const filled = Object.entries(theirs.arguments).map(([key, value]) => [key, value === '$UID' ? uid : value]);
    const call = async () => {
      const { isError, content } = await client.callTool({ name: theirs.name, arguments: Object.fromEntries(filled) });
      if (isError) throw new Error(`The peer answered ${JSON.stringify(content).slice(0, 300)}`);
    };
    const first = await timed(call);
    if (index === 0) rows.push(plainRow({ item: 2, name: `first ${name}, ${where}`, unit: 'ms', ours: first }, null));
    const [ours, yardstick] = await measurePair(isQuick ? 10 : 40, call, () => runImapFlow(imap));
    const row = { item: 1, unit: 'ms', ours: ours.p50, yardstick: yardstick.p50 };
    rows.push(ratioRow({ ...row, name: `warm ${name}, ${where}` }, null));
  }
  await imap.logout();
  return rows;
}

function environmentOf({ fullName, email, imap, smtp }: MailAccount, ca: string): Record<string, string> {
  const variablesOf = (prefix: string, { server, login }: MailAccount['imap']) => ({
    [`${prefix}_HOST`]: server.host,
    [`${prefix}_PORT`]: `${server.port}`,
    [`${prefix}_SECURE`]: `${server.security === 'tls'}`,
    [`${prefix}_USER`]: login.username,
    [`${prefix}_PASSWORD`]: passwordOf(login),
  });
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    MAIL_ADDRESS: email,
    MAIL_NAME: fullName,
    NODE_EXTRA_CA_CERTS: ca,
    SSL_CERT_FILE: ca,
    ...variablesOf('IMAP', imap),
    ...variablesOf('SMTP', smtp),
  };
}
