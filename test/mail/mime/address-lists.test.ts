/** Address lists whose parsing could take quadratic time. */
import { expect, test } from 'vitest';
import { parseAddressList } from '../../../src/mail/mime/addresses.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';
import { hostileAddressLists } from '../../support/hostile-requests.ts';

const MAX_CHARS = 32_000;

/** The least of three, without the work of the compiler and the garbage collector that happens to fall into one. */
async function leastMs(list: string): Promise<number> {
  const parse = () => {
    try {
      parseAddressList(list, 'to');
    } catch {
      // Refused lists have to be refused quickly too.
    }
  };
  return Math.min(await cpuMs(parse), await cpuMs(parse), await cpuMs(parse));
}

test.each(Object.entries(hostileAddressLists))(
  'a list of the greatest length is parsed in little time: %s',
  async (_name, listOf) => {
    // At most 20 ms on an idle machine; quadratic time is more than 500 ms.
    expect(await leastMs(listOf(MAX_CHARS))).toBeLessThan(150);
  },
);

test.each([
  ['(((a@b.example))) ann@a.example', ['ann@a.example']],
  ['(a (b@c.example) d) ann@a.example, bob@a.example', ['ann@a.example', 'bob@a.example']],
  ['"quoted ) @ (" <ann@a.example>', ['ann@a.example']],
  ['(a \\) @ b) ann@a.example', ['ann@a.example']],
])('at signs in comments and quotes belong to no address: %s', (list, addresses) => {
  const parsed = parseAddressList(list, 'to').map((entry) => ('address' in entry ? entry.address : undefined));
  expect(parsed).toEqual(addresses);
});
