/** Starts the mail servers of docs/troubleshooting.md, each of which cannot be used in another way, on loopback and without root. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import { Worker } from 'node:worker_threads';
import type { MailServer } from '../../../src/mail/account.ts';
import { type KeyPair, makeCertificates, makeDatedCertificates } from '../servers/certificates.ts';
import { closeServer, listenOnLoopback } from '../servers/proxies.ts';
import { unusedPort } from './faulty-servers.ts';

/** What is in the document: a server, and how the client connects to it. */
export interface Misbehaviour {
  service: 'imap' | 'smtp';
  security: MailServer['security'];
  start(certificates: TestCertificates): Promise<Started>;
  /** The resolver of names, where it is what fails. */
  lookup?: (host: string) => Promise<never>;
  /** True: the authority of the certificates is not trusted. */
  isUntrusted?: true;
  /** What the login has. Default: a password. */
  login?: 'token';
}

interface Started extends AsyncDisposable {
  host: string;
  port: number;
}

export type TestCertificates = Record<'server' | 'wrongHost' | 'selfSigned' | 'expired' | 'early', KeyPair> & {
  /** PEM. */
  ca: string;
};

/** Certificates in a folder that is removed by `dispose`. */
export async function temporaryCertificates(): Promise<TestCertificates & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'mail-mcp-certificates-'));
  const { ca, ...pairs } = await makeCertificates(folder);
  const dated = await makeDatedCertificates(folder);
  const dispose = async () => rmSync(folder, { recursive: true });
  return { ...pairs, ...dated, ca: readFileSync(ca, 'utf8'), [Symbol.asyncDispose]: dispose };
}

/** How a server answers: its greeting, and the answer to each line. */
interface Script {
  greeting: string;
  answer?(line: string): string | undefined;
}

const imapScript = (capabilities: string): Script => ({
  greeting: '* OK ready',
  answer(line) {
    const [tag = '', command = ''] = line.split(' ');
    if (command === 'CAPABILITY') return `* CAPABILITY IMAP4rev1 ${capabilities}\r\n${tag} OK done`;
    return command === 'STARTTLS' ? `${tag} OK begin` : `${tag} BAD no`;
  },
});

const smtpScript = (...extensions: string[]): Script => ({
  greeting: '220 test ESMTP',
  answer(line) {
    if (line.startsWith('EHLO')) {
      return ['test', ...extensions]
        .map((one, index, all) => `250${index + 1 < all.length ? '-' : ' '}${one}`)
        .join('\r\n');
    }
    return line === 'STARTTLS' ? '220 go ahead' : '502 no';
  },
});

const GOOD = { imap: imapScript('AUTH=PLAIN STARTTLS'), smtp: smtpScript('STARTTLS', 'AUTH PLAIN LOGIN') };

const options = ({ cert, key }: KeyPair): TlsOptions => ({ cert: readFileSync(cert), key: readFileSync(key) });

/** Follows the script in cleartext, and after STARTTLS in TLS. */
function scripted(script: Script, pair?: KeyPair): Promise<Started> {
  return listening(
    createServer((socket) => {
      socket.write(`${script.greeting}\r\n`);
      follow(socket, script, pair);
    }),
  );
}

/** Follows the script in TLS from the first byte. */
function scriptedInTls(script: Script, tls: TlsOptions): Promise<Started> {
  const server = createTlsServer(tls, (socket) => {
    socket.on('error', () => undefined);
    if (script.greeting !== '') socket.write(`${script.greeting}\r\n`);
    follow(socket, script);
  });
  return listening(server.on('tlsClientError', () => undefined));
}

