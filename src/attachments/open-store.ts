/** Opens the attachment store that the settings select: S3, or sealed links of this server. */
import { ConfigError } from '../errors.ts';
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

/** As checkBucket(), imported only where it is used. @throws {ConfigError} as openAttachmentStore() */
export async function checkStore(s3: NonNullable<Config['s3']>): ReturnType<typeof checkBucket> {
  const { checkBucket: check } = await importForS3(() => import('./check-bucket.ts'));
  return check(s3);
}

/** @throws {ConfigError} if S3 is set, and its packages are not installed */
export async function openAttachmentStore(options: StoreOptions): Promise<OpenedStore> {
  const { config, nameKey, seal, pool, now, log } = options;
  if (config.s3 !== undefined) {
    const { createS3Store } = await importForS3(() => import('./s3.ts'));
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

/** Imports a module only where S3 is set: the AWS SDK takes 15 MB of memory, and an installation may leave it out. */
async function importForS3<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new ConfigError(
      'AWS_S3_BUCKET is set, and the packages for S3 are not installed: install again without --omit=optional',
    );
  }
}
