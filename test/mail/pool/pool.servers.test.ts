import { afterEach, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { connectImap, type Imap } from '../../../src/mail/imap/connection.ts';
import { updateFlags } from '../../../src/mail/messages/change.ts';
import { listMessages } from '../../../src/mail/messages/list.ts';
import type { PoolLimits } from '../../../src/mail/pool/limits.ts';
import { createImapPool, type ImapPool } from '../../../src/mail/pool/pool.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, withPassword } from '../../support/mail/accounts.ts';
import { type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const pools: ImapPool[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe('a pool', () => {
  test('lends the same warm connection again, without another login', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const first = await pool.withImap(account, async (imap) => imap);
    expect(await pool.withImap(account, async (imap) => imap)).toBe(first);
    expect(pool.size()).toEqual({ idle: 1, leased: 0 });
  });

  test('never lends one account the connection of another, not even with the same user and another password', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const mine = await pool.withImap(account, async (imap) => imap);
    expect(await pool.withImap(newAccount(), async (imap) => imap)).not.toBe(mine);
    await expect(pool.withImap(withPassword(account, 'wrong'), async (imap) => imap)).rejects.toMatchObject({
      fault: 'credentials',
    });
    expect(pool.size()).toEqual({ idle: 2, leased: 0 });
  });

  test('lends no connection to two at the same time, and opens no more than the limit of an account', async () => {
    const [pool, account] = [newPool({ perAccount: 2 }), newAccount()];
    let most = 0;
    const inUse = new Set<Imap>();
    await Promise.all(
      Array.from({ length: 12 }, () =>
        pool.withImap(account, async (imap) => {
          expect(inUse.has(imap)).toBe(false);
          inUse.add(imap);
          most = Math.max(most, inUse.size);
          await imap.run('NOOP');
          inUse.delete(imap);
        }),
      ),
    );
    expect(most).toBe(2);
    expect(pool.size()).toEqual({ idle: 2, leased: 0 });
  });

  test('prefers the connection that has the wanted mailbox open', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const { promise: both, resolve } = gate();
    const open = (mailbox: string) =>
      pool.withImap(account, async (imap) => {
        await imap.select(mailbox, { readOnly: true, fresh: false });
        if (pool.size().leased === 2) resolve();
        await both;
        return imap;
      });
    const [drafts, sent] = await Promise.all([open('Drafts'), open('Sent')]);
    for (const [mailbox, imap] of [
      ['Drafts', drafts],
      ['Sent', sent],
      ['Drafts', drafts],
    ] as const) {
      expect(await pool.withImap(account, async (leased) => leased, { mailbox })).toBe(imap);
    }
  });

  test('ends a connection that nobody used for a while', async () => {
    const pool = newPool({ idleMs: 50 });
    await pool.withImap(newAccount(), async () => undefined);
    await waitUntil(20_000, () => pool.size().idle === 0);
  });

  test('at the overall limit closes the connection unused for longest, whosever it is', async () => {
    const pool = newPool({ overall: 2 });
    const [a, b, c] = [newAccount(), newAccount(), newAccount()];
    const ofA = await pool.withImap(a, async (imap) => imap);
    const ofB = await pool.withImap(b, async (imap) => imap);
    await pool.withImap(c, async () => undefined);
    expect(pool.size()).toEqual({ idle: 2, leased: 0 });
    expect(ofA.isUsable).toBe(false);
    expect(await pool.withImap(b, async (imap) => imap)).toBe(ofB);
  });

  test('at the overall limit, with all of them lent out, the next account waits for one to come back', async () => {
    const pool = newPool({ overall: 1 });
    const { promise, resolve } = gate();
    const first = pool.withImap(newAccount(), () => promise);
    const second = pool.withImap(newAccount(), async () => 'served');
    resolve();
    await first;
    expect(await second).toBe('served');
  });

  test('does not keep a caller waiting for ever', async () => {
    const [pool, account] = [newPool({ perAccount: 1, waitMs: 50 }), newAccount()];
    const { promise, resolve } = gate();
    const first = pool.withImap(account, () => promise);
    await expect(pool.withImap(account, async () => undefined)).rejects.toMatchObject({
      fault: 'timeout',
      code: 'POOL_BUSY',
    });
    resolve();
    await first;
  });

  test('keeps a connection that somebody else opened', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const imap = await connectImap(account.imap);
    pool.adopt(account, imap);
    expect(await pool.withImap(account, async (leased) => leased)).toBe(imap);
  });

  test('does not lend a connection again whose command has not ended', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const first = await pool.withImap(account, async (imap) => {
      void imap.run('NOOP').catch(() => undefined);
      return imap;
    });
    expect(await pool.withImap(account, async (imap) => imap)).not.toBe(first);
  });

  test('ends every connection when it is closed, and lends none afterwards', async () => {
    const pool = newPool();
    const idle = await pool.withImap(newAccount(), async (imap) => imap);
    await pool.close();
    expect(idle.isUsable).toBe(false);
    await expect(pool.withImap(newAccount(), async () => undefined)).rejects.toMatchObject({ code: 'SHUTDOWN' });
  });

  test('cuts a lent connection when it is closed and the caller takes too long', async () => {
    await using server = await startScriptedImap((command) => (command === 'NOOP' ? '' : undefined));
    const pool = newPool({ closeMs: 50 });
    const stuck = pool.withImap(onServer(server), (imap) => imap.run('NOOP'));
    await waitUntil(20_000, () => server.commands.includes('NOOP'));
    await Promise.all([pool.close(), expect(stuck).rejects.toMatchObject({ fault: 'unreachable' })]);
  });
});

