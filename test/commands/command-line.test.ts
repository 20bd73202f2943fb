/** Checks what all commands share: suggestions, help, exit codes, and that nothing that can be typed ends in a stack. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createProgram, main } from '../../src/cli.ts';
import { EXAMPLES } from '../../src/commands/examples.ts';
import { ConfigError } from '../../src/errors.ts';
import { FLAG_LIST, type FlagName, toFlagName } from '../../src/minting/flag-table.ts';
import { readServerConfig } from '../../src/settings/config.ts';
import { ENVIRONMENT } from '../../src/settings/environment.ts';
import { didYouMean } from '../../src/text/did-you-mean.ts';

const env = { ENCRYPTION_KEY: randomBytes(32).toString('base64') };
const HOSTS = ['--imap-host=imap.example.com', '--smtp-host=smtp.example.com', '--no-probe'];

async function run(argv: readonly string[], environment: NodeJS.ProcessEnv = env) {
  const out: string[] = [];
  const err: string[] = [];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exitCode = await main([...argv], environment, output);
  return { exitCode, out: out.join(''), err: err.join('') };
}

describe('what was mistyped', () => {
  test.each([
    [['--preset=cluade'], 'There is no preset "cluade". Did you mean "claude"? Known are: claude, '],
    [['--preset=claude,vscod'], 'There is no preset "vscod". Did you mean "vscode"? Known are: '],
    [['--preset=toString'], 'There is no preset "toString". Known are: '],
    [['--methods=raed'], '--methods: there is no method "raed". Did you mean "read"? Known are: '],
    [['--tags=mesages'], '--tags: there is no tag "mesages". Did you mean "messages"? Known are: '],
    [['--tools=get_mail_mesage'], 'there is no tool "get_mail_mesage". Did you mean "get_mail_message"? Known are: '],
    [['--tags=weather'], '--tags: there is no tag "weather". Known are: '],
  ])('SHELL-03 a value is named with the one that was meant, exit code 1: %j', async (flags, sentence) => {
    const { exitCode, out, err } = await run(['generate', ...HOSTS, ...flags]);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain(sentence);
  });

  test.each([
    [
      ['generate', '--prest=claude'],
      "error: unknown option '--prest=claude'\n(Did you mean --preset?)\nHelp: mail-mcp generate --help\n",
    ],
    [
      ['generate', '--no-prob'],
      "error: unknown option '--no-prob'\n(Did you mean --no-probe?)\nHelp: mail-mcp generate --help\n",
    ],
    [['token', '--weather=x'], "error: unknown option '--weather=x'\nHelp: mail-mcp token --help\n"],
    [['genrate'], "error: unknown command 'genrate'\n(Did you mean generate?)\nHelp: mail-mcp --help\n"],
    [['generate', '--name'], "error: option '--name <name>' argument missing\nHelp: mail-mcp generate --help\n"],
    [['deny'], "error: missing required argument 'client'\nHelp: mail-mcp deny --help\n"],
    [
      ['server', 'now'],
      "error: too many arguments for 'server'. Expected 0 arguments but got 1.\nHelp: mail-mcp server --help\n",
    ],
  ])('SHELL-02 the command line is refused with a sentence, exit code 2: %j', async (argv, err) => {
    expect(await run(argv)).toEqual({ exitCode: 2, out: '', err });
  });

  test('only what is close is suggested', () => {
    expect(didYouMean('clade', ['claude', 'claude-code'])).toBe(' Did you mean "claude"?');
    expect(didYouMean('CHATGPT', ['chatgpt'])).toBe(' Did you mean "chatgpt"?');
    expect(didYouMean('zzz', ['claude', 'codex'])).toBe('');
    expect(didYouMean('c'.repeat(100_000), ['claude'])).toBe('');
  });
});

describe('numbers and lists of generate', () => {
  const wrong = 'must be a whole number, 1 to 999999.';
  test.each([
    ['--max-sends-per-hour=0', `${wrong} To allow none, set --methods to read, create, update, delete.`],
    ['--max-changes-per-hour=00', `${wrong} To allow none, set --methods to read, create, send.`],
    ['--max-sends-per-hour=-1', wrong],
    ['--max-sends-per-hour=1e3', wrong],
    ['--max-changes-per-hour=1000000', wrong],
    ['--max-changes-per-hour=', wrong],
    ['--preset=', '--preset names nothing. Leave it out for claude and inspector.'],
    ['--imap-port=65536', '--imap-port must be a port number: 1 to 65535.'],
  ])('%s is refused', async (flag, sentence) => {
    const { exitCode, err } = await run(['generate', ...HOSTS, flag]);
    expect(exitCode).toBe(1);
    expect(err).toContain(sentence);
  });

  test('presets are separated by commas, repeated, or both', async () => {
    const uris = async (...flags: string[]) =>
      JSON.parse((await run(['generate', ...HOSTS, '--json', ...flags])).out).redirect_uris;
    const expected = await uris('--preset=claude', '--preset=inspector', '--preset=cursor');
    expect(await uris('--preset=claude, inspector,cursor')).toEqual(expected);
    expect(await uris('--preset=claude,inspector', '--preset=cursor')).toEqual(expected);
  });
});

describe('help', () => {
  const { commands } = createProgram({}, { out: () => {}, err: () => {} });

  test.each(['', ...commands.map((command) => command.name())])('of %j fits 80 columns', async (name) => {
    const { exitCode, out } = await run([...(name === '' ? [] : [name]), '--help']);
    expect(exitCode).toBe(0);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(out).not.toContain('(default: [])');
    if (name === '') expect(out).toContain('Exit codes: 0 done; 1 a value is wrong, or it could not be done;');
    else expect(out).toContain(`Examples:\n  # ${EXAMPLES[name]?.[0]?.does}\n  mail-mcp ${name}`);
  });

  test('each example has only flags that exist, and those of generate mint', async () => {
    for (const { line } of Object.values(EXAMPLES).flat()) {
      const [name = '', ...words] = line.replace(/ [<>].*/, '').split(/[\s\\]+/);
      const known = commands.find((command) => command.name() === name)?.options.map(({ long }) => long);
      for (const word of words) if (word.startsWith('--')) expect(known).toContain(word.replace(/=.*/, ''));
      if (name === 'generate') expect(await run([name, ...words, '--no-probe'])).toMatchObject({ exitCode: 0 });
    }
  });
});

