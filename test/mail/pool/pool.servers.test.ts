import { afterEach, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { connectImap, type ImapConnection } from '../../../src/mail/imap/imap-connection.ts';
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
  test('reuses the warm connection of an account, without another login', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const first = await pool.withConnection(account, async (imap) => imap);
    expect(await pool.withConnection(account, async (imap) => imap)).toBe(first);
    expect(pool.size()).toEqual({ idle: 1, inUse: 0 });
  });

  test('never gives one account the connection of another, not even with the same user and another password', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const mine = await pool.withConnection(account, async (imap) => imap);
    expect(await pool.withConnection(newAccount(), async (imap) => imap)).not.toBe(mine);
    await expect(pool.withConnection(withPassword(account, 'wrong'), async (imap) => imap)).rejects.toMatchObject({
      fault: 'credentials',
    });
    expect(pool.size()).toEqual({ idle: 2, inUse: 0 });
  });

  test('gives no connection to two calls at the same time, and opens no more than the limit of an account', async () => {
    const [pool, account] = [newPool({ perAccount: 2 }), newAccount()];
    let most = 0;
    const inUse = new Set<ImapConnection>();
    await Promise.all(
      Array.from({ length: 12 }, () =>
        pool.withConnection(account, async (imap) => {
          expect(inUse.has(imap)).toBe(false);
          inUse.add(imap);
          most = Math.max(most, inUse.size);
          await imap.run('NOOP');
          inUse.delete(imap);
        }),
      ),
    );
    expect(most).toBe(2);
    expect(pool.size()).toEqual({ idle: 2, inUse: 0 });
  });

  test('prefers the connection that has the wanted mailbox open', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const { promise: both, resolve } = Promise.withResolvers<void>();
    const open = (mailbox: string) =>
      pool.withConnection(account, async (imap) => {
        await imap.select(mailbox, { readOnly: true, fresh: false });
        if (pool.size().inUse === 2) resolve();
        await both;
        return imap;
      });
    const [drafts, sent] = await Promise.all([open('Drafts'), open('Sent')]);
    for (const [mailbox, imap] of [
      ['Drafts', drafts],
      ['Sent', sent],
      ['Drafts', drafts],
    ] as const) {
      expect(await pool.withConnection(account, async (imap) => imap, { mailbox })).toBe(imap);
    }
  });

  test('ends a connection that was not used for a while', async () => {
    const pool = newPool({ idleMs: 50 });
    await pool.withConnection(newAccount(), async () => undefined);
    await waitUntil(20_000, () => pool.size().idle === 0);
  });

  test('at the overall limit ends the connection unused for longest, regardless of its account', async () => {
    const pool = newPool({ overall: 2 });
    const [a, b, c] = [newAccount(), newAccount(), newAccount()];
    const ofA = await pool.withConnection(a, async (imap) => imap);
    const ofB = await pool.withConnection(b, async (imap) => imap);
    await pool.withConnection(c, async () => undefined);
    expect(pool.size()).toEqual({ idle: 2, inUse: 0 });
    expect(ofA.isUsable).toBe(false);
    expect(await pool.withConnection(b, async (imap) => imap)).toBe(ofB);
  });

  test('adopts a connection that was opened elsewhere', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const imap = await connectImap(account.imap);
    pool.adopt(account, imap);
    expect(await pool.withConnection(account, async (imap) => imap)).toBe(imap);
  });

  test('does not reuse a connection whose command has not ended', async () => {
    const [pool, account] = [newPool(), newAccount()];
    const first = await pool.withConnection(account, async (imap) => {
      void imap.run('NOOP').catch(() => undefined);
      return imap;
    });
    expect(await pool.withConnection(account, async (imap) => imap)).not.toBe(first);
  });

  test('ends every connection when it is closed, and opens none afterwards', async () => {
    const pool = newPool();
    const idle = await pool.withConnection(newAccount(), async (imap) => imap);
    await pool.close();
    expect(idle.isUsable).toBe(false);
    await expect(pool.withConnection(newAccount(), async () => undefined)).rejects.toMatchObject({ code: 'SHUTDOWN' });
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
      pool.withConnection(onServer(dead), async () => undefined).then(end, end);
    }
    await pool.withConnection(newAccount(), (imap) => listMessages(imap, 'INBOX', { page: 1, perPage: 20 }));
    expect(ended).toBe(0);
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