function follow(socket: Socket, script: Script, pair?: KeyPair): void {
  let input = '';
  socket.on('data', (chunk: Buffer) => {
    input += chunk.toString('latin1');
    for (let end = input.indexOf('\n'); end >= 0; end = input.indexOf('\n')) {
      const line = input.slice(0, end).trim();
      input = input.slice(end + 1);
      const answer = script.answer?.(line);
      if (answer !== undefined) socket.write(`${answer}\r\n`);
      if (!line.endsWith('STARTTLS') || pair === undefined) continue;
      socket.removeAllListeners('data');
      const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(options(pair)) });
      secure.on('error', () => undefined);
      return follow(secure, script);
    }
  });
}

async function listening(server: Server): Promise<Started> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listenOnLoopback(server);
  return { host: 'localhost', port, [Symbol.asyncDispose]: () => closeServer(server, sockets) };
}

/** A port whose packets are dropped: its queue of connections is full, and its thread accepts none. */
async function deafPort(): Promise<Started> {
  const code = `
    const { createServer, connect } = require('node:net');
    const { parentPort } = require('node:worker_threads');
    const server = createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
      const { port } = server.address();
      for (let i = 0; i < 4; i += 1) connect(port, '127.0.0.1').on('error', () => undefined);
      const block = () => {
        parentPort.postMessage(port);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      };
      // After the connections have been started, and before one is accepted.
      process.nextTick(() => process.nextTick(block));
    });`;
  const worker = new Worker(code, { eval: true });
  const [port] = await once(worker, 'message');
  return { host: '127.0.0.1', port, [Symbol.asyncDispose]: async () => void (await worker.terminate()) };
}

const nowhere = async (host: string): Promise<Started> => ({ host, port: 993, [Symbol.asyncDispose]: async () => {} });

const failing = (code: string) => async () => {
  throw Object.assign(new Error(code), { code });
};

