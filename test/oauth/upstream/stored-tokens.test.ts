/** Keeps refresh tokens that are too long for a client's token in the state, under two keys, and attacks the records. */
import { describe, expect, test } from 'vitest';
import type { ProviderLogin } from '../../../src/mail/account.ts';
import { createKeyring, randomId } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens, custodySealer } from '../../../src/oauth/sealed/sealed-types.ts';
import { testKey } from '../../support/app/oauth-app.ts';
import {
  down,
  ended,
  LASTING,
  loginAt,
  ROTATING,
  startReplicas,
  tokenOf,
} from '../../support/oauth/provider-replicas.ts';

const LIST = `provider:${'a'.repeat(22)}`;

const inAnHour = () => new Date(Date.now() + 3_600_000);

/** A login whose refresh token is in the state. */
const storedAt = (signIn: ProviderLogin['signIn'], changes: Partial<ProviderLogin> = {}): ProviderLogin => {
  const { refreshToken: _refreshToken, ...login } = loginAt(signIn);
  return { ...login, custody: randomId(), ...changes };
};

async function startStored(signIn = ROTATING) {
  const replicas = startReplicas();
  const login = storedAt(signIn);
  await replicas.replica().deposit(login, 'R0');
  await replicas.replica().settle(login, inAnHour());
  const record = async (list = LIST) => (await replicas.state.notesById(list)).get('refresh') ?? '';
  return { ...replicas, login, record };
}

const lost = { service: 'Provider', fault: 'credentials', code: 'RECORD_LOST' };
const unreadable = { service: 'Provider', fault: 'refused', code: 'RECORD_UNREADABLE' };

describe('a refresh token in the state', () => {
  test.each([ROTATING, LASTING])('is used by all replicas, with one request; and written anew: %o', async (signIn) => {
    const { replica, login, requests, record } = await startStored(signIn);
    const [before, replicas] = [await record(), [replica(), replica()]];
    const calls = replicas.flatMap((one) => [1, 2, 3].map(() => tokenOf(one.get(login, 'mail'))));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['A1']));
    expect(await record()).not.toBe(before);
    expect(await replica().renew(login)).toEqual({});
    expect(await replica().renew(login)).toEqual({});
    expect(requests).toEqual(['R0 mail', 'R1 mail', 'R2 mail']);
  });

  test('of which the state could not take a newer one is used before the older one there', async () => {
    const { replica, login, requests, failing, repair } = await startStored();
    const access = replica();
    failing('replaceNote');
    await access.renew(login);
    repair();
    await access.renew(login);
    await replica().renew(login);
    expect(requests).toEqual(['R0 mail', 'R1 mail', 'R2 mail']);
  });

  test('PROV-04 of which the state could not take a newer one: what another replica has obtained meanwhile is newer', async () => {
    const { replica, login, requests, failing, repair } = await startStored();
    const [one, two] = [replica(), replica()];
    failing('replaceNote');
    await one.renew(login);
    repair();
    await two.renew(login);
    await one.renew(login);
    await two.renew(login);
    expect(requests).toEqual(['R0 mail', 'R0 mail', 'R2 mail', 'R3 mail']);
  });

  test.each([true, false])(
    'PROV-04 is not written back by an exchange of the code beside a refresh: shared %s',
    async (isShared) => {
      const { replica, login, requests, state, provider } = await startStored();
      Object.assign(state, { isShared });
      const one = replica();
      const two = isShared ? replica() : one;
      let settling: Promise<void> | undefined;
      provider.answer = () => {
        settling ??= two.settle(login, inAnHour());
        return undefined;
      };
      await one.renew(login);
      await settling;
      await two.renew(login);
      expect(requests).toEqual(['R0 mail', 'R1 mail']);
    },
  );

  test('stays for the time of its grant, however often it is written', async () => {
    const { replica, state, login } = await startStored();
    const ends: Date[] = [];
    const { replaceNote } = state;
    Object.assign(state, {
      replaceNote: (list: string, id: string, text: string, until: Date) => {
        ends.push(until);
        return replaceNote(list, id, text, until);
      },
    });
    await replica().renew(login);
    await replica().renew(login);
    for (const end of ends) expect(Math.abs(end.getTime() - inAnHour().getTime())).toBeLessThan(5000);
    expect(ends).toHaveLength(2);
  });

  test('has at the sign-in the limit of those that a refresh brings, so that the grant can be refreshed', async () => {
    const { replica } = startReplicas();
    const login = storedAt(LASTING);
    await replica().deposit(login, 'R'.repeat(27_998));
    await expect(replica().deposit(login, 'R'.repeat(27_999))).rejects.toThrow(RangeError);
    await expect(replica().deposit(login, '\u0001'.repeat(5_000))).rejects.toThrow(RangeError);
  });

  test('is used until a key is removed; a refresh seals it with the current key', async () => {
    const { replica, login } = await startStored();
    const [old, current] = [testKey(), testKey(2)];
    const lateReplica = replica(createKeyring({ current, previous: [] }));
    await expect(lateReplica.renew(login)).rejects.toMatchObject(unreadable);
    await replica(createKeyring({ current, previous: [old] })).renew(login);
    await lateReplica.renew(login);
    await expect(replica().renew(login)).rejects.toMatchObject(unreadable);
  });

  test('sealed by a clock that is ahead ends nothing; before TOKENS_NOT_BEFORE, the account owner signs in again', async () => {
    const { replica, login, state } = await startStored(ROTATING);
    const keyring = { current: testKey(), previous: [] };
    const early = replica(createKeyring({ ...keyring, notBefore: new Date(Date.now() + 5000) }));
    await expect(early.renew(login)).rejects.toMatchObject(lost);
    const sealer = custodySealer(createKeyring(keyring), { approval: login.approval, custody: login.custody ?? '' });
    const note = { approval: login.approval, kind: 'refresh' as const, value: 'R0' };
    await state.note(LIST, 'refresh', await sealer.seal(note, inAnHour()), inAnHour());
    await expect(replica().renew(login)).rejects.toMatchObject(unreadable);
  });
});

