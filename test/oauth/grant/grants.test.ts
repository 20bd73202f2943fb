import { describe, expect, test } from 'vitest';
import { createGrants, type ListedGrant } from '../../../src/oauth/grant/grants.ts';
import { accountOf, subjectOf } from '../../../src/oauth/sealed/identity.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../../src/oauth/sealed/sealed-types.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import { exampleServers, testKey } from '../../support/app/oauth-app.ts';

const account = (email: string) => accountOf({ name: '', email, imap: { password: 'secret' } }, exampleServers);
const [ada, bob] = [account('ada@example.com'), account('bob@example.com')];
const hour = 3_600_000;

function grantsAt(start: string) {
  const clock = { time: Date.parse(start) };
  const now = () => new Date(clock.time);
  const state = createMemoryState({ now });
  const silent = () => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const keyring = createKeyring({ current: testKey(1), previous: [] });
  const over = (keys: typeof keyring) => createGrants({ state, keyring: keys, now, log });
  const grant = (id: string, more: Partial<ListedGrant> = {}): ListedGrant => ({
    id,
    client: { jti: 'client', name: 'Claude' },
    redirectHost: 'claude.ai',
    scope: ['mail.read', 'mail.send'],
    powers: ['read', 'send'],
    recipients: ['colleague@example.com'],
    grantedAt: now(),
    until: new Date(clock.time + 90 * 24 * hour),
    ...more,
  });
  const tomorrow = () => new Date(clock.time + 24 * hour);
  return { clock, tomorrow, state, keyring, over, grants: over(keyring), grant };
}

