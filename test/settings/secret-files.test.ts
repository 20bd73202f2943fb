/** Checks that secrets can be read from files. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig, readKeys, readServerConfig } from '../../src/settings/config.ts';
import { ENVIRONMENT, MintingEnvironment, secretsOf } from '../../src/settings/environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const key = randomBytes(32);
const BASE_URL = 'https://mail.example.com';

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a secret in a file', () => {
  test('RUN-01 is the value of its variable, without the line end', () => {
    const { keys, adminToken, redisUrl } = readConfig({
      BASE_URL,
      ENCRYPTION_KEY_FILE: file('key', `${key.toString('base64')}\n`),
      ADMIN_TOKEN_FILE: file('token', ` ${'a'.repeat(32)}\r\n`),
      REDIS_URL_FILE: file('redis', 'redis://:secret@localhost:6379'),
    });
    expect({ key: keys.current, adminToken, redisUrl }).toEqual({
      key,
      adminToken: 'a'.repeat(32),
      redisUrl: 'redis://:secret@localhost:6379',
    });
  });

  test('RUN-01 every secret can be in one, and nothing else', () => {
    expect([...secretsOf(ENVIRONMENT), ...secretsOf(MintingEnvironment)].sort()).toEqual(
      [
        ...['ADMIN_TOKEN', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'REDIS_URL', 'MINTING_PRIVATE_KEY'],
        ...['GOOGLE_CLIENT_SECRET', 'MICROSOFT_CLIENT_SECRET', 'FASTMAIL_CLIENT_SECRET'],
        ...['ENCRYPTION_KEY', 'ENCRYPTION_KEYS_PREVIOUS', 'ENCRYPTION_KEY', 'ENCRYPTION_KEYS_PREVIOUS'],
      ].sort(),
    );
    expect(readConfig({ BASE_URL, ENCRYPTION_KEY: key.toString('base64'), PORT_FILE: '/nowhere' }).port).toBe(3000);
  });

  test.each([
    ['does not exist', () => join(folder, 'missing'), 'is the path of a file that cannot be read (ENOENT)'],
    ['is a folder', () => folder, 'is the path of a file that cannot be read (EISDIR)'],
    ['is empty', () => file('empty', ' \n'), 'is the path of an empty file'],
    ['is too large', () => file('large', 'x'.repeat(70_000)), 'must be the path of a file of at most 64 KiB'],
  ])('RUN-01 that %s is one fault, without the path', (_what, path, fault) => {
    expect(() => readConfig({ BASE_URL, ENCRYPTION_KEY_FILE: path() })).toThrow(`ENCRYPTION_KEY_FILE ${fault}`);
    expect(() => readConfig({ BASE_URL, ENCRYPTION_KEY_FILE: path() })).toThrow(/^[^\n]+$/);
    expect(() => readConfig({ BASE_URL, ENCRYPTION_KEY_FILE: path() })).not.toThrow(folder);
  });

  test('RUN-01 and in the variable too is a fault: one of the two would be ignored', () => {
    const ENCRYPTION_KEY = randomBytes(32).toString('base64');
    expect(() => readKeys({ ENCRYPTION_KEY, ENCRYPTION_KEY_FILE: file('key', key.toString('base64')) })).toThrow(
      /^ENCRYPTION_KEY_FILE and ENCRYPTION_KEY are both set: remove one$/,
    );
  });

  test('a wrong value in one is reported by the name of the variable, and not shown', () => {
    expect(() => readKeys({ ENCRYPTION_KEY_FILE: file('wrong', 'c2hvcnQ=') })).toThrow(
      /^ENCRYPTION_KEY must be 32 bytes in base64: openssl rand -base64 32$/,
    );
  });

  test('one that a command does not need is not read', () => {
    const ENCRYPTION_KEY = key.toString('base64');
    expect(readKeys({ ENCRYPTION_KEY, ADMIN_TOKEN_FILE: join(folder, 'missing') }).current).toEqual(key);
  });

  test('the key that clients are minted with starts no server from a file either', () => {
    const env = { BASE_URL, ENCRYPTION_KEY: key.toString('base64') };
    for (const MINTING_PRIVATE_KEY_FILE of [file('minting', key.toString('base64')), join(folder, 'missing')]) {
      expect(() => readServerConfig({ ...env, MINTING_PRIVATE_KEY_FILE })).toThrow(
        /^MINTING_PRIVATE_KEY belongs where generate runs/,
      );
    }
  });
});

describe('the address to listen on', () => {
  test.each([
    ['every one by default', BASE_URL, undefined, undefined],
    ['that of this machine for a loopback URL', 'http://localhost:3000', undefined, '127.0.0.1'],
    ['every one with *, as in a container, whatever the URL is', 'http://localhost:3000', '*', undefined],
    ['the one that is set', BASE_URL, '192.0.2.1', '192.0.2.1'],
  ])('is %s', (_what, url, HOST, host) => {
    expect(readConfig({ BASE_URL: url, ENCRYPTION_KEY: key.toString('base64'), HOST }).host).toBe(host);
  });
});
