/** What every part of the bench works with: the mail servers, near and far, and how much to do. */
import type { MailAccount } from '../src/mail/account.ts';
import { startDelayProxy, type Proxy as TcpProxy } from '../test/support/servers/proxies.ts';
import type { TestServers } from '../test/support/servers/servers.ts';

export interface BenchContext {
  servers: TestServers;
  isQuick: boolean;
  /** The same account, with its servers 30 ms away in each direction. */
  faraway(account: MailAccount): MailAccount;
  /** The same account on an IMAP server that is `delayMs` away in each direction. */
  behind(account: MailAccount, delayMs: number): Promise<MailAccount>;
}

export const FAR_MS = 30;

export async function withBenchContext<T>(
  servers: TestServers,
  isQuick: boolean,
  use: (setting: BenchContext) => Promise<T>,
): Promise<T> {
  const proxies: TcpProxy[] = [];
  const far = async (target: { host: string; port: number }, delayMs: number) => {
    const proxy = await startDelayProxy({ target, delayMs });
    proxies.push(proxy);
    return { host: proxy.host, port: proxy.port };
  };
  const { imap, smtp } = servers;
  const farImap = await far({ host: imap.host, port: imap.tlsPort }, FAR_MS);
  const farSmtp = await far({ host: smtp.host, port: smtp.tlsPort }, FAR_MS);
  try {
    return await use({
      servers,
      isQuick,
      faraway: (account) => moved(account, farImap, farSmtp),
      behind: async (account, delayMs) => moved(account, await far(account.imap.server, delayMs), account.smtp.server),
    });
  } finally {
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  }
}

function moved(account: MailAccount, imap: { host: string; port: number }, smtp: { host: string; port: number }) {
  return {
    ...account,
    imap: { ...account.imap, server: { ...account.imap.server, ...imap } },
    smtp: { ...account.smtp, server: { ...account.smtp.server, ...smtp } },
  };
}
