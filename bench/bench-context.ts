/** Provides the mail servers, with and without latency, and the amount of work to all benchmarks. */
import type { MailAccount } from '../src/mail/account.ts';
import { startDelayProxy, type Proxy as TcpProxy } from '../test/support/servers/proxies.ts';
import type { TestServers } from '../test/support/servers/servers.ts';

export interface BenchContext {
  servers: TestServers;
  isQuick: boolean;
  /** The same account through proxies that delay each direction by 30 ms. */
  withLatency(account: MailAccount): MailAccount;
  /** The same account through a proxy that delays IMAP by `delayMs` in each direction. */
  withImapLatency(account: MailAccount, delayMs: number): Promise<MailAccount>;
}

export const LATENCY_MS = 30;

export async function withBenchContext<T>(
  servers: TestServers,
  isQuick: boolean,
  use: (context: BenchContext) => Promise<T>,
): Promise<T> {
  const proxies: TcpProxy[] = [];
  const addLatency = async (target: { host: string; port: number }, delayMs: number) => {
    const proxy = await startDelayProxy({ target, delayMs });
    proxies.push(proxy);
    return { host: proxy.host, port: proxy.port };
  };
  const { imap, smtp } = servers;
  const imapWithLatency = await addLatency({ host: imap.host, port: imap.tlsPort }, LATENCY_MS);
  const smtpWithLatency = await addLatency({ host: smtp.host, port: smtp.tlsPort }, LATENCY_MS);
  try {
    return await use({
      servers,
      isQuick,
      withLatency: (account) => withServers(account, imapWithLatency, smtpWithLatency),
      withImapLatency: async (account, delayMs) =>
        withServers(account, await addLatency(account.imap.server, delayMs), account.smtp.server),
    });
  } finally {
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  }
}

function withServers(account: MailAccount, imap: { host: string; port: number }, smtp: { host: string; port: number }) {
  return {
    ...account,
    imap: { ...account.imap, server: { ...account.imap.server, ...imap } },
    smtp: { ...account.smtp, server: { ...account.smtp.server, ...smtp } },
  };
}
