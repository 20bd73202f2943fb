import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createS3Store, type S3Options } from '../../src/attachments/s3.ts';
import type { Attached, WithBytes } from '../../src/attachments/store.ts';
import { ToolError, UpstreamError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { freePort } from '../support/servers/ports.ts';
import { startCuttableProxy } from '../support/servers/proxies.ts';
import { testServers } from '../support/servers/servers.ts';

const nameKey = randomBytes(32);
const week = 7 * 24 * 3600;

interface TestStore extends Disposable {
  store: ReturnType<typeof createS3Store>;
  logged: string[];
}

function s3Store(options: { s3?: Partial<S3Options['s3']>; now?: () => Date; nameKey?: Buffer } = {}): TestStore {
  const logged: string[] = [];
  const store = createS3Store({
    s3: { ...testServers().s3, forcePathStyle: true, ...options.s3 },
    nameKey: options.nameKey ?? nameKey,
    now: options.now ?? (() => new Date()),
    log: createLog('DEBUG', { write: (line) => void logged.push(line) }),
  });
  return { store, logged, [Symbol.dispose]: () => store.close() };
}

function attachment(changes: Partial<Attached> = {}): Attached {
  const { imap } = newAccount();
  const described = { filename: 'a.pdf', contentType: 'application/pdf', sizeBytes: 1 };
  return { imap, mailbox: 'INBOX', uidValidity: '7', uid: 1, part: '2', ...described, ...changes };
}

const withBytesOf =
  (...chunks: Buffer[]): WithBytes =>
  (use) =>
    use(Readable.from(chunks, { objectMode: false }));

const reader = { imap: attachment().imap };

test('an attachment becomes a URL that returns its bytes for seven days, as a file with its name', async () => {
  using s3 = s3Store();
  const content = randomBytes(100_000);
  const url = await s3.store.publish(attachment({ filename: 'März 🎌.pdf' }), withBytesOf(content));
  const response = await fetch(url ?? expect.unreachable());
  expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  expect(response.headers.get('content-type')).toBe('application/pdf');
  expect(response.headers.get('content-disposition')).toMatch(
    /^attachment; .*filename\*=UTF-8''M%C3%A4rz%20%F0%9F%8E%8C\.pdf/,
  );
  expect(new URL(url ?? '').searchParams.get('X-Amz-Expires')).toBe(String(week));
});

test('an attachment larger than one part of an upload is stored completely, and an empty one too', async () => {
  using s3 = s3Store();
  const chunks = Array.from({ length: 13 }, () => randomBytes(1_000_000));
  // The size that the server reports may be wrong.
  for (const sizeBytes of [13_000_000, 1]) {
    const url = await s3.store.publish(attachment({ sizeBytes }), withBytesOf(...chunks));
    const response = await fetch(url ?? expect.unreachable());
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.concat(chunks))).toBe(true);
  }
  const empty = await s3.store.publish(attachment(), withBytesOf());
  expect((await (await fetch(empty ?? expect.unreachable())).arrayBuffer()).byteLength).toBe(0);
});

test('an attachment is uploaded once, however often its message is read', async () => {
  using s3 = s3Store();
  const one = attachment();
  await s3.store.publish(one, withBytesOf(Buffer.from('x')));
  const url = await s3.store.publish(one, () => expect.unreachable('it was read again'));
  expect(await (await fetch(url ?? expect.unreachable())).text()).toBe('x');
});

test('the same part of another mailbox, message, UIDVALIDITY or account is another file', async () => {
  using s3 = s3Store();
  const one = attachment();
  const others = [
    {},
    { uid: 2 },
    { part: '3' },
    { mailbox: 'Sent' },
    { uidValidity: '8' },
    { imap: newAccount().imap },
  ];
  const paths = new Set<string>();
  for (const change of others) {
    const url = await s3.store.publish({ ...one, ...change }, withBytesOf(Buffer.from('x')));
    paths.add(new URL(url ?? '').pathname);
  }
  expect(paths.size).toBe(others.length);
});

test('a URL lives no longer than the grant, and never longer than a week', async () => {
  using s3 = s3Store({ now: () => new Date('2026-01-01T00:00:00Z') });
  const livesUntil = async (notAfter: string) => {
    const url = await s3.store.publish(attachment(), withBytesOf(Buffer.from('x')), new Date(notAfter));
    return Number(new URL(url ?? '').searchParams.get('X-Amz-Expires'));
  };
  expect(await livesUntil('2026-01-01T00:01:40Z')).toBe(100);
  expect(await livesUntil('2027-01-01T00:00:00Z')).toBe(week);
  // The grant has ended during the call.
  expect(await livesUntil('2025-12-31T23:59:59Z')).toBe(1);
});

test('the name of an object reveals nothing, and cannot be guessed without the key', async () => {
  const one = attachment({ filename: 'layoffs.pdf' });
  using s3 = s3Store();
  using other = s3Store({ nameKey: randomBytes(32) });
  const url = new URL((await s3.store.publish(one, withBytesOf(Buffer.from('x')))) ?? '');
  const otherUrl = new URL((await other.store.publish(one, withBytesOf(Buffer.from('x')))) ?? '');
  expect(url.pathname).toMatch(/^\/attachments\/attachments\/[\w-]{22}\/[\w-]{43}$/);
  expect(url.pathname).not.toBe(otherUrl.pathname);
  expect(url.href).not.toContain('layoffs');
});

