import { expect, test } from 'vitest';
import { everydayMailbox } from '../../bench/everyday/everyday-mailbox.ts';
import { longThreadMailbox } from '../../bench/everyday/long-thread.ts';

test('the everyday mailbox has the same bytes in every run', async () => {
  const [first, second] = [await everydayMailbox(), await everydayMailbox()];
  expect(second).toEqual(first);
});

test('the everyday mailbox has some 400 messages of the past year, in ten folders', async () => {
  const { messages, now } = await everydayMailbox();
  expect(messages.length).toBeGreaterThan(350);
  expect(new Set(messages.map(({ folder }) => folder)).size).toBe(10);
  const times = messages.map(({ arrivedAt }) => arrivedAt.getTime());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBeLessThan(now.getTime());
  expect(times[0]).toBeGreaterThan(now.getTime() - 366 * 86_400_000);
});

test('no sample mailbox names a domain that could be registered', async () => {
  const { messages } = await everydayMailbox();
  const text = Buffer.concat(messages.map(({ raw }) => raw))
    .toString()
    .replaceAll('=\r\n', '');
  const domains = [...text.matchAll(/(?:@|https:\/\/)([\w-]+(?:\.[\w-]+)+)/g)].map(([, domain = '']) => domain);
  expect(domains.length).toBeGreaterThan(1_000);
  expect([...new Set(domains)].filter((domain) => !/\.(?:example|test)$/.test(domain))).toEqual([]);
});

test('each letter of the long thread quotes all letters before it', async () => {
  const { messages } = await longThreadMailbox(5);
  const last = messages.at(-1)?.raw.toString() ?? '';
  expect([1, 2, 3, 4, 5].map((n) => last.includes(`Point ${n} of the list`))).toEqual([true, true, true, true, true]);
});
