/**
 * `npm test`: installs the servers the tests need where that is possible, runs vitest, tidies up, says how many tests passed.
 * Arguments go to vitest: `npm test -- test/mail`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGES = [
  ...['dovecot-imapd', 'dovecot-lmtpd', 'postfix'],
  ...['swift', 'swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached'],
  ...['redis-server', 'chromium', 'fonts-dejavu-core', 'openssl'],
];

/** Ends the process, with a sentence of what to do, if the servers cannot be had. */
function provideServers(): void {
  const missing = missingPackages();
  const isRoot = process.getuid?.() === 0;
  if (missing.length === 0 && isRoot) return;
  if (missing.length === 0) fail('The tests start mail servers that change their users: please run them as root.');
  if (!isRoot || !existsSync('/etc/debian_version')) {
    fail(`The tests run as root on Debian, with these packages: please install ${missing.join(' ')}.`);
  }
  try {
    install(missing);
  } catch (error) {
    fail(`${error instanceof Error ? error.message : error}: please install ${missing.join(' ')}.`);
  }
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg-query's.
const FORMAT = '${Package} ${db:Status-Status}\\n';

function missingPackages(): string[] {
  // Prints the packages it knows, and complains about the others on stderr. Not there at all outside Debian.
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat', FORMAT, ...PACKAGES], { encoding: 'utf8' });
  const lines = new Set((stdout ?? '').split('\n'));
  return PACKAGES.filter((name) => !lines.has(`${name} installed`));
}

const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

/** Installs packages without letting them start services of their own. */
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

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

/** Exit code of vitest; a signal counts as in a shell. */
function runVitest(report: string): Promise<number> {
  const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '..', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], { stdio: 'inherit' });
  // Asked to stop, we ask vitest, and tidy up once it has ended. A Ctrl-C reaches it without us.
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

/** A file that could not be loaded counts as one failed test, and so does a run that failed outside of any test. */
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

provideServers();
const folder = mkdtempSync(join(tmpdir(), 'mail-mcp-report-'));
try {
  const report = join(folder, 'report.json');
  const exitCode = await runVitest(report);
  const { passed, failed } = count(report, exitCode);
  process.exitCode = exitCode !== 0 ? exitCode : failed > 0 || passed === 0 ? 1 : 0;
  console.log(`\ntests: ${passed} passed, ${failed} failed`);
} finally {
  rmSync(folder, { recursive: true });
}