/** The servers by their names in the document. */
export const MISBEHAVIOURS: Readonly<Record<string, Misbehaviour>> = {
  'has no DNS entry': {
    ...{ service: 'imap', security: 'tls', lookup: failing('ENOTFOUND') },
    start: () => nowhere('imap.example.invalid'),
  },
  'cannot be looked up': {
    ...{ service: 'imap', security: 'tls', lookup: failing('EAI_AGAIN') },
    start: () => nowhere('imap.example.invalid'),
  },
  'listens on another port': {
    ...{ service: 'imap', security: 'tls' },
    start: async () => ({ ...(await unusedPort()), [Symbol.asyncDispose]: async () => {} }),
  },
  'is behind a firewall': { service: 'imap', security: 'tls', start: deafPort },
  'has no route to it': { service: 'imap', security: 'tls', start: () => nowhere('255.255.255.255') },
  'closes connections at once': {
    ...{ service: 'smtp', security: 'starttls' },
    start: () => listening(createServer((socket) => socket.resetAndDestroy())),
  },
  'says nothing': {
    ...{ service: 'imap', security: 'starttls' },
    start: () => listening(createServer((socket) => socket.resume())),
  },
  'turns connections away': {
    ...{ service: 'smtp', security: 'starttls' },
    start: () => scripted({ greeting: '554 5.7.1 not you' }),
  },
  'speaks TLS where STARTTLS is set (IMAP)': {
    ...{ service: 'imap', security: 'starttls' },
    start: ({ server }) => scriptedInTls(GOOD.imap, options(server)),
  },
  'speaks TLS where STARTTLS is set (SMTP)': {
    ...{ service: 'smtp', security: 'starttls' },
    start: ({ server }) => scriptedInTls(GOOD.smtp, options(server)),
  },
  'speaks STARTTLS where TLS is set (IMAP)': {
    ...{ service: 'imap', security: 'tls' },
    start: ({ server }) => scripted(GOOD.imap, server),
  },
  'speaks STARTTLS where TLS is set (SMTP)': {
    ...{ service: 'smtp', security: 'tls' },
    start: ({ server }) => scripted(GOOD.smtp, server),
  },
  'speaks SMTP where IMAP is set': {
    ...{ service: 'imap', security: 'tls' },
    start: ({ server }) => scriptedInTls(GOOD.smtp, options(server)),
  },
  'speaks IMAP where SMTP is set': {
    ...{ service: 'smtp', security: 'starttls' },
    start: ({ server }) => scriptedInTls(GOOD.imap, options(server)),
  },
  'speaks POP3': { service: 'imap', security: 'starttls', start: () => scripted({ greeting: '+OK ready' }) },
  'speaks HTTP': {
    ...{ service: 'imap', security: 'starttls' },
    start: () => listening(createHttpServer((_request, response) => response.end())),
  },
  'speaks HTTPS': {
    ...{ service: 'smtp', security: 'tls' },
    start: ({ server }) =>
      scriptedInTls({ greeting: '', answer: (line) => (line === '' ? 'HTTP/1.0 200 OK' : undefined) }, options(server)),
  },
  'speaks something else': { service: 'imap', security: 'starttls', start: () => scripted({ greeting: 'SSH-2.0-x' }) },
  'has an expired certificate': {
    ...{ service: 'imap', security: 'tls' },
    start: ({ expired }) => scriptedInTls(GOOD.imap, options(expired)),
  },
  'has a certificate that begins later': {
    ...{ service: 'imap', security: 'tls' },
    start: ({ early }) => scriptedInTls(GOOD.imap, options(early)),
  },
  'has a certificate of another name': {
    ...{ service: 'smtp', security: 'starttls' },
    start: ({ wrongHost }) => scripted(GOOD.smtp, wrongHost),
  },
  'has signed its certificate itself': {
    ...{ service: 'imap', security: 'starttls' },
    start: ({ selfSigned }) => scripted(GOOD.imap, selfSigned),
  },
  'has a certificate of an unknown authority': {
    ...{ service: 'smtp', security: 'tls', isUntrusted: true },
    start: ({ server }) => scriptedInTls(GOOD.smtp, options(server)),
  },
  'speaks TLS 1.1 only': {
    ...{ service: 'imap', security: 'tls' },
    start: ({ server }) => {
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      return scriptedInTls(GOOD.imap, { ...options(server), ...old });
    },
  },
  'has no cipher in common': {
    ...{ service: 'imap', security: 'tls' },
    start: ({ server }) => {
      const other = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const;
      return scriptedInTls(GOOD.imap, { ...options(server), ...other });
    },
  },
  'offers no STARTTLS': {
    ...{ service: 'imap', security: 'starttls' },
    start: () => scripted(imapScript('AUTH=PLAIN')),
  },
  'offers no AUTH': {
    ...{ service: 'smtp', security: 'starttls' },
    start: ({ server }) => scripted(smtpScript('STARTTLS'), server),
  },
  'offers OAuth only': {
    ...{ service: 'imap', security: 'tls' },
    start: ({ server }) => scriptedInTls(imapScript('AUTH=XOAUTH2 LOGINDISABLED'), options(server)),
  },
  'takes no access tokens': {
    ...{ service: 'imap', security: 'tls', login: 'token' },
    start: ({ server }) => scriptedInTls(imapScript('AUTH=PLAIN'), options(server)),
  },
  'opens a mailbox without a login': {
    ...{ service: 'imap', security: 'starttls' },
    start: () => scripted({ greeting: '* PREAUTH welcome' }),
  },
};

/** Servers with which nothing is wrong. */
export const GOOD_SERVERS: Readonly<Record<string, Misbehaviour>> = Object.fromEntries(
  (['imap', 'smtp'] as const).flatMap(
    (service) =>
      [
        [
          `${service} with TLS`,
          { service, security: 'tls', start: ({ server }) => scriptedInTls(GOOD[service], options(server)) },
        ],
        [
          `${service} with STARTTLS`,
          { service, security: 'starttls', start: ({ server }) => scripted(GOOD[service], server) },
        ],
        [`${service} in cleartext`, { service, security: 'cleartext', start: () => scripted(GOOD[service]) }],
      ] satisfies [string, Misbehaviour][],
  ),
);