describe('PROV-11 a record that is lost or cannot be reached', () => {
  test('lost: the account owner signs in again, and nothing is requested', async () => {
    const { replica, login, state, requests } = await startStored();
    await state.removeNotes(LIST);
    await expect(replica().get(login, 'mail')).rejects.toMatchObject(lost);
    await expect(replica().renew(login)).rejects.toMatchObject(lost);
    await expect(replica().settle(login, inAnHour())).rejects.toMatchObject(lost);
    expect(requests).toEqual([]);
  });

  test.each(['notesById', 'claim'] as const)(
    'out of reach (%s): the call can be repeated, and nothing ends',
    async (method) => {
      const { replica, login, failing, repair, requests } = await startStored();
      failing(method);
      const fault = { service: 'Redis', fault: 'unreachable', code: 'STORED_LOGIN' };
      await expect(replica().get(login, 'mail')).rejects.toMatchObject(fault);
      await expect(replica().renew(login)).rejects.toMatchObject(fault);
      expect(requests).toEqual([]);
      repair();
      expect(await tokenOf(replica().get(login, 'mail'))).toBe('A1');
    },
  );

  test('an access token that is known is used meanwhile', async () => {
    const { replica, login, failing } = await startStored();
    const access = replica();
    await access.get(login, 'mail');
    failing('notesById', 'claim', 'note', 'replaceNote', 'release');
    expect(await tokenOf(access.get(login, 'mail'))).toBe('A1');
  });

  test('an outage of the provider changes no record, and its refusal is that of every login', async () => {
    const { replica, login, provider, record } = await startStored();
    const before = await record();
    provider.answer = () => Promise.reject(down());
    await expect(replica().renew(login)).rejects.toMatchObject({ fault: 'unreachable' });
    provider.answer = () => Promise.reject(ended());
    await expect(replica().renew(login)).rejects.toMatchObject({ fault: 'credentials', code: 'invalid_grant' });
    expect(await record()).toBe(before);
  });

  test('one that is removed while the provider is asked is not written again', async () => {
    const { replica, login, provider, state, record } = await startStored();
    provider.answer = () => {
      void state.removeNotes(LIST);
      return undefined;
    };
    await expect(replica().renew(login)).rejects.toMatchObject(lost);
    expect(await record()).toBe('');
  });
});

