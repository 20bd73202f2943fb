/** Runs the server scenarios of the official conformance suite. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { startAuthorizingProxy } from './authorizing-proxy.ts';
import { type Finding, runSuite } from './suite.ts';

const REVISIONS = ['2025-06-18', '2025-11-25', '2026-07-28'] as const;
const found = new Map<string, Finding[]>();
let needsFixtures: string[];

beforeAll(async () => {
  const listed = await readFile(new URL('needs-fixtures.json', import.meta.url), 'utf8');
  needsFixtures = Object.values(z.record(z.string(), z.array(z.string())).parse(JSON.parse(listed))).flat();
  await using app = await startApp();
  await using proxy = await startAuthorizingProxy({ port: app.port, token: await app.accessToken(newAccount()) });
  for (const revision of REVISIONS) {
    const { findings } = await runSuite([
      ...['server', '--url', proxy.url],
      ...['--suite', 'all', '--spec-version', revision],
    ]);
    found.set(revision, findings);
  }
}, 240_000);

const namesOf = (findings: Finding[], ...statuses: Finding['status'][]) => [
  ...new Set(findings.filter(({ status }) => statuses.includes(status)).map(({ name }) => name)),
];
const of = (revision: string) => found.get(revision) ?? [];
const everywhere = () => REVISIONS.flatMap(of);

describe('the official conformance suite', () => {
  test.each(REVISIONS)('MCP-02 MCP-04 MCP-05 MCP-07 HOST-02 at %s only checks that need fixtures fail', (revision) => {
    const failed = namesOf(of(revision), 'FAILURE');
    const ran = namesOf(of(revision), 'SUCCESS', 'FAILURE', 'WARNING');
    expect(failed.sort()).toEqual(needsFixtures.filter((name) => ran.includes(name)).sort());
  });

  test('each failure is due to a missing fixture: a tool, a method or an annotation', () => {
    const lack = /no such tool|Method not found|Not testable|not found\. Available tools|InputRequiredResult/;
    for (const { name, status, message } of everywhere()) if (status === 'FAILURE') expect(message, name).toMatch(lack);
  });

  test('every check of that list still exists', () => {
    expect(namesOf(everywhere(), 'FAILURE').sort()).toEqual([...needsFixtures].sort());
  });

  test('warnings are only about sessions, resources and tools that the server does not have', () => {
    expect(namesOf(everywhere(), 'WARNING').sort()).toEqual([
      'input-required-result-ignore-extra-params:sep-2322-ignore-unexpected-params',
      'input-required-result-missing-input-response:sep-2322-missing-response-rerequests',
      'sep-2164-resource-not-found:sep-2164-data-uri',
      'sep-2164-resource-not-found:sep-2164-error-code',
      'server-sse-multiple-streams:server-sse-multiple-streams-session',
      'server-sse-polling:server-sse-polling-session',
    ]);
  });

  test.each([
    ['2025-06-18', 'server-initialize:server-initialize'],
    ['2025-11-25', 'tools-list:tools-list'],
    ['2025-11-25', 'dns-rebinding-protection:localhost-host-rebinding-rejected'],
    ['2026-07-28', 'server-stateless:sep-2575-server-implements-discover'],
    ['2026-07-28', 'http-header-validation:sep-2243-server-reject-invalid-headers'],
    ['2026-07-28', 'caching:sep-2549-tools-list-caching-hints'],
  ])('at %s the check %s has run and passes', (revision, name) => {
    expect(namesOf(of(revision), 'SUCCESS')).toContain(name);
  });
});
