/** Declares the addresses and secrets of the servers of this test run. */
import { inject } from 'vitest';
import type { Certificates } from './certificates.ts';
import type { DovecotSockets, MailStore } from './dovecot.ts';
import type { S3Coordinates } from './swift.ts';

export interface TestServers {
  imap: { host: string; tlsPort: number /** Accepts cleartext logins too. */; starttlsPort: number };
  /** A server with the same users and mail that advertises IMAP4rev1 without extensions. It still executes their commands. */
  basicImap: { host: string; tlsPort: number; starttlsPort: number };
  smtp: { host: string; tlsPort: number; starttlsPort: number /** No TLS is offered. */; cleartextPort: number };
  /** An S3 service with an empty bucket. All tests share it. */
  s3: S3Coordinates;
  /** Path of the CA certificate (PEM). Test workers trust it; a process that a test starts needs NODE_EXTRA_CA_CERTS. */
  ca: string;
  certificates: Certificates;
  store: MailStore;
  /** The sockets on which Dovecot accepts mail and verifies credentials for Postfix. */
  dovecot: DovecotSockets;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: TestServers;
  }
}

/** The servers that global-setup.ts has started for this run. Can be called in test files only. */
export function testServers(): TestServers {
  return inject('servers');
}
