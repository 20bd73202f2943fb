/** Downloads that read slowly, and the connections of the account that they take. */
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WithPart } from '../../src/attachments/links.ts';
import type { AttachmentRef } from '../../src/attachments/store.ts';
import { publishLink, startLinkApp } from '../support/app/link-app.ts';

const referenceOf = (username: string): AttachmentRef => ({
  imap: {
    server: { host: 'imap.example.test', port: 993, security: 'tls' },
    login: { kind: 'password', username, password: 'x' },
  },
  mailbox: 'INBOX',
  uidValidity: '1',
  uid: 1,
  part: '2',
});

/** Parts without an end. */
function endlessParts() {
  const running = new Map<string, number>();
  const withPart: WithPart = async ({ imap: { login } }, use) => {
    const add = (more: number) => running.set(login.username, (running.get(login.username) ?? 0) + more);
    add(1);
    const stream = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    return use({ stream, filename: 'a', contentType: 'x/y', sizeBytes: 1 }).finally(() => add(-1));
  };
  return { withPart, running: (username: string) => running.get(username) ?? 0 };
}

test.each([
  ['of one link', 'GET', 6],
  ['of many links', 'GET', 12],
  ['whose client reads nothing', 'GET', 3],
])('downloads %s leave half of the connections of the account to its calls', async (_what, method, count) => {
  const parts = endlessParts();
  await using app = await startLinkApp({ withPart: parts.withPart });
  const open = async (username: string) => {
    const { pathname, port, host } = new URL(await publishLink(app, referenceOf(username)));
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    socket.pause().write(`${method} ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return socket;
  };
  const slow = await Promise.all(Array.from({ length: count }, () => open('ann')));
  await sleep(300);
  expect(parts.running('ann')).toBe(2);
  slow.push(await open('bob'));
  await sleep(200);
  expect(parts.running('bob')).toBe(1);
  for (const socket of slow) socket.destroy();
});
