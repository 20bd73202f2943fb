/** `--tasks`: what everyday requests cost a caller that knows which calls to make, in calls, tokens and round trips to the IMAP server. */

import { messagesIn } from '../../test/support/mail/mailbox-contents.ts';
import { startDelayProxy } from '../../test/support/servers/proxies.ts';
import type { TestServers } from '../../test/support/servers/servers.ts';
import { startAcceptingSmtp } from '../everyday/accepting-smtp.ts';
import { everydayMailbox } from '../everyday/everyday-mailbox.ts';
import { startSampleApp } from '../everyday/sample-app.ts';
import { createSampleAccount } from '../everyday/stored-mailbox.ts';
import { countedCaller } from './counted-caller.ts';
import type { TaskRow } from './task-report.ts';
import { TASKS } from './tasks.ts';

/** Enough that what is written together arrives together. */
const DELAY_MS = 5;

export async function runTasks(servers: TestServers): Promise<TaskRow[]> {
  const { imap } = servers;
  const mailbox = await everydayMailbox();
  await using smtp = await startAcceptingSmtp(servers);
  const direct = await createSampleAccount(mailbox, smtp.servers);
  await using proxy = await startDelayProxy({ target: { host: imap.host, port: imap.tlsPort }, delayMs: DELAY_MS });
  const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
  await using app = await startSampleApp(mailbox);
  await using assistant = await app.assistant({ ...direct, imap: { ...direct.imap, server } });
  // Opens the connection.
  await assistant.call('list_mailboxes');
  const rows: TaskRow[] = [];
  for (const { request, run } of TASKS) {
    const caller = countedCaller(assistant.client, proxy.roundTrips);
    const failure = await run(caller.call, { messagesIn: (folder) => messagesIn(direct, folder) }).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    rows.push({ request, ...caller.counts(), failure });
    if (failure !== null) console.error(`failed: ${request}\n${failure}\n`);
  }
  return rows;
}
