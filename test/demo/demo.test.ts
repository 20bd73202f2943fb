/** Checks `npm run demo`: what it shows and claims, how it ends, and that the lines that it prints can be run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { wordsOf } from '../../demo/draw-terminal.ts';
import { readFlags } from '../../demo/flags.ts';
import { createStage } from '../../demo/stage.ts';
import { createTerminal, wantsColour } from '../../demo/terminal.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** They take a few seconds, unless the machine does much else. */
const MAX_MS = 90_000;

function start(command: string, args: readonly string[]): ChildProcess {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env;
  return spawn(command, args, { cwd: ROOT, env, timeout: MAX_MS, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess) {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('no pipes');
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  return { exitCode: await exit, out, err };
}

const demo = (...flags: string[]) => start(process.execPath, ['demo/demo.ts', ...flags]);

const CLAIMS = [
  'The SMTP server got one message, to Mia alone, with her letter quoted.',
  'Mia has one message, not two.',
  'The PDF came as text.',
  'Three newsletters, three moves, one call.',
  'All are back and unread.',
  'The model gets what people see, and a count of what they do not.',
  'Nothing was sent, moved, flagged or deleted.',
  'Refused: the limit is sealed in the client id.',
  'The token still works, and Sent has the one message.',
];

test.concurrent(
  'npm run demo shows calls with their times, proves each claim, and is as in the picture',
  async () => {
    const { exitCode, out, err } = await ended(demo());
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).not.toContain('\x1b');
    expect(out).toMatch(
      /→ list_mail_messages +\d+ ms · \d+ tokens\n {4}folder: "INBOX", preview: 60\n {2}← {2}8 {2}Mia Chen/,
    );
    const claims = out.split('\n').flatMap((line) => (line.startsWith('  ✓ ') ? [line.slice(4)] : []));
    expect(claims).toEqual(CLAIMS);
    expect(out).toContain(`Every claim holds: ${CLAIMS.length}, checked at the servers.`);
    for (const look of ['light', 'dark']) {
      const file = join(ROOT, 'docs', `demo-${look}.svg`);
      // After a change of the demo: npm run demo:picture
      expect(wordsOf(readFileSync(file, 'utf8'))).toEqual(wordsOf(out));
      expect(statSync(file).size).toBeLessThan(60_000);
    }
  },
  MAX_MS,
);

test.concurrent(
  'npm run demo -- --missive stores a prospect and exits successfully',
  async () => {
    const { exitCode, out } = await ended(demo('--missive'));
    expect(exitCode).toBe(0);
    expect(out).toContain('✓ Stored: Jane Doe, jane.doe@customer.example');
  },
  MAX_MS,
);

test(
  'npm run demo -- --serve prints lines that can be run, and ends with Ctrl-C',
  async () => {
    const running = demo('--serve');
    const whole = ended(running);
    const printed = await untilPrinted(running, 'Other clients');
    const url = /http:\/\/localhost:\d+/.exec(printed)?.[0] ?? '';
    const port = new URL(url).port;
    const line = (pattern: RegExp) => printed.split('\n').find((each) => pattern.test(each)) ?? '';
    try {
      const inspector = ended(start('sh', ['-c', line(/inspector --cli/)]));
      const second = await ended(demo('--serve', `--port=${port}`));
      expect(second).toMatchObject({ exitCode: 1, err: expect.stringContaining(`port ${port}: EADDRINUSE`) });
      const { exitCode, out } = await inspector;
      expect(exitCode).toBe(0);
      expect(JSON.parse(out).structuredContent.messages[0]).toMatchObject({ subject: 'Lunch on Thursday?' });
    } finally {
      running.kill('SIGINT');
    }
    expect(line(/mail-token/)).toMatch(
      /^claude mcp add --transport http mail-token http:\S+\/mcp --header "Authorization: Bearer \S+"$/,
    );
    expect(line(/http mail http/)).toBe(`claude mcp add --transport http mail ${url}/mcp`);
    expect(await whole).toMatchObject({ exitCode: 0, err: '', out: expect.stringMatching(/\nStopped\.\n$/) });
  },
  MAX_MS,
);

async function untilPrinted(child: ChildProcess, end: string): Promise<string> {
  let printed = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk;
      if (printed.includes(end)) resolve(printed);
    });
    child.once('close', () => reject(new Error('the demo has ended')));
  });
}

test.each([
  [['--help'], 0, 'Exit codes: 0 if everything worked'],
  [['--serv'], 2, 'Did you mean --serve?'],
  [['--port=0'], 2, 'It must be 1 to 65535.'],
  [['--port=x'], 2, 'It must be 1 to 65535.'],
  [['serve'], 2, 'too many arguments'],
])('%j: exit code %d', (argv, exitCode, sentence) => {
  const printed: string[] = [];
  const writeOut = (text: string) => void printed.push(text);
  expect(readFlags(argv, { writeOut, writeErr: writeOut })).toBe(exitCode);
  expect(printed.join('')).toContain(sentence);
});

test('flags are read', () => {
  const nothing = { writeOut: () => {}, writeErr: () => {} };
  expect(readFlags(['--serve', '--port=4000'], nothing)).toEqual({ serve: true, port: 4000, missive: false });
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
])('with %j, on a terminal: %s, colours: %s', (env, isTTY, isColoured) => {
  expect(wantsColour(env, { isTTY })).toBe(isColoured);
});

test('a claim that does not hold ends the demo', () => {
  const printed: string[] = [];
  const terminal = createTerminal((line) => void printed.push(line), false);
  const stage = createStage(terminal, () => {
    throw new Error('not called');
  });
  expect(() => stage.claim('Nothing was sent.', false)).toThrow('this does not hold: Nothing was sent.');
  expect(printed.join('')).toBe('  ✗ Nothing was sent.\n');
});
