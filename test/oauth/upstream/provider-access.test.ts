/** Obtains access tokens at a provider that answers as a test says, on one replica and on two that share their state. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../../src/log.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { removeApprovalNotes } from '../../../src/oauth/upstream/approval-notes.ts';
import { createProviderAccess } from '../../../src/oauth/upstream/provider-access.ts';
import { createUpstream } from '../../../src/oauth/upstream/upstream.ts';
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

/** Replicas, and a sign-in at a provider that replaces refresh tokens. */
async function startRotating(options: Parameters<typeof startReplicas>[0] = {}) {
  const replicas = startReplicas(options);
  await replicas.replica().deposit(loginAt(ROTATING), 'R0');
  return replicas;
}

const lost = { service: 'Provider', fault: 'credentials', code: 'RECORD_LOST' };
const unreadable = { service: 'Provider', fault: 'refused', code: 'RECORD_UNREADABLE' };

describe('one request at a time', () => {
  test('PROV-03 calls that come together share one request and its token, and later ones the token', async () => {
    const { replica, requests } = startReplicas({ isShared: false });
    const access = replica();
    const login = loginAt(LASTING);
    const tokens = await Promise.all([1, 2, 3, 4].map(() => tokenOf(access.get(login, 'mail'))));
    expect(new Set(tokens)).toEqual(new Set(['A1']));
    expect(await access.get(login, 'mail')).toMatchObject({ token: 'A1', isNew: false });
    expect(requests).toEqual(['R0 mail']);
  });

  test('calls that come together share one failure, and the next call asks again', async () => {
    const { replica, requests, provider } = startReplicas({ isShared: false });
    const access = replica();
    provider.answer = () => Promise.reject(down());
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => access.get(loginAt(LASTING), 'mail')));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(requests).toHaveLength(1);
    provider.answer = () => undefined;
    expect(await tokenOf(access.get(loginAt(LASTING), 'mail'))).toBe('A2');
  });

  test('two resources of an approval are obtained one after another, each with the newest refresh token', async () => {
    const { replica, requests } = await startRotating({ isShared: false });
    const access = replica();
    await Promise.all([access.get(loginAt(ROTATING), 'mail'), access.get(loginAt(ROTATING), 'graph')]);
    expect(requests).toEqual(['R0 mail', 'R1 graph']);
  });

  test('approvals do not wait for each other, and share no token', async () => {
    const { replica, requests, provider } = startReplicas({ isShared: false });
    const access = replica();
    provider.answer = (token) => (token === 'slow' ? new Promise(() => undefined) : undefined);
    void access.get(loginAt(LASTING, { approval: 'b'.repeat(22), refreshToken: 'slow' }), 'mail');
    expect(await tokenOf(access.get(loginAt(LASTING), 'mail'))).toBe('A2');
    expect(requests).toEqual(['slow mail', 'R0 mail']);
  });

  test('calls during a renewal use its token', async () => {
    const { replica, requests } = await startRotating({ isShared: false });
    const access = replica();
    const [renewed, token] = await Promise.all([
      access.renew(loginAt(ROTATING)),
      tokenOf(access.get(loginAt(ROTATING), 'mail')),
    ]);
    expect([renewed.refreshToken, token]).toEqual(['R1', 'A1']);
    expect(requests).toEqual(['R0 mail']);
  });

  test.each([
    ['replaces refresh tokens', ROTATING],
    ['leaves them valid', LASTING],
  ])('PROV-03 two replicas make one request, where the provider %s', async (_what, signIn) => {
    const { replica, requests } = await startRotating();
    const replicas = [replica(), replica()];
    const calls = replicas.flatMap((one) => [1, 2, 3].map(() => tokenOf(one.get(loginAt(signIn), 'mail'))));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['A1']));
    expect(requests).toEqual(['R0 mail']);
  });
});

