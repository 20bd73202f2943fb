/** Checks the limit flags of `generate`: what is sealed into the client_id, and what is printed. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import { unsealClient } from '../../src/oauth/client/client.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../src/oauth/sealed/sealed-types.ts';

const key = randomBytes(32);
const env = { ENCRYPTION_KEY: key.toString('base64') };
const HOSTS = ['--imap-host=imap.example.com', '--smtp-host=smtp.example.com', '--no-probe'];

async function run(...flags: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const print = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exitCode = await main(['generate', ...HOSTS, ...flags], env, print);
  return { exitCode, out: out.join(''), err: err.join('') };
}

async function minted(...flags: string[]) {
  const { out, err } = await run('--json', ...flags);
  expect(err).toBe('');
  const printed = JSON.parse(out);
  const tokens = createTokens(createKeyring({ current: key, previous: [] }));
  const open = (at = new Date()) => unsealClient(tokens, printed.client_id, at);
  return { printed, client: await open(), open };
}

describe('mail-mcp generate', () => {
  test('seals no limit if none is given', async () => {
    const { client, printed } = await minted();
    expect(client).toMatchObject({ policy: {}, expiresAt: null });
    expect(printed).toMatchObject({ policy: {}, expires_at: null });
  });

  test.each([
    [['--methods=read'], { methods: ['list', 'get', 'search'] }],
    [['--methods=write'], { methods: ['create', 'update', 'delete', 'send'] }],
    [['--methods=read,send', '--methods=list, create'], { methods: ['list', 'get', 'search', 'send', 'create'] }],
    [['--tags=messages,drafts'], { tags: ['messages', 'drafts'] }],
    [['--tools=list_mailboxes', '--tools=get_mail_message'], { tools: ['list_mailboxes', 'get_mail_message'] }],
    [['--folders=inbox,Work/*,A\\, B'], { folders: ['INBOX', 'Work/*', 'A, B'] }],
    [['--folders=Gro\u0308ße'], { folders: ['Gro\u0308ße'] }],
    [['--folders=Gr\\u{F6}ße'], { folders: ['Gr\u00f6ße'] }],
    [['--recipients=Ann@Example.com,@BÜCHER.example'], { recipients: ['ann@example.com', '@xn--bcher-kva.example'] }],
    [['--max-sends-per-hour=1'], { max_sends_per_hour: 1 }],
    [['--max-sends-per-hour=12'], { max_sends_per_hour: 12 }],
    [['--max-changes-per-hour=500'], { max_changes_per_hour: 500 }],
  ])('seals the limits of %j', async (flags, policy) => {
    const { client, printed } = await minted(...flags);
    expect(client.policy).toEqual(policy);
    expect(printed.policy).toEqual(policy);
    const { default_connection: _, ...connection } = JSON.parse((await run('--connection', '--json', ...flags)).out);
    expect(connection).toMatchObject({ policy });
  });

  test.each([
    ['--recipients=@exam\u00adple.com', '--recipients'],
    ['--folders=Wo\u200brk', '--folders'],
    ['--folders=Work\u001b[1m', '--folders'],
    ['--name=Mail\u202e', '--name'],
    ['--tools=list_mailboxes\u0007', '--tools'],
  ])('refuses characters that cannot be seen, in flag %j', async (flag, name) => {
    const { exitCode, err } = await run(flag);
    expect(exitCode).toBe(1);
    expect(err).toContain(`${name} has a character that cannot be seen.`);
    expect(err.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test.each([
    ['2999-01-31', '2999-01-31T00:00:00.000Z'],
    ['2999-01-31T12:00:00Z', '2999-01-31T12:00:00.000Z'],
    ['2999-01-31T12:00:00+02:00', '2999-01-31T10:00:00.000Z'],
  ])('the client expires at %s', async (flag, end) => {
    const { client, printed, open } = await minted(`--expires-at=${flag}`);
    expect(printed.expires_at).toBe(end);
    expect(client.expiresAt?.toISOString()).toBe(end);
    await expect(open(new Date(Date.parse(end) - 1000))).resolves.toBeDefined();
    await expect(open(new Date(end))).rejects.toThrow('not known here');
  });

  test('prints the limits without --json too', async () => {
    const { out } = await run(
      '--methods=read,send',
      '--folders=A\\, B',
      '--max-sends-per-hour=5',
      '--expires-at=2999-01-31',
    );
    expect(out).toContain(
      [
        '',
        'Limited to:',
        '  methods: list, get, search, send',
        '  folders: A\\, B',
        '  max sends per hour: 5',
        '',
        'Ends: 2999-01-31T00:00:00.000Z',
        '',
        'Redirect URIs:',
      ].join('\n'),
    );
    expect((await run()).out).not.toContain('Limited');
  });

  test.each([
    [['--methods=red'], '--methods: there is no method "red". Did you mean "read"? Known are: read, write, list,'],
    [['--methods=__proto__'], '--methods: there is no method "__proto__".'],
    [['--methods=,'], '--methods names nothing.'],
    [['--tags=mail'], '--tags: there is no tag "mail". Known are: mailboxes, messages,'],
    [['--tools=send_mail'], '--tools: there is no tool "send_mail". Known are: list_mailboxes,'],
    [['--methods=read', '--tools=send_mail_message'], '--methods, --tools: no tool is left.'],
    [['--folders=Work*'], '--folders: "Work*" must be the name of a mailbox, or end in /* for all below it.'],
    [['--recipients=example.com'], '--recipients: "example.com" must be an address or @ with a domain.'],
    [['--recipients=@\u017fample.com'], '--recipients: "@\u017fample.com" must be an address or @ with a domain.'],
    [['--recipients=ann@\u212aiosk.example'], 'must be an address or @ with a domain.'],
    [['--recipients=a\uff0ebc@\ufb01rm.example'], 'must be an address or @ with a domain.'],
    [['--folders=Work\\u{0}'], 'must be the name of a mailbox, or end in /* for all below it.'],
    [['--folders=\\u{D800}'], 'must be the name of a mailbox, or end in /* for all below it.'],
    [['--recipients=Ann <a@b.example>'], 'must be an address or @ with a domain.'],
    [['--max-changes-per-hour=-1'], '--max-changes-per-hour must be a whole number, 1 to 999999.'],
    [['--max-sends-per-hour=-1'], '--max-sends-per-hour must be a whole number, 1 to 999999.'],
    [['--max-sends-per-hour=some'], '--max-sends-per-hour must be a whole number, 1 to 999999.'],
    [['--expires-at=2020-01-01'], '--expires-at is in the past.'],
    [['--expires-at=tomorrow'], '--expires-at must be a time such as'],
    [['--expires-at=2999-02-31'], '--expires-at must be a time such as'],
    [['--expires-at=2999-01-31T12:00'], '--expires-at must be a time such as'],
  ])('refuses %j with one sentence', async (flags, sentence) => {
    const { exitCode, out, err } = await run(...flags);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain(sentence);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  test('reports all faults at once, with those of other flags', async () => {
    const { err } = await run('--methods=red', '--tags=mail', '--expires-at=2020-01-01', '--imap-port=0');
    expect(err.trimEnd().split('\n')).toHaveLength(4);
  });

  test('refuses limits with which the client_id would exceed 1,500 characters (CLI-04)', async () => {
    const recipients = Array.from({ length: 60 }, (_, n) => `recipient-${n}@example.com`).join(',');
    const { err } = await run(`--recipients=${recipients}`);
    expect(err).toContain('longer than 1500 characters');
  });
});
