/** Proves each row of the table of mail servers in docs/troubleshooting.md. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccessTokens } from '../../../src/mail/access-tokens.ts';
import { probeServer } from '../../../src/mail/probe/probe.ts';
import { PROBE_CODES } from '../../../src/mail/probe/probe-faults.ts';
import { verifyLogin } from '../../../src/mail/verify-login.ts';
import { mailLoginProblems } from '../../../src/oauth/forms/mail-login-problems.ts';
import { en } from '../../../src/oauth/pages/languages/en.ts';
import { unusedPort } from '../../support/mail/faulty-servers.ts';
import {
  GOOD_SERVERS,
  MISBEHAVIOURS,
  type Misbehaviour,
  type TestCertificates,
  temporaryCertificates,
} from '../../support/mail/misbehaving-servers.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { startScriptedSmtp } from '../../support/mail/scripted-smtp.ts';
import { documentedFaults } from './documented-faults.ts';

const rows = documentedFaults('mail-servers');
let certificates: TestCertificates & AsyncDisposable;

beforeAll(async () => {
  certificates = await temporaryCertificates();
});
afterAll(() => certificates[Symbol.asyncDispose]());

test('the table contains every server that is tested, and every fault that a probe finds', () => {
  expect(rows.map((row) => row['a server that'])).toEqual(Object.keys(MISBEHAVIOURS));
  // Certificates have reasons that OpenSSL adds now and then.
  const found = new Set([...rows.map(({ cause }) => cause), 'certificate_other']);
  expect([...found].sort()).toEqual([...PROBE_CODES].sort());
});

describe.concurrent('a probe of a server that', () => {
  test.for(rows)('$name: $cause, in under five seconds', async (row, { expect }) => {
    const misbehaviour = MISBEHAVIOURS[row['a server that'] ?? ''];
    if (misbehaviour === undefined) throw new Error('not in the stand-ins');
    const { fault, durationMs } = await probe(misbehaviour);
    expect(fault).toEqual({ cause: row.cause, sentence: row.sentence, remedy: row.remedy });
    expect(durationMs).toBeLessThan(5_000);
  });

  test.for(Object.keys(GOOD_SERVERS))('can be used finds no fault: %s', async (name, { expect }) => {
    const server = GOOD_SERVERS[name];
    if (server === undefined) throw new Error('not in the stand-ins');
    const { fault, passed } = await probe(server);
    expect({ fault, last: passed.at(-1) }).toEqual({ fault: undefined, last: 'password login offered' });
  });
});

describe.concurrent('a sign-in with a server that', () => {
  test.for(rows)('$name: the page says $page', async (row, { expect }) => {
    const misbehaviour = MISBEHAVIOURS[row['a server that'] ?? ''];
    if (misbehaviour === undefined) throw new Error('not in the stand-ins');
    const { problem, sentence, durationMs } = await signIn(misbehaviour);
    expect(problem?.cause).toBe(row.cause);
    expect(sentence).toMatch(row.page === 'operator' ? / reference 7f3a1c22\.$/ : /[Tt]ry again (?:in a minute|later)/);
    if (row.page === 'operator') expect(durationMs).toBeLessThan(5_000);
  });
});

/** Tries to log in, as the sign-in page does. */
async function signIn({ service, security, start, lookup, isUntrusted, login: kind }: Misbehaviour) {
  await using started = await start(certificates);
  const server = { host: started.host, port: started.port, security };
  const other = { ...(await unusedPort()), security: 'cleartext' as const };
  const atProvider = { signIn: { provider: 'google' as const }, refreshToken: 'x', approval: 'x'.repeat(22) };
  const login =
    kind === 'token'
      ? { kind: 'provider' as const, username: 'ada', ...atProvider }
      : { kind: 'password' as const, username: 'ada', password: 'secret' };
  const servers = { imap: other, smtp: other, [service]: server };
  const account = {
    ...{ fullName: '', email: 'ada@example.test' },
    ...{ imap: { server: servers.imap, login }, smtp: { server: servers.smtp, login } },
  };
  const tls = isUntrusted === true ? {} : { ca: certificates.ca };
  const startedAt = performance.now();
  const problems = await verifyLogin(account, {
    ...{ tls, totalMs: 6_000, accessTokens },
    probe: (name, at, options) => probeServer(name, at, { ...options, ...(lookup && { lookup }) }),
  });
  const durationMs = performance.now() - startedAt;
  const problem = problems.find((one) => one.service === service);
  const context = { servers, reference: '7f3a1c22' };
  const [shown] = problem ? mailLoginProblems([problem], { useSameCredentials: true }, context) : [];
  return { problem, sentence: shown?.sentence(en), durationMs };
}

describe('a login that is refused with', () => {
  test.for(documentedFaults('refusals'))('$name has the cause $cause', async (row, { expect }) => {
    await using imap = await startScriptedImap(() => undefined);
    const [line = ''] = [row['the server says']];
    const answer = /^\d{3}-/.test(line) ? `${line}\r\n${line.replace('-', ' ')}` : line;
    await using smtp = await startScriptedSmtp({ answers: { AUTH: answer } });
    const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
    const [problem] = await verifyLogin({
      ...{ fullName: '', email: 'ada@example.test' },
      ...{ imap: { server: imap.server, login }, smtp: { server: smtp.server, login } },
    });
    expect(problem).toMatchObject({ service: 'smtp', cause: row.cause });
  });
});

/** Issues access tokens without a provider. */
const accessTokens: AccessTokens = {
  get: async () => ({ token: 'a-token', expiresAtMs: Infinity, isNew: true }),
  discard: () => undefined,
};

async function probe({ service, security, start, lookup, isUntrusted, login }: Misbehaviour) {
  await using server = await start(certificates);
  const { host, port } = server;
  const startedAt = performance.now();
  const tls = isUntrusted === true ? {} : { ca: certificates.ca };
  const options = { tls, login, ...(lookup && { lookup }) };
  const { fault, passed } = await probeServer(service, { host, port, security }, options);
  const durationMs = performance.now() - startedAt;
  // Names, numbers and codes differ; they are capital letters in the document.
  const asDocumented = (text: string): string =>
    text
      .replaceAll(`${host}:${port}`, 'HOST:PORT')
      .replaceAll(host, 'HOST')
      .replace(/\((?:ERR_|E)[\w/]+\)/, '(CODE)')
      .replace(/\(\d{4}-\d\d-\d\d\)/, '(DAY)')
      .replace('mail.elsewhere.test', 'NAME');
  return {
    passed,
    durationMs,
    fault: fault && { cause: fault.code, sentence: asDocumented(fault.sentence), remedy: asDocumented(fault.remedy) },
  };
}