describe('a token that a server has refused', () => {
  test('is replaced, and its note of another replica is not used again', async () => {
    const { replica, requests } = await startRotating();
    const [one, two] = [replica(), replica()];
    const login = loginAt(ROTATING);
    const first = await tokenOf(one.get(login, 'mail'));
    expect(await two.get(login, 'mail')).toMatchObject({ token: first, isNew: false });
    two.discard(login, 'mail', first);
    expect(await two.get(login, 'mail')).toMatchObject({ token: 'A2', isNew: true });
    one.discard(login, 'mail', first);
    expect(await tokenOf(one.get(login, 'mail'))).toBe('A2');
    expect(requests).toEqual(['R0 mail', 'R1 mail']);
  });

  test('by several calls is replaced once', async () => {
    const { replica, requests } = startReplicas({ isShared: false });
    const access = replica();
    const login = loginAt(LASTING);
    const first = await tokenOf(access.get(login, 'mail'));
    const again = [1, 2, 3].map(() => {
      access.discard(login, 'mail', first);
      return tokenOf(access.get(login, 'mail'));
    });
    expect(await Promise.all(again)).toEqual(['A2', 'A2', 'A2']);
    access.discard(login, 'mail', first);
    expect(await tokenOf(access.get(login, 'mail'))).toBe('A2');
    expect(requests).toHaveLength(2);
  });
});

describe('refresh tokens that are replaced', () => {
  test('PROV-04 the newest one is used, whatever the token of the client holds, also after a restart with the same state', async () => {
    const { replica, requests } = await startRotating();
    const login = loginAt(ROTATING);
    await replica().renew(login);
    await replica().renew(login);
    expect(requests).toEqual(['R0 mail', 'R1 mail']);
  });

  test('PROV-04 none is used that the state does not have: the account owner signs in again', async () => {
    const { replica, requests, state } = await startRotating();
    const login = loginAt(ROTATING);
    await replica().renew(login);
    await removeApprovalNotes(state, login.approval, new Date(Date.now() + 3_600_000));
    // As an attachment link does that was made before.
    await expect(replica().get(login, 'mail')).rejects.toMatchObject(lost);
    await expect(replica().renew(login)).rejects.toMatchObject(lost);
    expect(requests).toEqual(['R0 mail']);
    expect(await state.notes(`provider:${login.approval}`)).toEqual([]);
  });

  test('PROV-04 a replica that cannot read the newest one uses no older one, and ends nothing; nonsense is a loss', async () => {
    const { replica, requests, state } = await startRotating();
    const [old, current] = [testKey(), testKey(2)];
    const login = loginAt(ROTATING);
    const renewed = replica(createKeyring({ current, previous: [old] }));
    await replica().renew(login);
    await renewed.renew(login);
    await expect(replica().renew(login)).rejects.toMatchObject(unreadable);
    await renewed.renew(login);
    await state.note(`provider:${login.approval}`, 'refresh', 'nonsense', new Date(Date.now() + 3_600_000));
    await expect(renewed.renew(login)).rejects.toMatchObject(lost);
    expect(requests).toEqual(['R0 mail', 'R1 mail', 'R2 mail']);
  });

  test('the one of the sign-in is kept, and its access token is not requested again', async () => {
    const { replica, requests } = await startRotating();
    const login = loginAt(ROTATING);
    await replica().keep(login, { accessToken: 'first', refreshToken: 'R0', lifetimeSeconds: 3600 });
    expect(await tokenOf(replica().get(login, 'mail'))).toBe('first');
    expect(requests).toEqual([]);
  });

  test('PROV-04 without the state nothing is requested: an older one could end the approval', async () => {
    const { replica, requests, failing, repair } = await startRotating();
    const access = replica();
    failing('notesById', 'note', 'claim');
    const fault = { service: 'Redis', code: 'STORED_LOGIN' };
    await expect(access.get(loginAt(ROTATING), 'mail')).rejects.toMatchObject(fault);
    await expect(access.renew(loginAt(ROTATING))).rejects.toMatchObject(fault);
    expect(requests).toEqual([]);
    repair();
    expect(await tokenOf(access.get(loginAt(ROTATING), 'mail'))).toBe('A1');
  });

  test('nothing is requested while it is unknown whether another replica does', async () => {
    const { replica, requests, failing } = await startRotating();
    failing('claim');
    await expect(replica().get(loginAt(ROTATING), 'mail')).rejects.toMatchObject({ service: 'Redis' });
    expect(requests).toEqual([]);
  });

  test('PROV-04 one that the state has not taken is used before the older one there, and written later', async () => {
    const { replica, requests, failing, repair, lines } = await startRotating();
    const [one, two] = [replica(), replica()];
    const login = loginAt(ROTATING);
    await one.renew(login);
    failing('replaceNote');
    expect(await one.renew(login)).toEqual({ refreshToken: 'R2' });
    expect(lines.join()).toContain('in the memory of this process alone');
    repair();
    await one.renew(login);
    await two.renew(login);
    expect(requests).toEqual(['R0 mail', 'R1 mail', 'R2 mail', 'R3 mail']);
  });
});

