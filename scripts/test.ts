/**
 * `npm test`: runs the vitest projects `unit` and `servers`, and prints how many tests passed.
 *
 * As root on Debian it installs missing servers. Where they cannot be installed it runs `unit` alone and reports which files it left out;
 * with `CI` set that is a failure. Arguments go to vitest: `npm test -- test/mail`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGES = [
  ...['dovecot-imapd', 'dovecot-lmtpd', 'postfix'],
  ...['swift', 'swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached'],
  ...['redis-server', 'caddy', 'nginx-light', 'chromium-headless-shell', 'fonts-dejavu-core', 'openssl'],
];

/** @returns why the project `servers` cannot run here; undefined once everything that it needs is installed */
function provideServers(): string | undefined {
  if (process.getuid?.() !== 0) return 'the mail servers change their users, which takes root';
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  if (!existsSync('/etc/debian_version')) return `this is not Debian, and these are missing: ${missing.join(' ')}`;
  console.log(`Installing with apt-get: ${missing.join(' ')}`);
  try {
    install(missing);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg-query's.
const FORMAT = '${Package} ${db:Status-Status}\\n';

function missingPackages(): string[] {
  // dpkg-query prints installed packages to stdout and errors about unknown ones to stderr. It exists on Debian only.
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat', FORMAT, ...PACKAGES], { encoding: 'utf8' });
  const lines = new Set((stdout ?? '').split('\n'));
  return PACKAGES.filter((name) => !lines.has(`${name} installed`));
}

const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

/** Installs packages and keeps them from starting services. */
function install(packages: string[]): void {
  const isPolicyOurs = !existsSync(SERVICE_POLICY);
  if (isPolicyOurs) writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    aptGet(['update']);
    aptGet(['install', '--yes', '--no-install-recommends', ...packages]);
  } finally {
    if (isPolicyOurs) rmSync(SERVICE_POLICY);
  }
}

function aptGet(args: string[]): void {
  const quiet = ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'Acquire::Retries=3'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync('apt-get', [...quiet, ...args], { stdio: 'inherit', env });
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed`);
}

/** Prints how many files were left out, why, and how to run them. */
function reportLeftOut(reason: string): void {
  const files = globSync('test/**/*.servers.test.ts', { cwd: join(import.meta.dirname, '..') }).length;
  console.log(`Left out: the ${files} test files of the project "servers" (test/**/*.servers.test.ts).`);
  console.log(`Why: ${reason}.`);
  console.log('To run them too: npm test as root on Debian, for example in a container of node:24-bookworm.');
}

/** Exit code of vitest; a signal counts as in a shell. */
function runVitest(report: string, options: string[]): Promise<number> {
  const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '..', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [vitest, 'run', ...reporters, ...options, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // A signal is passed on to vitest, and the report removed once it has ended. Ctrl-C reaches vitest by itself.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/** A file that does not load counts as one failed test, and so does a run that fails outside of any test. */
function count(report: string, exitCode: number): { passed: number; failed: number } {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, testResults }: Report = JSON.parse(readFileSync(report, 'utf8'));
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  const failed = numFailedTests + broken.length;
  return { passed: numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

const reason = provideServers();
if (reason !== undefined && process.env.CI) {
  console.error(`The tests need their servers where CI is set: ${reason}.`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'mail-mcp-report-'));
try {
  const report = join(folder, 'report.json');
  const exitCode = await runVitest(report, reason === undefined ? [] : ['--project=unit']);
  const { passed, failed } = count(report, exitCode);
  process.exitCode = exitCode !== 0 ? exitCode : failed > 0 || passed === 0 ? 1 : 0;
  if (reason !== undefined) reportLeftOut(reason);
  console.log(`\ntests: ${passed} passed, ${failed} failed`);
} finally {
  rmSync(folder, { recursive: true });
}
