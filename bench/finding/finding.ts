/** Goal 9: what finding and reading of conversations cost, compared with the same IMAP commands on a bare connection. */
import { newAccount } from '../../test/support/mail/accounts.ts';
import { fillMailbox } from '../../test/support/mail/mailboxes.ts';
import type { BenchContext } from '../bench-context.ts';
import type { Row } from '../row.ts';
import { startBenchServer } from '../server.ts';
import { type FindingCall, measureCalls } from './recorded-calls.ts';

const MESSAGES = 200;
const search = (args: Record<string, unknown>) => ({ name: 'search_mail_messages', arguments: args });
const list = (args: Record<string, unknown>) => ({ name: 'list_mail_messages', arguments: args });

export async function finding(context: BenchContext): Promise<Row[]> {
  const { servers, isQuick } = context;
  await using server = await startBenchServer(servers.ca);
  const setting = { server, servers, rounds: isQuick ? 6 : 30 };
  const account = newAccount({}, servers);
  fillMailbox(account, 'INBOX', MESSAGES, servers);
  const call = await server.connect(account);
  const { cursor } = await call('tools/call', list({ since: 'now' }));
  const inOneFolder: readonly FindingCall[] = [
    { name: 'list of 20', tool: list({}), maxRoundTrips: 1 },
    { name: 'search with rows', tool: search({ query: 'SUBJECT "Message 7"' }), maxRoundTrips: 2 },
    {
      name: 'search with rows and previews',
      tool: search({ query: 'SUBJECT "Message 7"', preview: 100 }),
      maxRoundTrips: 3,
    },
    { name: 'changes since a cursor', tool: list({ since: cursor }), maxRoundTrips: 1 },
    { name: 'new since a time', tool: list({ since: '2025-01-01T02:00:00Z' }), maxRoundTrips: null },
  ];
  return await measureCalls(setting, account, inOneFolder);
}
