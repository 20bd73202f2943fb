/** Checks how often the form at /admin tries mail servers. */
import { expect, test } from 'vitest';
import type { probeServers } from '../../src/mail/probe/probe.ts';
import { createFormMint } from '../../src/minting/form-mint.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createMemoryState } from '../../src/state/memory.ts';
import { testKey } from '../support/app/oauth-app.ts';

const flags = { imapHost: 'imap.example.com', smtpHost: 'smtp.example.com' };

test('ADMIN-06 servers are tried 60 times in an hour; minting without that is not limited', async () => {
  let tried = 0;
  const probe: typeof probeServers = async ({ imap, smtp }) => {
    tried += 1;
    return [
      { service: 'imap', server: imap, passed: ['DNS'] },
      { service: 'smtp', server: smtp, passed: ['DNS'] },
    ];
  };
  const now = () => new Date('2026-11-21T12:00:00Z');
  const keyring = createKeyring({ current: testKey(), previous: [] });
  const form = createFormMint({ keyring, now, state: createMemoryState({ now }), probe });
  for (let attempt = 0; attempt < 59; attempt++) await form.check(flags);
  expect(await form.mint(flags)).toHaveProperty('minted');
  for (const attempt of [() => form.check(flags), () => form.mint(flags)]) {
    expect(await attempt()).toEqual({
      faults: [{ flag: 'probe', sentence: expect.stringContaining('60 times in an hour are the most') }],
      tried: [],
    });
  }
  expect(tried).toBe(60);
  expect(await form.mint({ ...flags, probe: false })).toHaveProperty('minted');
  expect(await form.check({ missive: true })).toEqual({ faults: [], tried: [] });
});
