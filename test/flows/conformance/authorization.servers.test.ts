/** Runs the authorization scenarios of the official conformance suite. */
import { expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { signIn } from '../../support/app/person.ts';
import { signInFields, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { freePort } from '../../support/servers/ports.ts';
import { type Finding, runSuite } from './suite.ts';

/** Runs the scenarios of the authorization server, and signs in at the URL that the suite prints. */
async function authorize(app: TestApp, account: MailAccount, args: string[]): Promise<Finding[]> {
  const { client_id } = await app.mint(account, { preset: ['conformance'], redirectUri: [], public: true });
  const port = await freePort();
  const callback = `http://127.0.0.1:${port}/callback`;
  let person: Promise<unknown> | undefined;
  const { findings } = await runSuite(
    ['authorization', '--url', app.origin, '--client-id', client_id, '--port', String(port), ...args],
    (output) => {
      const url = /^http\S+(?=\n)/m.exec(output.slice(output.indexOf('Access the following URL')))?.[0];
      if (url !== undefined) person ??= signInAndReturn(url);
    },
  );
  await person;
  return findings;

  async function signInAndReturn(url: string): Promise<void> {
    const parameters = await signIn(new URL(url), signInFields(account));
    await fetch(`${callback}?${parameters}`);
  }
}

test.each(['2025-06-18', '2025-11-25', '2026-07-28'])(
  'version %s: the conformance suite signs in as a client that sends no resource',
  async (revision) => {
    await using app = await startApp();
    const findings = await authorize(app, newAccount(), ['--spec-version', revision]);
    expect(failuresOf(findings)).toEqual([]);
    expect(passed(findings)).toEqual([
      'authorization-code-grant:authorization-code-grant',
      'authorization-server-metadata-endpoint:authorization-server-metadata',
    ]);
  },
  120_000,
);

test('the conformance suite signs in as a client that sends resource', async () => {
  await using app = await startApp();
  const args = ['--spec-version', '2026-07-28', '--resource', `${app.origin}/mcp`];
  const findings = await authorize(app, newAccount(), args);
  expect(failuresOf(findings)).toEqual([]);
  expect(passed(findings)).toContain('authorization-code-grant:authorization-code-grant');
}, 120_000);

const failuresOf = (findings: Finding[]) => findings.filter(({ status }) => status === 'FAILURE');
const passed = (findings: Finding[]) =>
  findings
    .filter(({ status }) => status === 'SUCCESS')
    .map(({ name }) => name)
    .sort();