describe('PROV-12 neither the state nor the key nor a token opens a record alone', () => {
  const keyring = createKeyring({ current: testKey(), previous: [] });

  test('with the state and the key, no note of the approval can be read', async () => {
    const { replica, login, state } = await startStored();
    await replica().get(login, 'mail');
    const notes = [...(await state.notesById(LIST))];
    expect(notes.map(([kind]) => kind).sort()).toEqual(['mail', 'refresh']);
    const { approval } = login;
    const sealers = [
      ...Object.values(createTokens(keyring)),
      ...['', 'a'.repeat(22), randomId()].map((custody) => custodySealer(keyring, { approval, custody })),
      custodySealer(keyring, { approval: 'b'.repeat(22), custody: login.custody ?? '' }),
      custodySealer(createKeyring({ current: testKey(2), previous: [] }), { approval, custody: login.custody ?? '' }),
    ];
    for (const [, text] of notes) {
      for (const sealer of sealers) await expect(sealer.inspect(text)).rejects.toThrow('not valid');
      expect(Buffer.from(text, 'base64url').toString('latin1')).not.toMatch(/R0|R1|A1/);
    }
    const right = custodySealer(keyring, { approval, custody: login.custody ?? '' });
    expect(await right.inspect(notes.find(([kind]) => kind === 'refresh')?.[1] ?? '')).toMatchObject({ value: 'R1' });
  });

  test.each<[string, (record: string, other: string) => string]>([
    ['the record of another grant', (_record, other) => other],
    ['a shortened record', (record) => record.slice(0, -9)],
    ['a record with other bytes', (record) => record.replace(/.{20}$/, 'A'.repeat(20))],
    ['an empty record', () => ''],
    ['a text', () => 'nonsense'],
    ['a record under the key alone', () => SEALED_BY_KEY.text],
  ])(
    '%s in its place opens nothing and asks the provider nothing: the account owner signs in again',
    async (_what, changed) => {
      SEALED_BY_KEY.text = await createTokens(keyring).providerToken.seal(
        { approval: 'a'.repeat(22), kind: 'refresh', value: 'forged' },
        new Date(),
      );
      const { replica, login, state, record, requests } = await startStored();
      const other = storedAt(ROTATING, { approval: 'b'.repeat(22) });
      await replica().deposit(other, 'other');
      const right = await record();
      await state.note(LIST, 'refresh', changed(right, await record(`provider:${other.approval}`)), inAnHour());
      await expect(replica().get(login, 'mail')).rejects.toMatchObject(lost);
      await expect(replica().renew(login)).rejects.toMatchObject(lost);
      expect(requests).toEqual([]);
      await state.note(LIST, 'refresh', right, inAnHour());
      expect(await tokenOf(replica().get(login, 'mail'))).toBe('A1');
    },
  );

  test('the token of another grant, a token without its key, and an access token as a refresh token open nothing', async () => {
    const { replica, login, state, requests } = await startStored();
    await expect(replica().renew({ ...login, custody: randomId() })).rejects.toMatchObject(lost);
    await expect(replica().renew({ ...login, approval: 'b'.repeat(22) })).rejects.toMatchObject(lost);
    await replica().get(login, 'mail');
    await state.note(LIST, 'refresh', (await state.notesById(LIST)).get('mail') ?? '', inAnHour());
    await expect(replica().renew(login)).rejects.toMatchObject(lost);
    expect(requests).toEqual(['R0 mail']);
  });
});

const SEALED_BY_KEY = { text: '' };
