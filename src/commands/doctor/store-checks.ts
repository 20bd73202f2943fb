/** Checks S3 and Redis with the settings of the server. */
import { checkStore } from '../../attachments/open-store.ts';
import type { Config } from '../../settings/config.ts';
import { inspectRedis } from '../../state/open-state.ts';
import type { Check } from './check.ts';

export async function checkS3(s3: Config['s3']): Promise<Check[]> {
  const name = 'S3';
  if (s3 === undefined)
    return [{ name, status: 'skipped', says: 'is not set: this server serves attachments itself.' }];
  const fault = await checkStore(s3);
  return [
    fault === undefined
      ? { name, status: 'ok', says: `put, got and deleted an object in ${s3.bucket}.` }
      : { name, status: 'failed', says: fault.sentence },
  ];
}

export async function checkRedis({ redisUrl, replicas }: Pick<Config, 'redisUrl' | 'replicas'>): Promise<Check[]> {
  const name = 'Redis';
  if (redisUrl === undefined) {
    return replicas > 1
      ? [{ name, status: 'failed', says: 'is not set, and there are several replicas.', remedy: 'Set REDIS_URL.' }]
      : [{ name, status: 'skipped', says: 'is not set: the state is in the memory of the server.' }];
  }
  const found = await inspectRedis(redisUrl);
  if ('fault' in found) {
    const remedy = 'Check REDIS_URL: host, port, user name, password, and rediss:// for TLS.';
    return [{ name, status: 'failed', says: `does not answer (${found.fault}).`, remedy }];
  }
  const { pingMs, persistence, eviction } = found;
  return [
    { name, status: 'ok', says: `answers in ${pingMs} ms.` },
    persistence === 'none'
      ? {
          name: 'Redis persistence',
          status: 'warning',
          says: 'is off: a restart of Redis forgets denied clients, revocations and counts.',
          remedy: 'Set appendonly yes.',
        }
      : { name: 'Redis persistence', status: persistence === 'unknown' ? 'skipped' : 'ok', says: WORDS[persistence] },
    ...(eviction === 'noeviction' || eviction === undefined
      ? []
      : [
          {
            name: 'Redis memory',
            status: 'warning' as const,
            says: `maxmemory-policy is ${eviction}: marks may be removed before their end.`,
            remedy: 'Set maxmemory-policy noeviction.',
          },
        ]),
  ];
}

const WORDS = { aof: 'is on (append-only file).', rdb: 'is on (snapshots).', unknown: 'Redis does not say.' } as const;