test('without a registration, a call gets a sentence and ends nothing, and the log names the settings', async () => {
  const { state } = await startRotating();
  const lines: string[] = [];
  const access = createProviderAccess({
    upstream: createUpstream({ issuer: 'https://mail.example.com', registrations: {} }),
    ...{ state, now: () => new Date(), keyring: createKeyring({ current: testKey(), previous: [] }) },
    log: createLog('WARN', { write: (line) => void lines.push(line) }),
  });
  const fault = {
    fault: 'refused',
    message: 'This server is not registered at Google: its operator has to repair that.',
  };
  await expect(access.get(loginAt(LASTING), 'mail')).rejects.toMatchObject(fault);
  await expect(access.renew(loginAt(LASTING))).rejects.toMatchObject(fault);
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toContain('set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET');
});

describe('refresh tokens that stay valid', () => {
  test('are used without the state', async () => {
    const { replica, failing } = startReplicas();
    failing('notesById', 'note', 'claim', 'release');
    const access = replica();
    expect(await tokenOf(access.get(loginAt(LASTING), 'mail'))).toBe('A1');
    expect(await access.renew(loginAt(LASTING))).toEqual({ refreshToken: 'R2' });
  });

  test('are not written to the state', async () => {
    const { replica, state } = startReplicas();
    await replica().renew(loginAt(LASTING));
    expect([...(await state.notesById(`provider:${'a'.repeat(22)}`)).keys()]).toEqual(['mail']);
  });

  test('a remembered one that has expired does not end the approval of a client that has a newer one', async () => {
    const { replica, requests, provider } = startReplicas({ isShared: false });
    const access = replica();
    await access.renew(loginAt(LASTING));
    provider.answer = (token) => (token === 'R1' ? Promise.reject(ended()) : undefined);
    expect(await access.renew(loginAt(LASTING, { refreshToken: 'R7' }))).toEqual({ refreshToken: 'R3' });
    expect(requests).toEqual(['R0 mail', 'R1 mail', 'R7 mail']);
  });

  test('an approval that has ended is reported, and asked about once', async () => {
    const { replica, requests, provider } = startReplicas();
    provider.answer = () => Promise.reject(ended());
    await expect(replica().renew(loginAt(LASTING))).rejects.toMatchObject({ fault: 'credentials' });
    expect(requests).toHaveLength(1);
  });
});