describe('the grants of an account', () => {
  test('are listed for its owner as they were recorded, the latest first, and not for another account', async () => {
    const { tomorrow, clock, keyring, grants, grant } = grantsAt('2026-11-21T12:00:00Z');
    const first = grant('first', { recipients: undefined, redirectHost: undefined });
    await grants.record(subjectOf(keyring, ada), first, tomorrow());
    clock.time += hour;
    const second = grant('second');
    await grants.record(subjectOf(keyring, ada), second, tomorrow());
    expect(await grants.list(ada)).toEqual([second, first]);
    expect(await grants.list(bob)).toEqual([]);
  });

  test('are listed until the last of their tokens ends', async () => {
    const { clock, keyring, grants, grant } = grantsAt('2026-11-21T12:00:00Z');
    await grants.record(subjectOf(keyring, ada), grant('short'), new Date(clock.time + hour));
    clock.time += hour - 1000;
    expect(await grants.list(ada)).toHaveLength(1);
    clock.time += 1000;
    expect(await grants.list(ada)).toEqual([]);
  });

  test('are listed after a change of the key as long as the earlier key is in the keyring', async () => {
    const { tomorrow, keyring, over, grants, grant } = grantsAt('2026-11-21T12:00:00Z');
    await grants.record(subjectOf(keyring, ada), grant('old'), tomorrow());
    const rotated = over(createKeyring({ current: testKey(2), previous: [testKey(1)] }));
    expect((await rotated.list(ada)).map(({ id }) => id)).toEqual(['old']);
    await rotated.revokeAll(ada);
    expect(await grants.list(ada)).toEqual([]);
    expect(await over(createKeyring({ current: testKey(2), previous: [] })).list(ada)).toEqual([]);
  });

  test('are not listed after they were revoked, alone or with all others', async () => {
    const { tomorrow, clock, keyring, grants, grant } = grantsAt('2026-11-21T12:00:00Z');
    for (const id of ['a', 'b', 'c']) await grants.record(subjectOf(keyring, ada), grant(id), tomorrow());
    await grants.record(subjectOf(keyring, bob), grant('of bob'), tomorrow());
    await grants.revoke({ id: 'b' });
    expect((await grants.list(ada)).map(({ id }) => id).sort()).toEqual(['a', 'c']);
    clock.time += 1000;
    await grants.revokeAll(ada);
    expect(await grants.list(ada)).toEqual([]);
    clock.time += 1000;
    await grants.record(subjectOf(keyring, ada), grant('afterwards'), tomorrow());
    expect((await grants.list(ada)).map(({ id }) => id)).toEqual(['afterwards']);
    expect(await grants.list(bob)).toHaveLength(1);
  });

  test('end with all others even if the clock of the replica that issued them was ahead', async () => {
    const { tomorrow, clock, state, keyring, grants, grant } = grantsAt('2026-11-21T12:00:00Z');
    await grants.record(
      subjectOf(keyring, ada),
      grant('ahead', { grantedAt: new Date(clock.time + 30_000) }),
      tomorrow(),
    );
    await grants.revokeAll(ada);
    expect(await grants.list(ada)).toEqual([]);
    expect(await state.readMarks(['revoked:grant:ahead'])).toEqual([new Date(clock.time)]);
  });

  test('are not readable in the store', async () => {
    const { tomorrow, state, keyring, grants, grant } = grantsAt('2026-11-21T12:00:00Z');
    await grants.record(subjectOf(keyring, ada), grant('a'), tomorrow());
    const [note = ''] = await state.notes(`grants:${subjectOf(keyring, ada)}`);
    expect(note).not.toBe('');
    for (const word of ['colleague', 'Claude', 'claude.ai', 'mail.read']) expect(note).not.toContain(word);
  });

  describe('that were moved in the store', () => {
    async function written() {
      const all = grantsAt('2026-11-21T12:00:00Z');
      const { keyring, grants, grant, tomorrow, state } = all;
      const lists = { ada: `grants:${subjectOf(keyring, ada)}`, bob: `grants:${subjectOf(keyring, bob)}` };
      await grants.record(subjectOf(keyring, ada), grant('a'), tomorrow());
      const note = (await state.notesById(lists.ada)).get('a') ?? expect.unreachable();
      return { ...all, lists, note };
    }

    test('into the list of another account are not listed there', async () => {
      const { lists, note, state, grants, tomorrow } = await written();
      await state.note(lists.bob, 'a', note, tomorrow());
      expect(await grants.list(bob)).toEqual([]);
      expect(await grants.list(ada)).toHaveLength(1);
    });

    test('into the list of another account over a note of that account replace it by nothing', async () => {
      const { lists, note, state, keyring, grants, grant, tomorrow } = await written();
      await grants.record(subjectOf(keyring, bob), grant('b'), tomorrow());
      await state.note(lists.bob, 'b', note, tomorrow());
      expect(await grants.list(bob)).toEqual([]);
      await grants.revokeAll(bob);
      expect(await grants.list(ada)).toHaveLength(1);
    });

    test('under another id in the same list are not listed', async () => {
      const { lists, note, state, grants, grant, keyring, tomorrow } = await written();
      await grants.record(subjectOf(keyring, ada), grant('second'), tomorrow());
      await state.note(lists.ada, 'second', note, tomorrow());
      await state.note(lists.ada, 'a', 'nothing', tomorrow());
      expect(await grants.list(ada)).toEqual([]);
    });

    test('into the list of the same account under the earlier key are not listed there', async () => {
      const { note, state, over, tomorrow } = await written();
      const rotated = createKeyring({ current: testKey(2), previous: [testKey(1)] });
      await state.note(`grants:${subjectOf(rotated, bob)}`, 'a', note, tomorrow());
      expect(await over(rotated).list(bob)).toEqual([]);
    });
  });

  test('of the first release, whose notes do not say whose they are, are listed under their own id until they expire', async () => {
    const { clock, state, keyring, grants, tomorrow } = grantsAt('2026-11-21T12:00:00Z');
    const seconds = clock.time / 1000;
    const old = createTokens(createKeyring({ current: testKey(1), previous: [], layout: 1 })).grant;
    const client = { jti: 'client', name: 'Claude' };
    const content = { gid: 'old', client, scope: ['mail.read' as const], powers: ['read' as const] };
    const note = await old.seal(
      { ...content, granted_at: seconds, until: seconds + 3600 },
      new Date(clock.time),
      tomorrow(),
    );
    const list = `grants:${subjectOf(keyring, ada)}`;
    await state.note(list, 'old', note, tomorrow());
    await state.note(list, 'another', note, tomorrow());
    expect((await grants.list(ada)).map(({ id }) => id)).toEqual(['old']);
    clock.time += 24 * hour;
    await state.note(list, 'old', note, tomorrow());
    expect(await grants.list(ada)).toEqual([]);
  });
});

test.each(['one', 'all'])('%s: a revocation that could not forget an approval can be tried again', async (which) => {
  const { tomorrow, state, keyring, grants, grant } = grantsAt('2026-11-21T12:00:00Z');
  const listed = grant('first', { approval: 'a'.repeat(22) });
  await grants.record(subjectOf(keyring, ada), listed, tomorrow());
  await state.note(`provider:${listed.approval}`, 'refresh', 'sealed', tomorrow());
  const { removeNotes } = state;
  state.removeNotes = () => Promise.reject(new Error('no state'));
  const revoke = () => (which === 'one' ? grants.revoke(listed) : grants.revokeAll(ada));
  await expect(revoke()).rejects.toThrow('no state');
  expect(await grants.list(ada)).toHaveLength(1);
  state.removeNotes = removeNotes;
  await revoke();
  expect(await grants.list(ada)).toEqual([]);
  expect(await state.notes(`provider:${listed.approval}`)).toEqual([]);
});
