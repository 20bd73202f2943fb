/** Proves the rows of docs/troubleshooting.md about settings, reverse proxies, S3 and Redis. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkBucket } from '../../../src/attachments/check-bucket.ts';
import { checkPublicUrl } from '../../../src/commands/doctor/public-url-checks.ts';
import { checkRedis } from '../../../src/commands/doctor/store-checks.ts';
import { ConfigError } from '../../../src/errors.ts';
import { readConfig } from '../../../src/settings/config.ts';
import { startApp } from '../../support/app/start-app.ts';
import { unusedPort } from '../../support/mail/faulty-servers.ts';
import { type ProxyFault, startReverseProxy } from '../../support/servers/misbehaving-proxy.ts';
import { startRefusingS3, startStandInRedis } from '../../support/servers/stand-in-stores.ts';
import { documentedFaults } from './documented-faults.ts';

interface Fault extends ProxyFault {
  trustProxy?: '1';
  /** The server has a `BASE_URL` of its own. */
  isElsewhere?: true;
}

const PROXIES: Readonly<Record<string, Fault>> = {
  'is not running': {},
  'passes only /mcp': { answer: (path) => (/^\/(?:mcp|health|ready)/.test(path) ? undefined : { status: 404 }) },
  'redirects to another URL': {
    answer: (path) =>
      path.startsWith('/.well-known') ? { status: 301, location: 'https://www.example.com/' } : undefined,
  },
  'leads to a server with another BASE_URL': { isElsewhere: true },
  'replaces the Host header': {
    onRequest: (headers) => {
      headers.host = 'internal:3000';
    },
  },
  'removes the Authorization header': { onRequest: (headers) => void delete headers.authorization },
  'refuses large headers': {
    answer: (_path, headers) => (JSON.stringify(headers).length > 8_192 ? { status: 431 } : undefined),
  },
  'adds X-Forwarded-For, without TRUST_PROXY': { onRequest: addForwarded },
  'adds no X-Forwarded-For, with TRUST_PROXY=1': { trustProxy: '1' },
  'removes X-Forwarded-For, with TRUST_PROXY=1': {
    trustProxy: '1',
    onRequest: (headers) => void delete headers['x-forwarded-for'],
  },
  'has a clock that is ten minutes late': {
    onAnswer: (headers) => {
      headers.date = new Date(Date.parse(headers.date ?? '') - 600_000).toUTCString();
    },
  },
};

function addForwarded(headers: NodeJS.Dict<string | string[]>): void {
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? '203.0.113.9' : `${before}, 203.0.113.9`;
}

const asDocumented = (text: string | undefined, { origin, host }: { origin: string; host: string }) =>
  text
    ?.replaceAll(origin, 'URL')
    .replaceAll(host, 'HOST')
    // The seconds of a Date are whole.
    .replace(/\b60[0-3] seconds/, '600 seconds');

async function behind(fault: Fault) {
  await using proxy = await startReverseProxy(fault);
  const environment = {
    ...(fault.isElsewhere ? {} : { BASE_URL: proxy.origin }),
    ...(fault.trustProxy && { TRUST_PROXY: fault.trustProxy }),
  };
  await using app = await startApp(environment);
  proxy.leadTo(app.port);
  const checks = await checkPublicUrl(proxy.origin, fault.trustProxy !== undefined, () => new Date());
  const found = checks.map(({ name, says, remedy, status }) => ({
    ...{ name, status, says: asDocumented(says, proxy), remedy: asDocumented(remedy, proxy) },
  }));
  await fetch(`${proxy.origin}/mcp`, { method: 'POST', headers: { authorization: 'Bearer x' } });
  return { found, reasons: app.requests().map(({ reason }) => asDocumented(String(reason ?? ''), proxy)) };
}