describe('notes in the state', () => {
  test('have no token in clear text', async () => {
    const { replica, state } = await startRotating();
    await replica().renew(loginAt(ROTATING));
    const texts = await state.notes(`provider:${'a'.repeat(22)}`);
    expect(texts).toHaveLength(2);
    for (const text of texts) expect(text).not.toMatch(/^[AR]1$/);
  });

  test('PROV-04 mean nothing for another approval, or as another kind', async () => {
    const { replica, state, requests } = await startRotating();
    const [from, to] = [`provider:${'a'.repeat(22)}`, `provider:${'b'.repeat(22)}`];
    await replica().renew(loginAt(ROTATING));
    const until = new Date(Date.now() + 3_600_000);
    for (const [id, text] of await state.notesById(from)) await state.note(to, id, text, until);
    await state.note(to, 'graph', (await state.notesById(from)).get('mail') ?? '', until);
    const other = loginAt(ROTATING, { approval: 'b'.repeat(22), refreshToken: 'other' });
    await expect(replica().get(other, 'graph')).rejects.toMatchObject(lost);
    expect(requests).toEqual(['R0 mail']);
    await replica().deposit(other, 'other');
    expect(await tokenOf(replica().get(other, 'graph'))).toBe('A2');
    expect(await tokenOf(replica().get(other, 'mail'))).toBe('A3');
    expect(requests.slice(1)).toEqual(['other graph', 'R2 mail']);
  });

  test.each([
    [ROTATING, expect.objectContaining(lost)],
    [LASTING, { refreshToken: 'R1' }],
  ])('written while the grant is revoked do not stay: %o', async (signIn, outcome) => {
    const { replica, state, provider } = await startRotating();
    provider.answer = () => {
      void removeApprovalNotes(state, 'a'.repeat(22), new Date(Date.now() + 3_600_000));
      return undefined;
    };
    expect(
      await replica()
        .renew(loginAt(signIn))
        .catch((error: unknown) => error),
    ).toEqual(outcome);
    expect(await state.notes(`provider:${'a'.repeat(22)}`)).toEqual([]);
  });

  test('nonsense in the place of an access token is ignored', async () => {
    const { replica, state, requests } = await startRotating();
    await state.note(`provider:${'a'.repeat(22)}`, 'mail', 'nonsense', new Date(Date.now() + 3_600_000));
    expect(await tokenOf(replica().get(loginAt(ROTATING), 'mail'))).toBe('A1');
    expect(requests).toEqual(['R0 mail']);
  });
});

test('PROV-02 an access token that is refused is not kept, and the refresh token that came with it is', async () => {
  const { replica, requests, provider } = await startRotating();
  const login = loginAt(ROTATING);
  provider.answer = () =>
    Promise.resolve({ accessToken: 'other', refreshToken: 'R1', scope: 'openid', lifetimeSeconds: 3600 });
  await expect(replica().get(login, 'mail')).rejects.toMatchObject({ fault: 'refused', code: 'MISSING_SCOPE' });
  provider.answer = () => undefined;
  expect(await tokenOf(replica().get(login, 'mail'))).toBe('A2');
  expect(requests).toEqual(['R0 mail', 'R1 mail']);
});

describe('how long a token is used', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['an hour', 3600, 3539, 3541],
    ['60 seconds', 60, 44, 46],
    ['four seconds', 4, 2, 4],
  ])('one of %s is not used shortly before its end, on any replica', async (_what, lifetimeSeconds, used, unused) => {
    const { replica, provider, requests } = startReplicas();
    provider.lifetimeSeconds = lifetimeSeconds;
    const [one, two] = [replica(), replica()];
    await one.get(loginAt(LASTING), 'mail');
    vi.advanceTimersByTime(used * 1000);
    expect(await tokenOf(one.get(loginAt(LASTING), 'mail'))).toBe('A1');
    expect(await tokenOf(two.get(loginAt(LASTING), 'mail'))).toBe('A1');
    vi.advanceTimersByTime((unused - used) * 1000);
    expect(await tokenOf(two.get(loginAt(LASTING), 'mail'))).toBe('A2');
    expect(await tokenOf(one.get(loginAt(LASTING), 'mail'))).toBe('A2');
    expect(requests).toHaveLength(2);
  });

  test('one that expires is reported with its end, also if another replica has obtained it', async () => {
    const { replica } = startReplicas();
    await replica().get(loginAt(LASTING), 'mail');
    vi.advanceTimersByTime(600_000);
    const { expiresAtMs } = await replica().get(loginAt(LASTING), 'mail');
    expect(Math.abs((expiresAtMs - performance.now()) / 1000 - 3000)).toBeLessThan(2);
  });

  test('one that a provider issues with no lifetime left is used for its call alone', async () => {
    const { replica, provider, requests } = startReplicas();
    provider.lifetimeSeconds = 0;
    const access = replica();
    await access.get(loginAt(LASTING), 'mail');
    await access.get(loginAt(LASTING), 'mail');
    expect(requests).toHaveLength(2);
  });
});
