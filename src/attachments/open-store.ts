/** Opens the attachment store that the settings select: S3, or sealed links of this server. */
import type { Log } from '../log.ts';
import type { ImapPool } from '../mail/pool/pool.ts';
import type { Config } from '../settings/config.ts';
import type { checkBucket } from './check-bucket.ts';
import { attachmentHandler, createLinkStore, type LinkSeal, withPartOf } from './links.ts';
import type { AttachmentStore } from './store.ts';

export interface StoreOptions {
  config: Pick<Config, 's3' | 'issuer'>;
  /** The key of the hashes that name objects in S3: 32 bytes, the same in all replicas. */
  nameKey: Buffer;
  seal: LinkSeal;
  pool: Pick<ImapPool, 'withConnection'>;
  now: () => Date;
  log: Log;
}

export interface OpenedStore {
  store: AttachmentStore;
  /** Handles GET of a sealed link. Undefined with S3, which answers its URLs itself. */
  linkHandler: ReturnType<typeof attachmentHandler> | undefined;
  /** Ends the connections of the store. */
  close(): void;
}

/** As checkBucket(), imported only where it is used. */
export async function checkStore(s3: NonNullable<Config['s3']>): ReturnType<typeof checkBucket> {
  const { checkBucket: check } = await import('./check-bucket.ts');
  return check(s3);
}

export async function openAttachmentStore(options: StoreOptions): Promise<OpenedStore> {
  const { config, nameKey, seal, pool, now, log } = options;
  if (config.s3 !== undefined) {
    // Imported only with S3 configured: the AWS SDK takes 15 MB of memory.
    const { createS3Store } = await import('./s3.ts');
    const store = createS3Store({ s3: config.s3, nameKey, now, log });
    return { store, linkHandler: undefined, close: store.close };
  }
  const withPart = withPartOf(pool);
  return {
    store: createLinkStore({ issuer: config.issuer, seal, withPart }),
    linkHandler: attachmentHandler({ seal, withPart }),
    close: () => undefined,
  };
}