describe('a warm connection that the server has dropped', () => {
  test('is replaced before it is lent', async () => {
    await using server = await startScriptedImap(() => undefined);
    const pool = newPool();
    await pool.withImap(onServer(server), (imap) => imap.run('NOOP'));
    server.cut();
    await waitUntil(20_000, () => pool.size().idle === 0);
    await pool.withImap(onServer(server), (imap) => imap.run('NOOP'));
    expect(server.connections()).toBe(2);
  });

  test('costs a reading call nothing but time: it is repeated once on a fresh one', async () => {
    await using server = await droppingOnce(/^NOOP/);
    const pool = newPool();
    await pool.withImap(onServer(server), async () => undefined);
    await pool.withImap(onServer(server), (imap) => imap.run('NOOP'), { retry: true });
    expect(server.connections()).toBe(2);
  });

  test('is no reason to repeat a call that did not ask for it', async () => {
    await using server = await droppingOnce(/^NOOP/);
    const pool = newPool();
    await pool.withImap(onServer(server), async () => undefined);
    await expect(pool.withImap(onServer(server), (imap) => imap.run('NOOP'))).rejects.toMatchObject({
      fault: 'unreachable',
    });
    expect(server.connections()).toBe(1);
  });

  test('is no reason to repeat what may have changed something', async () => {
    await using server = await droppingOnce(/^UID STORE/, '* 1 FETCH (UID 1 FLAGS ())\nTAG OK');
    const pool = newPool();
    await pool.withImap(onServer(server), async () => undefined);
    const change = pool.withImap(
      onServer(server),
      (imap) => updateFlags(imap, 'INBOX', 1, { add: ['Seen'], remove: [] }),
      {
        retry: true,
      },
    );
    await expect(change).rejects.toMatchObject({ fault: 'unknown_outcome' });
    expect(server.commands.filter((command) => /STORE/.test(command))).toHaveLength(1);
  });

  test('is repeated once and no more', async () => {
    await using server = await startScriptedImap((command, socket) => {
      if (command === 'NOOP') socket.destroy();
      return command === 'NOOP' ? '' : undefined;
    });
    const pool = newPool();
    await pool.withImap(onServer(server), async () => undefined);
    await expect(pool.withImap(onServer(server), (imap) => imap.run('NOOP'), { retry: true })).rejects.toMatchObject({
      fault: 'unreachable',
    });
    expect(server.connections()).toBe(2);
  });
});

describe('one slow or dead server', () => {
  test('does not slow another account down', async () => {
    await using dead = await startScriptedImap(() => '', { greeting: '' });
    const pool = newPool({ closeMs: 0 }, { connectMs: 60_000 });
    let ended = 0;
    for (let n = 0; n < 8; n += 1) {
      const end = () => {
        ended += 1;
      };
      pool.withImap(onServer(dead), async () => undefined).then(end, end);
    }
    await pool.withImap(newAccount(), (imap) => listMessages(imap, 'INBOX', { page: 1, perPage: 20 }));
    expect(ended).toBe(0);
  });

  test('that allows no further connection makes callers share the ones there are', async () => {
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
      Array.from({ length: 6 }, (_, n) => pool.withImap(onServer(server), (imap) => imap.run('NOOP').then(() => n))),
    );
    expect(answers).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

function newPool(limits: Partial<PoolLimits> = {}, imapLimits: { connectMs?: number } = {}): ImapPool {
  const pool = createImapPool({ pool: { closeMs: 1_000, ...limits }, limits: imapLimits, log });
  pools.push(pool);
  return pool;
}

function onServer({ server }: ScriptedImap): MailAccount {
  const endpoint = { server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } };
  return { fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint };
}

/** Cuts the first connection when the command comes; later connections live. */
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

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve };
}