describe.concurrent('a reverse proxy that', () => {
  const rows = documentedFaults('proxies');

  test('is in the table has a stand-in', ({ expect }) => {
    expect(rows.map((row) => row['a proxy that'])).toEqual(Object.keys(PROXIES));
  });

  test.for(rows.slice(1))('$name: $check $sentence', async (row, { expect }) => {
    const { found, reasons } = await behind(PROXIES[row['a proxy that'] ?? ''] ?? {});
    const failed = found.find(({ name }) => name === row.check);
    expect(failed).toEqual({ name: row.check, status: 'failed', says: row.sentence, remedy: row.remedy });
    if (row['reason in the log'] !== '') expect(reasons).toContain(row['reason in the log']);
  });

  test('is not running does not answer', async ({ expect }) => {
    const { port } = await unusedPort();
    const [row] = rows;
    expect(await checkPublicUrl(`http://localhost:${port}`, false, () => new Date())).toEqual([
      { name: `BASE_URL http://localhost:${port}`, status: 'failed', says: row?.sentence, remedy: row?.remedy },
    ]);
  });

  test.each<[string, Fault]>([
    ['passes everything', {}],
    ['extends X-Forwarded-For, and is trusted', { trustProxy: '1', onRequest: addForwarded }],
  ])('%s has no fault', async (_what, fault) => {
    const { found } = await behind(fault);
    expect(found.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(found).toHaveLength(7);
  });
});

describe.concurrent('S3', () => {
  test.for(documentedFaults('s3'))('$name: $sentence', async (row, { expect }) => {
    const code = row['the service answers'] ?? '';
    await using s3 = await startRefusingS3(code);
    const { port } = code === 'ECONNREFUSED' ? await unusedPort() : s3;
    const bucket = { bucket: 'letters', region: 'us-east-1', accessKeyId: 'a', secretAccessKey: 'b' };
    const fault = await checkBucket({ ...bucket, endpoint: `http://localhost:${port}`, forcePathStyle: true });
    expect(fault).toEqual({ code, sentence: row.sentence });
  });
});

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

const REDIS: Readonly<Record<string, (command: string) => string | undefined>> = {
  'is not running': () => undefined,
  'wants a password': () => '-NOAUTH Authentication required.\r\n',
  'keeps nothing': (command) => replyOf(command, 'maxmemory_policy:noeviction\r\naof_enabled:0', ''),
  'removes keys when its memory is full': (command) =>
    replyOf(command, 'maxmemory_policy:allkeys-lru\r\naof_enabled:1', '3600 1'),
};

function replyOf(command: string, info: string, save: string): string | undefined {
  if (command === 'PING') return '+PONG\r\n';
  if (command.startsWith('INFO')) return bulk(`redis_version:8.0.0\r\nloading:0\r\n${info}`);
  return command === 'CONFIG GET SAVE' ? `*2\r\n${bulk('save')}${bulk(save)}` : undefined;
}

describe('Redis', () => {
  test.for(documentedFaults('redis'))('that $redis: $check $sentence', async (row, { expect }) => {
    const name = row.redis ?? '';
    await using redis = await startStandInRedis(REDIS[name] ?? (() => undefined));
    const { port } = name === 'is not running' ? await unusedPort() : redis;
    const checks = await checkRedis({ redisUrl: `redis://localhost:${port}`, replicas: 1 });
    expect(checks).toContainEqual({ name: row.check, status: row.status, says: row.sentence, remedy: row.remedy });
  });

  test('is required for several replicas', async ({ expect }) => {
    expect(await checkRedis({ redisUrl: undefined, replicas: 2 })).toMatchObject([{ status: 'failed' }]);
  });
});

describe('a wrong setting', () => {
  test.for(documentedFaults('settings'))('$setting is one sentence', (row, { expect }) => {
    const [name = '', ...value] = (row.setting ?? '').split('=');
    const env = { BASE_URL: 'https://mail.example.com', ENCRYPTION_KEY: randomBytes(32).toString('base64') };
    const sentences = () => {
      try {
        readConfig({ ...env, [name]: value.join('=') });
        return [];
      } catch (error) {
        return error instanceof ConfigError ? error.message.split('\n') : [String(error)];
      }
    };
    expect(sentences()).toContain(row.sentence);
  });

  test.each(['1', '10.0.0.0/8', 'loopback, 192.168.0.1', '10.0.0.0/255.0.0.0', 'fd00::/8'])(
    'TRUST_PROXY=%s is none',
    (value) => {
      const env = { BASE_URL: 'https://mail.example.com', ENCRYPTION_KEY: randomBytes(32).toString('base64') };
      expect(readConfig({ ...env, TRUST_PROXY: value }).trustProxy).toBe(value === '1' ? 1 : value);
    },
  );
});
