/** Tests searches on servers that ignore the text of a search, as public reports describe QQ Mail. */
import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type ScriptedImap, startScriptedImap } from '../../support/mail/scripted-imap.ts';

const SUBJECTS: Readonly<Record<number, string>> = { 10: 'Invoice', 20: 'Harbour', 30: 'Lunch' };
const UIDS = [10, 20, 30];

/** @param answer the UIDs that a search finds */
function serverWith(
  answer: (criteria: string) => readonly number[],
  capabilities = 'IMAP4rev1',
): Promise<ScriptedImap> {
  return startScriptedImap(
    (command) => {
      const [, criteria] = /^UID SEARCH (?:RETURN \(ALL\) )?(.*)$/.exec(command) ?? [];
      if (criteria !== undefined) {
        const found = answer(criteria);
        return capabilities.includes('ESEARCH')
          ? `* ESEARCH (TAG "TAG") UID ${found.length > 0 ? `ALL ${found.join(',')}` : ''}\nTAG OK done`
          : `* SEARCH ${found.join(' ')}\nTAG OK done`;
      }
      const [, set] = /^UID FETCH (\S+) /.exec(command) ?? [];
      if (set === undefined) return undefined;
      const wanted = set.split(',').flatMap((range) => {
        const [first = 0, last = first] = range.split(':').map(Number);
        return UIDS.filter((uid) => first <= uid && uid <= last);
      });
      const lines = wanted.map(
        (uid) =>
          `* ${UIDS.indexOf(uid) + 1} FETCH (UID ${uid} FLAGS () INTERNALDATE "01-Jan-2025 00:00:00 +0000" RFC822.SIZE 5 ENVELOPE (NIL "${SUBJECTS[uid]}" (("Ann Lee" NIL "ann" "a.test")) NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1))`,
      );
      return [...lines, 'TAG OK done'].join('\n');
    },
    { capabilities },
  );
}

async function search(server: ScriptedImap, args: Record<string, unknown>) {
  const endpoint = { server: server.server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } };
  await using tools = openMailTools({ fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint });
  const result = await tools.call('search_mail_messages', { folder: 'INBOX', ...args });
  return { ...result, searches: server.commands.filter((command) => command.startsWith('UID SEARCH')).length };
}

const IGNORED = { warning: expect.stringContaining('ignores the text of a search') };
const UNSUSPECTED = expect.not.objectContaining({ warning: expect.anything() });

describe('a server that ignores the text', () => {
  test.each([
    ['SUBJECT harbour'],
    ['FROM bob@b.test'],
    ['TEXT "no such words"'],
    ['BODY budget'],
    ['HEADER List-Id x'],
    ['OR SUBJECT a TEXT b'],
    ['NOT SUBJECT harbour'],
    ['SUBJECT "Größe"'],
  ])('is found out, and the result says so: %s', async (query) => {
    for (const capabilities of ['IMAP4rev1', 'IMAP4rev1 ESEARCH LITERAL+']) {
      await using server = await serverWith(() => UIDS, capabilities);
      // The bytes of a literal are a line of their own.
      expect(await search(server, { query, with_envelopes: false })).toMatchObject({ count: 3, ...IGNORED });
    }
  });

  test.each(['UNSEEN TEXT budget', 'SINCE 1-Jan-2025 BODY budget', 'TEXT budget LARGER 3'])(
    'is found out where other criteria narrow the result: %s',
    async (query) => {
      await using server = await serverWith(() => [10, 20]);
      expect(await search(server, { query, with_envelopes: false })).toMatchObject({ count: 2, ...IGNORED });
    },
  );

  test.each(['SUBJECT harbour UNSEEN', 'FROM bob UNSEEN', 'UNSEEN TO carol@c.test'])(
    'is found out by the newest row: %s',
    async (query) => {
      await using server = await serverWith(() => [10, 30], 'IMAP4rev1 ESEARCH');
      expect(await search(server, { query, with_envelopes: true })).toMatchObject(IGNORED);
    },
  );
});

describe('a server that looks at the text', () => {
  const honest = (criteria: string) => (/[0-9a-f]{24}/.test(criteria) ? [] : criteria.includes('ALL') ? UIDS : [20]);

  test.each([
    ['SUBJECT harbour', 1],
    ['TEXT "harbour lights"', 1],
    ['UNSEEN', 1],
    ['SINCE 1-Jan-2025 UNSEEN', 1],
  ])('is asked once: %s', async (query, searches) => {
    for (const with_envelopes of [false, true]) {
      await using server = await serverWith(honest, 'IMAP4rev1 ESEARCH');
      const result = await search(server, { query, with_envelopes });
      expect(result).toMatchObject({ count: 1, searches });
      expect(result).toEqual(UNSUSPECTED);
    }
  });

  test('and matches other forms of a word is not suspected', async () => {
    await using server = await serverWith(honest, 'IMAP4rev1 ESEARCH');
    expect(await search(server, { query: 'SUBJECT harbor', with_envelopes: true })).toEqual(UNSUSPECTED);
  });

  test('and has the text in every message is not suspected, and is asked about it once on a connection', async () => {
    await using server = await serverWith((criteria) => (/[0-9a-f]{24}/.test(criteria) ? [] : UIDS));
    const endpoint = {
      server: server.server,
      login: { kind: 'password' as const, username: 'ada', password: 'secret' },
    };
    await using tools = openMailTools({ fullName: '', email: 'ada@example.test', imap: endpoint, smtp: endpoint });
    for (let time = 0; time < 3; time++) {
      const result = await tools.call('search_mail_messages', {
        folder: 'INBOX',
        query: 'FROM ann',
        with_envelopes: false,
      });
      expect(result).toEqual(UNSUSPECTED);
    }
    expect(server.commands.filter((command) => command.startsWith('UID SEARCH'))).toHaveLength(4);
  });

  test('and refuses the question is not suspected', async () => {
    await using server = await startScriptedImap((command) => {
      if (!command.startsWith('UID SEARCH')) return undefined;
      return /UID 30/.test(command) ? 'TAG NO no' : '* SEARCH 10 20 30\nTAG OK done';
    });
    expect(await search(server, { query: 'TEXT a', with_envelopes: false })).toEqual(UNSUSPECTED);
  });
});
