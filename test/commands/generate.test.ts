/** Checks `mail-mcp generate`, and help, version and errors of the command line. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import { MAIL_PROVIDERS } from '../../src/mail/providers.ts';
import { unsealClient } from '../../src/oauth/client/client.ts';
import { unsealConnection } from '../../src/oauth/client/dynamic-clients.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../src/oauth/sealed/sealed-types.ts';

const key = randomBytes(32);
const env = { ENCRYPTION_KEY: key.toString('base64') };
const HOSTS = ['--imap-host=imap.example.com', '--smtp-host=smtp.example.com'];
const OPENID = [...HOSTS, '--sign-in=openid', '--upstream-client-id=mail', '--upstream-scope=imap'];

const knownIssuer =
  (provider: string) =>
  (issuer: string): [string[], RegExp] => [
    [...OPENID, `--upstream-issuer=${issuer}`],
    new RegExp(`^--upstream-issuer is known to this server: take --sign-in=${provider}, `, 'm'),
  ];

async function run(argv: string[], environment: NodeJS.ProcessEnv = env) {
  const out: string[] = [];
  const err: string[] = [];
  const inOrder: string[] = [];
  const into = (stream: string[]) => (text: string) => {
    stream.push(text);
    inOrder.push(text);
  };
  // The servers of most tests do not exist.
  const withoutProbe = argv[0] === 'generate' ? ['--no-probe'] : [];
  const exitCode = await main([...argv, ...withoutProbe], environment, {
    out: into(out),
    err: into(err),
  });
  return { exitCode, out: out.join(''), err: err.join(''), inOrder: inOrder.join('') };
}

async function generated(...flags: string[]) {
  const { exitCode, out, err } = await run(['generate', ...HOSTS, '--json', ...flags]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  return JSON.parse(out);
}

const open = (clientId: string) =>
  unsealClient(createTokens(createKeyring({ current: key, previous: [] })), clientId, new Date());

describe('mail-mcp generate', () => {
  test('prints client id, secret and servers', async () => {
    const { exitCode, out, err, inOrder } = await run([
      'generate',
      '--imap-host=imap.gmail.com',
      '--imap-port=993',
      '--smtp-host=smtp.gmail.com',
      '--smtp-port=465',
    ]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: expect.stringMatching(/^\nNext, in Claude:\n/) });
    expect(inOrder).toBe(out + err);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^Client ID: [\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(lines[1]).toMatch(/^Client Secret: [0-9a-f]{64}$/);
    expect(lines.slice(2, 5)).toEqual([
      '',
      'IMAP: imap.gmail.com:993 (ssl=true)',
      'SMTP: smtp.gmail.com:465 (ssl=true)',
    ]);
  });

  test.each(['Europe/Berlin', 'Asia/Kolkata', 'UTC'])(
    'seals --time-zone in clients and connections: %s',
    async (zone) => {
      const { client_id, time_zone } = await generated(`--time-zone=${zone}`);
      expect(time_zone).toBe(zone);
      expect((await open(client_id)).timeZone).toBe(zone);
      const { default_connection } = await generated('--connection', `--time-zone=${zone}`);
      const tokens = createTokens(createKeyring({ current: key, previous: [] }));
      expect((await unsealConnection(tokens, default_connection, new Date())).timeZone).toBe(zone);
      const { out } = await run(['generate', ...HOSTS, `--time-zone=${zone}`]);
      expect(out).toContain(`Time zone, if none is given at the sign-in: ${zone}\n`);
      expect(JSON.parse((await run(['inspect', client_id])).out)).toMatchObject({ time_zone: zone });
    },
  );

  test.each(['Berlin', '+02:00', 'Europe/Nowhere', ''])('refuses a time zone that does not exist: %j', async (zone) => {
    const { exitCode, err } = await run(['generate', ...HOSTS, `--time-zone=${zone}`]);
    expect({ exitCode, err }).toEqual({
      exitCode: 1,
      err: '--time-zone must be a name of the IANA database, such as Europe/Berlin.\n',
    });
  });

  test('a time zone belongs to a mailbox, not to Missive', async () => {
    const { exitCode, err } = await run(['generate', '--missive', '--time-zone=UTC']);
    expect({ exitCode, err }).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('--time-zone applies to mail accounts'),
    });
  });

  test('seals --sent-copy if it is given', async () => {
    expect((await open((await generated()).client_id)).servers).not.toHaveProperty('sentCopy');
    for (const sentCopy of ['always', 'never']) {
      const { client_id } = await generated(`--sent-copy=${sentCopy}`);
      expect((await open(client_id)).servers).toMatchObject({ sentCopy });
    }
    const { exitCode, out, err } = await run(['generate', ...HOSTS, '--sent-copy=sometimes']);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain('--sent-copy must be one of auto, always, never.');
  });

  test.each([
    [['--authserv-id=mail.example.com'], ['mail.example.com']],
    [
      ['--authserv-id=MX1.Example.com.', '--authserv-id', ' mx2.example.com', '--authserv-id=mx1.example.com'],
      ['mx1.example.com', 'mx2.example.com'],
    ],
    [['--authserv-id=bücher.example'], ['bücher.example']],
  ])('seals %j in clients and connections', async (flags, ids) => {
    const { client_id, authserv_ids } = await generated(...flags);
    expect(authserv_ids).toEqual(ids);
    expect((await open(client_id)).servers).toMatchObject({ authservIds: ids });
    const { default_connection } = await generated('--connection', ...flags);
    const tokens = createTokens(createKeyring({ current: key, previous: [] }));
    for (const sealed of [client_id, default_connection]) {
      expect(JSON.parse((await run(['inspect', sealed])).out)).toMatchObject({ authserv_ids: ids });
    }
    expect((await unsealConnection(tokens, default_connection, new Date())).servers).toMatchObject({
      authservIds: ids,
    });
    expect((await run(['generate', ...HOSTS, ...flags])).out).toContain(`Believed about senders: ${ids.join(', ')}\n`);
  });

  test.each(['', 'two words', 'mail.example.com; spf=pass', 'a,b', '"mail"', `${'a'.repeat(101)}`])(
    'refuses an authserv-id that no server writes: %j',
    async (id) => {
      const { exitCode, err } = await run([
        'generate',
        ...HOSTS,
        '--authserv-id=mail.example.com',
        `--authserv-id=${id}`,
      ]);
      expect({ exitCode, err }).toEqual({
        exitCode: 1,
        err: '--authserv-id must be the first word of an Authentication-Results field, such as mail.example.com; 10 at most.\n',
      });
    },
  );

  test('CONN-05 seals the domains of a connection as A-labels, each once, and prints them', async () => {
    const flags = ['--connection', '--domain=Example.COM', '--domain=bücher.example', '--domain=example.com'];
    const { default_connection, domains } = await generated(...flags);
    expect(domains).toEqual(['example.com', 'xn--bcher-kva.example']);
    const tokens = createTokens(createKeyring({ current: key, previous: [] }));
    expect(await unsealConnection(tokens, default_connection, new Date())).toMatchObject({ domains });
    expect(JSON.parse((await run(['inspect', default_connection])).out)).toMatchObject({ domains });
    const { out } = await run(['generate', ...HOSTS, ...flags]);
    expect(out).toContain('For addresses at: example.com, xn--bcher-kva.example\n');
    expect(await generated('--connection')).not.toHaveProperty('domains');
  });

  test.each([
    '',
    'localhost',
    'a b.example',
    '@example.com',
    'example.com/x',
    '127.0.0.1',
    '*.example.com',
    'a..example',
  ])('CONN-05 refuses a domain that no address has: %j', async (domain) => {
    const { exitCode, err } = await run(['generate', ...HOSTS, '--connection', `--domain=${domain}`]);
    expect([exitCode, err]).toEqual([1, expect.stringMatching(/^--domain must be domains of addresses/)]);
  });

  test('CONN-05 refuses domains of a client, and of Missive', async () => {
    expect((await run(['generate', ...HOSTS, '--domain=example.com'])).err).toBe('--domain requires --connection.\n');
    const { err } = await run(['generate', '--missive', '--connection', '--domain=example.com']);
    expect(err).toBe('--domain applies to mail accounts and excludes --missive.\n');
  });

  test('seals the servers, and only a hash of the secret', async () => {
    const { client_id, client_secret } = await generated();
    const client = await open(client_id);
    expect(client.servers).toEqual({
      imap: { host: 'imap.example.com', port: 993, security: 'tls' },
      smtp: { host: 'smtp.example.com', port: 465, security: 'tls' },
    });
    expect(client.secretHash).not.toBe(null);
    expect(JSON.stringify(client)).not.toContain(client_secret);
  });

  test.each([
    [['--imap-port=143', '--smtp-port=587'], 'starttls', 'starttls'],
    [['--imap-port=143', '--imap-ssl', '--smtp-port=587', '--smtp-ssl'], 'tls', 'tls'],
    [['--no-imap-ssl', '--no-smtp-ssl'], 'starttls', 'starttls'],
    [['--imap-port=143', '--smtp-port=25', '--allow-cleartext'], 'cleartext', 'cleartext'],
    [['--allow-cleartext'], 'tls', 'tls'],
  ])('%j means %s for IMAP and %s for SMTP', async (flags, imap, smtp) => {
    const answer = await generated(...flags);
    expect([answer.imap.security, answer.smtp.security]).toEqual([imap, smtp]);
  });

  test('allows Claude and the Inspector if neither presets nor redirect URIs are given', async () => {
    const { redirect_uris } = await generated();
    expect(redirect_uris).toContain('https://claude.ai/api/mcp/auth_callback');
    expect(redirect_uris).toContain('http://localhost:6274/oauth/callback');
  });

  test('accepts several redirect URIs and presets, which replace the default', async () => {
    const { client_id, redirect_uris } = await generated(
      '--preset=chatgpt',
      '--redirect-uri=https://a.example/cb',
      '--redirect-uri=https://b.example/cb',
    );
    expect(redirect_uris).toEqual([
      'https://chatgpt.com/connector_platform_oauth_redirect',
      'https://a.example/cb',
      'https://b.example/cb',
    ]);
    expect((await open(client_id)).redirectUris).toEqual(redirect_uris);
  });

  test('a public client has no secret', async () => {
    expect((await generated('--public')).client_secret).toBe(null);
    expect((await generated('--preset=claude-code')).client_secret).toBe(null);
  });

  test('seals the name of the client', async () => {
    expect((await open((await generated('--name=Office mail')).client_id)).name).toBe('Office mail');
  });

  test.each([
    ['a missing host', ['--imap-host=imap.example.com'], ['--smtp-host is required.']],
    [
      'more than a host',
      ['--imap-host=imap.example.com/INBOX', '--smtp-host=smtp.example.com:465'],
      ['--imap-host must be a host name', '--smtp-host must be a host name'],
    ],
    [
      'several faults',
      ['--imap-port=0', '--smtp-host=http://x', '--smtp-port=abc'],
      ['--imap-host is required.', '--imap-port must', '--smtp-host must', '--smtp-port must'],
    ],
    ['an unknown preset', [...HOSTS, '--preset=netscape'], ['There is no preset "netscape"']],
    ['a redirect URI that is no URI', [...HOSTS, '--redirect-uri=nonsense'], ['The redirect URI nonsense']],
    [
      'a redirect URI over plain http',
      [...HOSTS, '--redirect-uri=http://evil.example/cb'],
      ['The redirect URI http://evil.example/cb'],
    ],
    [
      'a secret for a client that sends none',
      [...HOSTS, '--preset=claude-code', '--preset=claude'],
      ['The preset claude-code sends no'],
    ],
    ['an empty name', [...HOSTS, '--name='], ['The name of the client is empty.']],
  ])('%s: one sentence per fault on stderr, exit code 1, nothing on stdout', async (_, flags, sentences) => {
    const { exitCode, out, err } = await run(['generate', ...flags]);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    for (const sentence of sentences) expect(err).toContain(sentence);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test('--connection prints the servers and limits of dynamic clients, and no client', async () => {
    const flags = ['generate', ...HOSTS, '--sent-copy=never', '--connection'];
    const { exitCode, out, err } = await run(flags);
    expect({ exitCode, err }).toEqual({
      exitCode: 0,
      err: expect.stringContaining('Set DEFAULT_CONNECTION to this value'),
    });
    const lines = out.split('\n');
    expect(lines.slice(1)).toEqual([
      '',
      'IMAP: imap.example.com:993 (ssl=true)',
      'SMTP: smtp.example.com:465 (ssl=true)',
      '',
    ]);
    const tokens = createTokens(createKeyring({ current: key, previous: [] }));
    const printed = /^Default connection: (\S+)$/.exec(lines[0] ?? '')?.[1] ?? '';
    const asJson = JSON.parse((await run([...flags, '--json'])).out).default_connection;
    for (const sealed of [printed, asJson]) {
      expect(await unsealConnection(tokens, sealed, new Date())).toEqual({
        id: expect.stringMatching(/^[\w-]{22}$/),
        servers: {
          imap: { host: 'imap.example.com', port: 993, security: 'tls' },
          smtp: { host: 'smtp.example.com', port: 465, security: 'tls' },
          sentCopy: 'never',
        },
        policy: {},
        expiresAt: null,
      });
      await expect(unsealClient(tokens, sealed, new Date())).rejects.toThrow();
    }
  });

  test.each(['--preset=claude', '--redirect-uri=https://a.example/cb', '--public', '--name=Mail'])(
    '--connection excludes %s',
    async (flag) => {
      const { exitCode, err } = await run(['generate', ...HOSTS, '--connection', flag]);
      expect(exitCode).toBe(1);
      expect(err).toContain('--connection mints no client');
    },
  );

  test('takes servers and sign-in of --provider from the table', async () => {
    for (const { id, imap, smtp, signIn } of MAIL_PROVIDERS) {
      const { exitCode, out } = await run(['generate', `--provider=${id}`, '--json']);
      const printed = JSON.parse(out);
      expect({ exitCode, imap: printed.imap, smtp: printed.smtp }, id).toMatchObject({ exitCode: 0, imap, smtp });
      expect(printed.sign_in?.provider, id).toBe(signIn);
    }
    const { out } = await run(['generate', '--provider=gmail', '--sign-in=google', '--json']);
    expect(JSON.parse(out).sign_in).toEqual({ provider: 'google' });
    expect((await run(['generate', '--provider=fastmail', '--sign-in=fastmail'])).exitCode).toBe(0);
  });

  test('takes an issuer that is not known', async () => {
    for (const issuer of ['https://id.example', 'https://id.example:8443/realms/a', 'http://127.0.0.1:1/']) {
      expect((await run(['generate', ...OPENID, `--upstream-issuer=${issuer}`])).exitCode, issuer).toBe(0);
    }
  });

  test.each<[string[], RegExp]>([
    [['--provider=gmial'], /--provider must be one of gmail, .*\. Did you mean "gmail"\?/],
    [
      ['--provider=gmail', '--imap-host=imap.example.com'],
      /--provider decides about the servers and excludes --imap-host\./,
    ],
    [['--provider=gmail', '--smtp-port=587', '--no-imap-ssl'], /excludes --imap-ssl\.\n.*excludes --smtp-port\./],
    [
      ['--provider=gmail', '--sign-in=microsoft'],
      /--imap-host must be a mail server of Microsoft: .*\n--smtp-host must/,
    ],
    [
      ['--sign-in=google', '--imap-host=imap.gmail.com', '--smtp-host=gmail.com.evil.example'],
      /^--smtp-host must be a mail server of Google: --sign-in=google gives access tokens for those alone\.$/m,
    ],
    [
      ['--sign-in=google', '--imap-host=imap.gmail.com', '--smtp-host=smtp.gmail.com', '--allow-cleartext'],
      /^--sign-in=google excludes --allow-cleartext: Google encrypts\.$/m,
    ],
    ...['https://accounts.google.com', 'https://ACCOUNTS.google.com./'].map(knownIssuer('google')),
    ...['https://login.microsoftonline.com/common/v2.0', 'https://sts.windows.net/x/'].map(knownIssuer('microsoft')),
    ...['https://api.fastmail.com'].map(knownIssuer('fastmail')),
    ...[
      ...['https://:x@id.example', 'https://x@id.example', 'https://@id.example', 'https:id.example'],
      ...['https://id.example/?', 'https://id.example/#', 'https:\\\\id.example', 'http://id.example'],
    ].map((issuer): [string[], RegExp] => [
      [...OPENID, `--upstream-issuer=${issuer}`],
      /^--upstream-issuer must be the issuer identifier of the provider: an https URL without user name, password and query\.$/m,
    ]),
    [['--provider=gmail', '--missive'], /--provider applies to mail accounts and excludes --missive\./],
  ])('refuses %j', async (flags, sentence) => {
    const { exitCode, err } = await run(['generate', ...flags]);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringMatching(sentence) });
  });

  test('reports a missing key together with the faults of the flags', async () => {
    const { exitCode, out, err } = await run(['generate'], {});
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err.trim().split('\n')).toEqual([
      '--imap-host is required.',
      '--smtp-host is required.',
      'ENCRYPTION_KEY is required',
    ]);
  });
});

describe('mail-mcp', () => {
  test.each([['--help'], ['generate', '--help'], ['server', '--help'], ['--version']])(
    '%s %s prints help or version and exits 0',
    async (...argv) => {
      const { exitCode, out, err } = await run(argv.filter((word) => word !== undefined));
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
      expect(out).not.toBe('');
    },
  );

  test('server reports every fault of the environment and exits 1', async () => {
    const { exitCode, out, err } = await run(['server'], { ENCRYPTION_KEY: 'x' });
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain('BASE_URL is required');
    expect(err).toContain('ENCRYPTION_KEY must be 32 bytes');
  });
});
