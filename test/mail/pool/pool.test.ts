/** Tests the pool with scripted IMAP servers; pool.servers.test.ts tests it with a real server. */
import { afterEach, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { updateFlags } from '../../../src/mail/messages/change.ts';
import type { PoolLimits } from '../../../src/mail/pool/limits.ts';
import { createImapPool, type ImapPool } from '../../../src/mail/pool/pool.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const pools: ImapPool[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe('a pool', () => {
  test('at the overall limit, with all connections in use, the next account waits until one is free', async () => {
    await using server = await startScriptedImap(() => undefined);
    const pool = newPool({ overall: 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = pool.withConnection(onServer(server, 'ada'), () => promise);
    const second = pool.withConnection(onServer(server, 'bob'), async () => 'served');
    resolve();
    await first;
    expect(await second).toBe('served');
  });

  test('serves the calls that wait in the order of their arrival, without another login', async () => {
    await using server = await startScriptedImap(() => undefined);
    const [pool, account] = [newPool({ perAccount: 1 }), onServer(server)];
    const served: number[] = [];
    const used = await Promise.all(
      [0, 1, 2, 3].map((n) =>
        pool.withConnection(account, async (imap) => {
          served.push(n);
          await imap.run('NOOP');
          return imap;
        }),
      ),
    );
    expect(served).toEqual([0, 1, 2, 3]);
    expect(new Set(used).size).toBe(1);
  });

  test('at the overall limit serves the call that waited longest, regardless of its account', async () => {
    await using server = await startScriptedImap(() => undefined);
    const pool = newPool({ overall: 1 });
    const [a, b] = [onServer(server, 'a'), onServer(server, 'b')];
    const { promise, resolve } = Promise.withResolvers<void>();
    const served: string[] = [];
    const serve = (name: string) => async () => void served.push(name);
    const all = [
      pool.withConnection(a, () => promise),
      pool.withConnection(b, serve('b')),
      pool.withConnection(a, serve('a')),
    ];
    resolve();
    await Promise.all(all);
    expect(served).toEqual(['b', 'a']);
    expect(pool.size()).toEqual({ idle: 1, inUse: 0 });
  });

  test('refuses a call at once if too many of its account wait already', async () => {
    await using server = await startScriptedImap(() => undefined);
    const [pool, account] = [newPool({ perAccount: 1, maxWaiting: 1 }), onServer(server)];
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = pool.withConnection(account, () => promise);
    const second = pool.withConnection(account, async () => 'served');
    await expect(pool.withConnection(account, async () => undefined)).rejects.toMatchObject({ code: 'POOL_BUSY' });
    resolve();
    await first;
    expect(await second).toBe('served');
  });

  test('lets no call wait longer than the limit', async () => {
    await using server = await startScriptedImap(() => undefined);
    const [pool, account] = [newPool({ perAccount: 1, maxWaitMs: 50 }), onServer(server)];
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = pool.withConnection(account, () => promise);
    await expect(pool.withConnection(account, async () => undefined)).rejects.toMatchObject({
      fault: 'timeout',
      code: 'POOL_BUSY',
    });
    resolve();
    await first;
  });

  test('closes a connection in use when the pool is closed and the call takes too long', async () => {
    await using server = await startScriptedImap((command) => (command === 'NOOP' ? '' : undefined));
    const pool = newPool({ closeMs: 50 });
    const stuck = pool.withConnection(onServer(server), (imap) => imap.run('NOOP'));
    await waitUntil(20_000, () => server.commands.includes('NOOP'));
    await Promise.all([pool.close(), expect(stuck).rejects.toMatchObject({ fault: 'unreachable' })]);
  });
});

describe('a warm connection that the server has dropped', () => {
  test('is replaced before it is used', async () => {
    await using server = await startScriptedImap(() => undefined);
    const pool = newPool();
    await pool.withConnection(onServer(server), (imap) => imap.run('NOOP'));
    server.cut();
    await waitUntil(20_000, () => pool.size().idle === 0);
    await pool.withConnection(onServer(server), (imap) => imap.run('NOOP'));
    expect(server.connections()).toBe(2);
  });

  test('costs a reading call only time: the call is repeated once on a fresh connection', async () => {
    await using server = await droppingOnce(/^NOOP/);
    const pool = newPool();
    await pool.withConnection(onServer(server), async () => undefined);
    await pool.withConnection(onServer(server), (imap) => imap.run('NOOP'), { retry: true });
    expect(server.connections()).toBe(2);
  });

  test('does not repeat a call that did not ask for it', async () => {
    await using server = await droppingOnce(/^NOOP/);
    const pool = newPool();
    await pool.withConnection(onServer(server), async () => undefined);
    await expect(pool.withConnection(onServer(server), (imap) => imap.run('NOOP'))).rejects.toMatchObject({
      fault: 'unreachable',
    });
    expect(server.connections()).toBe(1);
  });

  test('does not repeat a call that may have changed something', async () => {
    await using server = await droppingOnce(/^UID STORE/, '* 1 FETCH (UID 1 FLAGS ())\nTAG OK');
    const pool = newPool();
    await pool.withConnection(onServer(server), async () => undefined);
    const change = pool.withConnection(
      onServer(server),
      (imap) => updateFlags(imap, 'INBOX', 1, { add: ['Seen'], remove: [] }),
      {
        retry: true,
      },
    );
    await expect(change).rejects.toMatchObject({ fault: 'unknown_outcome' });
    expect(server.commands.filter((command) => /STORE/.test(command))).toHaveLength(1);
  });

  test('repeats a call once and no more', async () => {
    await using server = await startScriptedImap((command, socket) => {
      if (command === 'NOOP') socket.destroy();
      return command === 'NOOP' ? '' : undefined;
    });
    const pool = newPool();
    await pool.withConnection(onServer(server), async () => undefined);
    await expect(
      pool.withConnection(onServer(server), (imap) => imap.run('NOOP'), { retry: true }),
    ).rejects.toMatchObject({
      fault: 'unreachable',
    });
    expect(server.connections()).toBe(2);
  });
});

describe('a server', () => {
  test('that has too many connections of other programs is tried again', async () => {
    let refusals = 2;
    await using server = await startScriptedImap((command) => {
      if (!command.startsWith('LOGIN') || refusals === 0) return undefined;
      refusals -= 1;
      return 'TAG NO [LIMIT] too many';
    });
    const pool = newPool({ fullRetryMs: 5 });
    expect(await pool.withConnection(onServer(server), async () => 'served')).toBe('served');
    expect(server.connections()).toBe(3);
  });

  test('that allows no further connection makes the calls share the open ones', async () => {
    let open = 0;
    await using server = await startScriptedImap((command, socket) => {
      if (!command.startsWith('LOGIN')) return undefined;
      if (open >= 1) return 'TAG NO [LIMIT] too many';
      open += 1;
      socket.on('close', () => {
        open -= 1;
      });
      return undefined;
    });
    const pool = newPool();
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        pool.withConnection(onServer(server), (imap) => imap.run('NOOP').then(() => n)),
      ),
    );
    expect(answers).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

function newPool(limits: Partial<PoolLimits> = {}): ImapPool {
  const pool = createImapPool({ pool: { closeMs: 1_000, ...limits }, log });
  pools.push(pool);
  return pool;
}

function onServer({ server }: ScriptedImap, username = 'ada'): MailAccount {
  const endpoint = { server, login: { kind: 'password' as const, username, password: 'secret' } };
  return { fullName: '', email: `${username}@example.test`, imap: endpoint, smtp: endpoint };
}

/** Closes the first connection at the command, and keeps later connections. */
function droppingOnce(command: RegExp, fetchAnswer?: string): Promise<ScriptedImap> {
  let isDropped = false;
  return startScriptedImap((line, socket) => {
    if (/^UID FETCH/.test(line)) return fetchAnswer;
    if (isDropped || !command.test(line)) return undefined;
    isDropped = true;
    socket.destroy();
    return '';
  });
}
