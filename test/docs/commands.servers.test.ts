/**
 * Runs the commands of the documents, as bash reads them, in a copy of the project. Only what `LISTED` names does nothing, and mail-mcp runs in
 * this process: bin/mail-mcp of the copy passes its arguments on to it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import { startApp, type TestApp } from '../support/app/start-app.ts';
import { closeServer, listenOnLoopback } from '../support/servers/proxies.ts';
import { testServers } from '../support/servers/servers.ts';
import { documentedBlocks, LISTED, type Meanings, ROOT, withMeanings } from './commands.ts';

const ADMIN_TOKEN = randomBytes(32).toString('hex');

let app: TestApp;
let copy: string;
let runner: Server;
let meanings: Meanings;
let env: Record<string, string>;

beforeAll(async () => {
  app = await startApp({ ADMIN_TOKEN });
  env = { BASE_URL: app.origin, ENCRYPTION_KEY: app.key };
  const { imap, smtp } = testServers();
  meanings = {
    origin: app.origin,
    imap: `--imap-host=${imap.host} --imap-port=${imap.tlsPort} --imap-ssl`,
    smtp: `--smtp-host=${smtp.host} --smtp-port=${smtp.tlsPort} --smtp-ssl`,
    clientId: '',
  };
  const { printed } = await runMailMcp(['generate', ...`${meanings.imap} ${meanings.smtp} --json`.split(' ')]);
  meanings.clientId = JSON.parse(printed).client_id;
  runner = createServer(async (request, response) => {
    const { exitCode, printed } = await runMailMcp(JSON.parse(await readText(request)));
    response.setHeader('x-exit-code', exitCode).end(printed);
  });
  copy = copyOfProject(await listenOnLoopback(runner));
});
afterAll(async () => {
  await closeServer(runner, new Set());
  await app.stop();
  rmSync(copy, { recursive: true });
});

async function runMailMcp(argv: string[]): Promise<{ exitCode: number; printed: string }> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const exitCode = await main(argv, env, { out: print, err: print });
  return { exitCode, printed: lines.join('') };
}

function copyOfProject(port: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'mail-mcp-docs-'));
  const isOurs = (path: string) => !['node_modules', 'dist', '.git'].includes(basename(path));
  cpSync(ROOT, folder, { recursive: true, filter: isOurs });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(
    join(folder, 'bin/mail-mcp'),
    `#!/usr/bin/env node
    const body = JSON.stringify(process.argv.slice(2));
    const response = await fetch('http://127.0.0.1:${port}', { method: 'POST', body });
    process.stdout.write(await response.text());
    process.exitCode = Number(response.headers.get('x-exit-code'));`,
  );
  return folder;
}

/** Functions in place of the programs that are listed. A container is this folder, and `npm run new:tool` is run. */
const PRELUDE = [
  'set -euo pipefail',
  ...[...new Set(Object.keys(LISTED).map((name) => name.split(' ')[0]))].map((program) => `${program}() { :; }`),
  `docker() {
    case "$1 \${2:-}" in exec\\ *) shift 1 ;; compose\\ exec | compose\\ run) shift 2 ;; *) return 0 ;; esac
    while [[ $1 == -* ]]; do shift; done
    shift; "$@"
  }`,
  'npm() { if [[ "$*" == "run new:tool "* ]]; then command npm "$@"; fi; }',
  'mail-mcp() { bin/mail-mcp "$@"; }',
].join('\n');

async function runScript(script: string): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  const { PATH } = process.env;
  // npm would ask the registry for a newer version of itself.
  const environment = { PATH, HOME: copy, ADMIN_TOKEN, npm_config_update_notifier: 'false' };
  const shell = spawn('bash', ['-c', `${PRELUDE}\n${script}`], { cwd: copy, env: environment, timeout: 55_000 });
  const ended = new Promise((resolve) => shell.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([readText(shell.stdout), readText(shell.stderr), ended]);
  return { exitCode, stdout, stderr };
}

/** A line of the document as a pattern: what ends with `…` is longer, and servers have other names and ports. */
const asPattern = (line: string): RegExp =>
  new RegExp(
    `^${line
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/[\w\\.-]+:\d+/, '\\S+:\\d+')
      .replace(/\S+…/, '\\S+')}$`,
    'm',
  );

const blocks = documentedBlocks()
  .filter(({ language }) => language === 'bash')
  .map((block) => ({ ...block, first: block.text.split('\n')[0]?.trim() }));

test.each(blocks)('$file: $first', { timeout: 60_000 }, async ({ text, output = '' }) => {
  const { exitCode, stdout, stderr } = await runScript(withMeanings(text, meanings));
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr + stdout }).toEqual({ exitCode: 0, stderr: '' });
  // curl succeeds when the server refuses.
  expect(stdout).not.toContain('"error"');
  const answers = [...text.matchAll(/# (\{.*\})$/gm)].map(([, answer = '']) => asPattern(answer));
  const lines = output.split('\n').filter((line) => line !== '');
  for (const pattern of [...answers, ...lines.map(asPattern)]) expect(stdout).toMatch(pattern);
});
