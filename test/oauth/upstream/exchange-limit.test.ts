import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createExchangeLimit, type ExchangeLimit } from '../../../src/oauth/upstream/exchange-limit.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import { testKey } from '../../support/app/oauth-app.ts';

const ONE = '2001:db8::1';
const SAME_NETWORK = '2001:db8::2';
const OTHER = '192.0.2.1';

/** The limit on two replicas, and exchanges that end with a fault. */
function createAttempts() {
  const clock = { now: new Date('2026-11-21T12:00:00Z') };
  const now = () => clock.now;
  const state = createMemoryState({ now });
  const keyring = createKeyring({ current: testKey(), previous: [] });
  const [one, two] = [1, 2].map(() => createExchangeLimit({ state, keyring, now })) as [ExchangeLimit, ExchangeLimit];
  let asked = 0;
  let attempts = 0;
  const attempt = (address: string, fault?: UpstreamError['fault']): Promise<string> =>
    (attempts++ % 2 === 0 ? one : two)
      .within(address, async () => {
        asked += 1;
        if (fault !== undefined) throw new UpstreamError('Provider', fault, 'No.');
        return 'issued';
      })
      .catch((error: { wait?: { status: number } }) => String(error.wait?.status ?? fault));
  return {
    attempt,
    failing: () =>
      Object.assign(state, { count: () => Promise.reject(new UpstreamError('Redis', 'unreachable', 'No.')) }),
    asked: () => asked,
    advance: (seconds: number) => {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
    },
  };
}

describe('exchanges that the provider refuses', () => {
  test.each(['credentials', 'refused'] as const)(
    '(%s) have a limit for each network and minute, beyond which the provider is not asked',
    async (fault) => {
      const { attempt, asked, advance } = createAttempts();
      for (let count = 0; count < 30; count++) expect(await attempt(ONE, fault)).toBe(fault);
      expect([await attempt(SAME_NETWORK), asked()]).toEqual(['429', 30]);
      expect(await attempt(OTHER)).toBe('issued');
      advance(60);
      expect(await attempt(ONE)).toBe('issued');
    },
  );

  test.each([undefined, 'unreachable', 'timeout'] as const)('others (%s) do not count', async (fault) => {
    const { attempt } = createAttempts();
    for (let count = 0; count < 40; count++) await attempt(ONE, fault);
    expect(await attempt(ONE)).toBe('issued');
  });

  test('without the state the provider is not asked; an exchange that has succeeded stays so', async () => {
    const { attempt, asked, failing } = createAttempts();
    const late = attempt(ONE);
    await Promise.resolve();
    failing();
    expect([await late, await attempt(ONE), asked()]).toEqual(['issued', 'undefined', 1]);
  });

  test('many at once are not all admitted, and one that ends in a later minute takes nothing from it', async () => {
    const { attempt, asked, advance } = createAttempts();
    const limit = Array.from({ length: 40 }, () => attempt(ONE, 'credentials'));
    expect([(await Promise.all(limit)).filter((one) => one === '429').length, asked()]).toEqual([10, 30]);
    const late = attempt(OTHER);
    advance(60);
    await late;
    for (let count = 0; count < 30; count++) await attempt(OTHER, 'refused');
    expect(await attempt(OTHER)).toBe('429');
  });
});
