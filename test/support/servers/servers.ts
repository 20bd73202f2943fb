/** Where the servers of this test run are. */
import { inject } from 'vitest';
import type { Certificates } from './certificates.ts';
import type { DovecotSockets, MailStore } from './dovecot.ts';
import type { S3Coordinates } from './swift.ts';

export interface TestServers {
  imap: { host: string; tlsPort: number /** Takes cleartext logins too. */; starttlsPort: number };
  /** The same users and mail behind a server that offers IMAP4rev1 and no extension worth having. It still obeys the commands. */
  basicImap: { host: string; tlsPort: number; starttlsPort: number };
  smtp: { host: string; tlsPort: number; starttlsPort: number /** No TLS is offered. */; cleartextPort: number };
  /** An S3 service with an empty bucket. All tests share it. */
  s3: S3Coordinates;
  /** Path of the CA certificate (PEM). Every test worker trusts it; a process started by a test needs NODE_EXTRA_CA_CERTS. */
  ca: string;
  certificates: Certificates;
  store: MailStore;
  /** Where Dovecot takes mail, and checks logins for others. */
  dovecot: DovecotSockets;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: TestServers;
  }
}

/** The servers started for this run by global-setup.ts. Only within a test. */
export function testServers(): TestServers {
  return inject('servers');
}
