/** Serves sealed attachment links on a free port, as the server does. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { expect } from 'vitest';
import { attachmentHandler, createLinkStore, type WithPart, withPartOf } from '../../../src/attachments/links.ts';
import type { AttachmentRef } from '../../../src/attachments/store.ts';
import { createLog } from '../../../src/log.ts';
import { createImapPool, type ImapPool } from '../../../src/mail/pool/pool.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../../src/oauth/sealed/sealed-types.ts';

export interface LinkApp extends AsyncDisposable {
  store: ReturnType<typeof createLinkStore>;
  pool: ImapPool;
  /** Advances the clock of the links. */
  passSeconds(seconds: number): void;
}

/** @param options.withPart replaces the mail server */
export async function startLinkApp(options: { withPart?: WithPart; stallMs?: number } = {}): Promise<LinkApp> {
  let now = Date.now();
  const links = createTokens(createKeyring({ current: randomBytes(32), previous: [] })).attachment;
  const seal = {
    seal: (reference: AttachmentRef, notAfter?: Date) => links.seal(reference, new Date(now), notAfter),
    open: (link: string) => links.unseal(link, new Date(now)),
  };
  const pool = createImapPool({ log: createLog('ERROR', { write: () => undefined }) });
  const withPart = options.withPart ?? withPartOf(pool);
  const app = express();
  app.get('/attachments/:link', attachmentHandler({ seal, withPart, ...options }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    store: createLinkStore({ issuer, seal, withPart }),
    pool,
    passSeconds(seconds) {
      now += seconds * 1000;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await pool.close();
    },
  };
}

export const withoutBytes = async () => expect.unreachable('publishing a link reads nothing');

/** @returns the link of the part */
export async function publishLink(app: LinkApp, reference: AttachmentRef): Promise<string> {
  const attached = { ...reference, filename: 'a', contentType: 'x/y', sizeBytes: 1 };
  return (await app.store.publish(attached, withoutBytes)) ?? expect.unreachable();
}
