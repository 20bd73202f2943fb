/** Proves the second table in docs/outcomes.md: sessions that cannot be started. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { connectImap } from '../../../src/mail/imap/imap-connection.ts';
import { verifySmtp } from '../../../src/mail/send/smtp.ts';
import { newAccount, overStarttls } from '../../support/mail/accounts.ts';
import { startServerWithCertificate } from '../../support/mail/faulty-servers.ts';
import { type FaultProxy, type Moment, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { testServers } from '../../support/servers/servers.ts';

/** The faults of the table in docs/outcomes.md, by name. */
interface Fault {
  arm?: [command: RegExp, moment: Moment];
  imap?: (line: string) => string;
  smtp?: (line: string) => string;
  certificate?: 'wrongHost' | 'selfSigned';
}

const FAULTS: Record<string, Fault> = {
  'drops the connection': { arm: [/^CONNECT$/, 'cut before'] },
  'says nothing': { arm: [/^CONNECT$/, 'silent before'] },
  'says something else': { arm: [/^CONNECT$/, 'garbage'] },
  'drops the connection at STARTTLS': { arm: [/^STARTTLS$/, 'cut before'] },
  'does not answer STARTTLS': { arm: [/^STARTTLS$/, 'silent before'] },
  'offers no STARTTLS': {
    imap: (line) => line.replace(/ STARTTLS\b/, ''),
    smtp: (line) => line.replace(/^250([ -])STARTTLS/, '250$1X-NOTHING'),
  },
  'offers STARTTLS and refuses it': {
    imap: (line) => line.replace(/^(\S+) OK Begin TLS.*/, '$1 NO not today'),
    smtp: (line) => line.replace(/^220 2\.0\.0 .*/, '454 4.7.0 not today'),
  },
  'goes on in the clear after STARTTLS': {
    imap: (line) => line.replace(/^(\S+ OK Begin TLS.*)/, '$1\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN'),
    smtp: (line) => line.replace(/^(220 2\.0\.0 .*)/, '$1\r\n250-localhost\r\n250 AUTH PLAIN'),
  },
  'opens a session without a login': { imap: (line) => line.replace(/^\* OK/, '* PREAUTH') },
  'has a certificate of another name': { certificate: 'wrongHost' },
  'has a certificate signed by itself': { certificate: 'selfSigned' },
};

const rows = documentedStarts();

test('the table contains exactly the faults that are tested', () => {
  expect(rows.map(({ fault }) => fault).toSorted()).toEqual(Object.keys(FAULTS).toSorted());
});

describe.each(['imap', 'smtp'] as const)('%s: a session with a server that', (protocol) => {
  test.for(rows.filter((row) => row[protocol] !== '—'))('$fault', async (row, { expect }) => {
    const fault = FAULTS[row.fault] ?? {};
    await using server =
      fault.certificate === undefined ? await proxyWith(fault, protocol) : await tlsServer(fault.certificate);
    const outcome = await connectTo(server, protocol, fault.certificate === undefined ? 'starttls' : 'tls');
    expect(outcome).toBe(row[protocol].split(':')[0]);
    // No credentials were sent in cleartext.
    expect(server.commands.filter((command) => /LOGIN|AUTH/i.test(command))).toEqual([]);
  });
});

function documentedStarts(): { fault: string; imap: string; smtp: string }[] {
  const text = readFileSync(new URL('../../../docs/outcomes.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split('\n| A server that | IMAP | SMTP |\n');
  const lines = (section.trimEnd().split('\n\n')[0] ?? '').split('\n').slice(1);
  return lines.map((line) => {
    const [fault = '', imap = '', smtp = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim());
    return { fault, imap, smtp };
  });
}

function proxyWith(fault: Fault, protocol: 'imap' | 'smtp'): Promise<FaultProxy> {
  const { host, port } = overStarttls(newAccount())[protocol].server;
  const rewrite = fault[protocol];
  return startFaultProxy({ target: { host, port }, protocol, ...(rewrite && { rewrite }) }).then((proxy) => {
    if (fault.arm !== undefined) proxy.arm(...fault.arm);
    return proxy;
  });
}

async function tlsServer(kind: 'wrongHost' | 'selfSigned') {
  const server = await startServerWithCertificate(
    testServers().certificates[kind],
    '* OK [CAPABILITY IMAP4rev1] ready',
  );
  return { ...server, commands: [] as string[] };
}

async function connectTo(
  { host, port }: { host: string; port: number },
  protocol: 'imap' | 'smtp',
  security: 'tls' | 'starttls',
): Promise<string> {
  const { login } = newAccount()[protocol];
  const server = { host, port, security };
  const attempt =
    protocol === 'imap'
      ? connectImap({ server, login }, { limits: { connectMs: 1_500 } }).then((imap) => imap.close())
      : verifySmtp(server, login, {
          limits: { connectMs: 1_500, greetingMs: 1_500, silenceMs: 1_500, totalMs: 6_000 },
        });
  return attempt.then(
    () => 'encrypted session',
    (error: unknown) => (error instanceof UpstreamError ? error.fault : `a bug: ${error}`),
  );
}