test('a published URL can be attached', async () => {
  using s3 = s3Store();
  const url = await s3.store.publish(
    attachment({ filename: 'März.txt', contentType: 'text/plain' }),
    withBytesOf(Buffer.from('the text')),
  );
  const file = await s3.store.fetchOwn(url ?? '', reader, 100);
  expect({ ...file, content: file.content.toString() }).toEqual({
    filename: 'März.txt',
    contentType: 'text/plain',
    content: 'the text',
  });
  await expect(s3.store.fetchOwn(url ?? '', reader, 7)).rejects.toThrow('too large');
});

test('no other URL is ever fetched, nor a changed one of ours', async () => {
  using s3 = s3Store();
  const url = new URL((await s3.store.publish(attachment(), withBytesOf(Buffer.from('x')))) ?? '');
  const changed = (parts: Partial<Pick<URL, 'hostname' | 'port' | 'pathname'>>) =>
    Object.assign(new URL(url), parts).href;
  const signed = (name: string, value: string) => {
    const copy = new URL(url);
    copy.searchParams.set(name, value);
    return copy.href;
  };
  const refused = [
    'https://example.com/attachments/x',
    'file:///etc/passwd',
    'not a url',
    '',
    `${url.origin}${url.pathname}`,
    changed({ hostname: '127.0.0.1' }),
    changed({ port: '1' }),
    changed({ pathname: url.pathname.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }),
    changed({ pathname: '/attachments/other/key' }),
    changed({ pathname: '/other-bucket/attachments/key' }),
    signed('X-Amz-Signature', '0'.repeat(64)),
    signed('X-Amz-Signature', ''),
    signed('X-Amz-Expires', '604799'),
    signed('X-Amz-Expires', '1e9'),
    signed('X-Amz-Date', '20990101T000000Z'),
    signed('X-Amz-Date', 'yesterday'),
  ];
  for (const one of refused) {
    await expect(s3.store.fetchOwn(one, reader, 100), one).rejects.toBeInstanceOf(ToolError);
  }
});

test('an expired URL is refused, even while the object exists', async () => {
  using s3 = s3Store();
  const url = await s3.store.publish(attachment(), withBytesOf(Buffer.from('x')));
  using later = s3Store({ now: () => new Date(Date.now() + (week + 60) * 1000) });
  await expect(later.store.fetchOwn(url ?? '', reader, 100)).rejects.toThrow('expired');
});

test('a store that is down or refuses results in no URL within a few seconds, and the log has the cause without a secret', async () => {
  using down = s3Store({ s3: { endpoint: `http://localhost:${await freePort()}` } });
  using refusing = s3Store({ s3: { secretAccessKey: 'a wrong secret' } });
  const startedAt = performance.now();
  for (const { store, logged } of [down, refusing]) {
    expect(
      await store.publish(attachment(), () =>
        expect.unreachable('the part was read although the store cannot take it'),
      ),
    ).toBeNull();
    expect(logged.join()).toContain('attachment not published');
    expect(logged.join()).not.toMatch(/wrong secret|throw-away-secret|@example/);
  }
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

test('a store that hangs results in no URL within five seconds', async () => {
  const { endpoint } = testServers().s3;
  await using proxy = await startCuttableProxy({ target: { host: '127.0.0.1', port: Number(new URL(endpoint).port) } });
  using s3 = s3Store({ s3: { endpoint: `http://localhost:${proxy.port}` } });
  proxy.freeze();
  const startedAt = performance.now();
  expect(await s3.store.publish(attachment(), withBytesOf(Buffer.from('x')))).toBeNull();
  // It takes 4 s, and more on a busy machine. Without the limit it would take 45 s.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

test('a part whose stream fails midway is not published, and is read again the next time', async () => {
  using s3 = s3Store();
  const one = attachment();
  const broken: WithBytes = (use) =>
    use(
      Readable.from(
        (function* () {
          yield randomBytes(6_000_000);
          throw new Error('the mail server has gone');
        })(),
        { objectMode: false },
      ),
    );
  expect(await s3.store.publish(one, broken)).toBeNull();
  const url = await s3.store.publish(one, withBytesOf(Buffer.from('whole')));
  expect(await (await fetch(url ?? expect.unreachable())).text()).toBe('whole');
});
test('if the store is down when a file is attached, the error names S3 and says that nothing was sent', async () => {
  const { endpoint } = testServers().s3;
  const proxy = await startCuttableProxy({ target: { host: '127.0.0.1', port: Number(new URL(endpoint).port) } });
  using s3 = s3Store({ s3: { endpoint: `http://localhost:${proxy.port}` } });
  const url = await s3.store.publish(attachment(), withBytesOf(Buffer.from('x')));
  expect((await s3.store.fetchOwn(url ?? '', reader, 100)).content.toString()).toBe('x');
  await proxy[Symbol.asyncDispose]();
  const failure = await s3.store.fetchOwn(url ?? '', reader, 100).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UpstreamError);
  expect(failure).toMatchObject({ service: 'S3', fault: 'unreachable' });
  expect(String(failure)).toContain('Nothing was sent');
});