describe('after minting', () => {
  test('SHELL-04 the lines to paste are on stderr, with the id and the URL; stdout is as before', async () => {
    const minted = await run(['generate', ...HOSTS, '--preset=claude-code,codex'], {
      ...env,
      BASE_URL: 'https://mail.example.com/',
    });
    const id = /^Client ID: (\S+)$/m.exec(minted.out)?.[1];
    expect(minted.out).not.toContain('Next');
    expect(minted.err).toContain(
      `claude mcp add --transport http --client-id ${id} mail https://mail.example.com/mcp\n`,
    );
    expect(minted.err).toContain(`codex mcp add mail --url https://mail.example.com/mcp --oauth-client-id ${id}\n`);
    expect((await run(['generate', ...HOSTS])).err).toContain('https://YOUR_HOST/mcp');
    expect((await run(['generate', ...HOSTS, '--json'])).err).toBe('');
  });
});

describe('nonsense', () => {
  const nonsense = fc.oneof(
    fc.constantFrom('', ' ', '-', '--', '=', ',', '\\', '\\,', '0', '-1', '1e9', 'NaN', 'null', '[]', '{}', '../x'),
    fc.constantFrom('\u0000', '\ud800', '\u202e', 'ä'.repeat(300), 'x'.repeat(9000), '999999999999999999999'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  /** Any text is a value of these, or they take none. */
  const free: readonly FlagName[] = ['name', 'folders'];

  test.each(
    FLAG_LIST.filter(({ argument, name }) => argument !== undefined && !free.includes(name)).map(({ name }) => name),
  )('SHELL-01 --%s: a sentence and no stack', async (name) => {
    await fc.assert(
      fc.asyncProperty(nonsense, async (value) => {
        const { exitCode, out, err } = await run(['generate', ...HOSTS, `${toFlagName(name)}=${value}`]);
        // Some nonsense is a host, an address or a number all the same.
        if (exitCode === 0) return;
        expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
        expect(err).toMatch(/^(?:.+\n)+$/);
        expect(err).not.toMatch(/^\s+at |Error:|\[object |undefined/m);
      }),
      { numRuns: 15 },
    );
  });

  test.each(['token', 'inspect', 'deny', 'allow', 'minting-key', 'completion', 'help', 'server'])(
    'SHELL-01 %s: a sentence and no stack',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(
          nonsense,
          fc.constantFrom('', '--client-id=', '--scope=', '--expires-at=', '--x='),
          async (value, flag) => {
            const { exitCode, err } = await run([name, flag + value], { ...env, BASE_URL: 'not a URL' });
            if (name === 'help' || (name === 'minting-key' && exitCode === 0)) return;
            expect(exitCode).toBeGreaterThan(0);
            expect(err).not.toMatch(/^\s+at |\[object |undefined/m);
          },
        ),
        { numRuns: 10 },
      );
    },
  );

  test.each(Object.keys(ENVIRONMENT.shape))('SHELL-01 the setting %s: a sentence', (name) => {
    fc.assert(
      fc.property(nonsense, (value) => {
        try {
          readServerConfig({ BASE_URL: 'https://mail.example.com', ...env, [name]: value });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 15 },
    );
  });
});
