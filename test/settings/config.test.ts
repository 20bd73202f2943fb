/** Checks the validation of the environment variables. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { readConfig } from '../../src/settings/config.ts';
import { ENVIRONMENT } from '../../src/settings/environment.ts';

const key = () => randomBytes(32).toString('base64');
const valid = () => ({ BASE_URL: 'https://mail.example.com', ENCRYPTION_KEY: key() });

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  test('a public URL and a key are enough', () => {
    expect(readConfig(valid())).toMatchObject({
      issuer: 'https://mail.example.com',
      port: 3000,
      logLevel: 'INFO',
      s3: undefined,
    });
  });

  test('all faults are reported at once', () => {
    const faults = faultsOf({
      PORT: '70000',
      NODE_ENV: 'staging',
      MAIL_MCP_LOG_LEVEL: 'LOUD',
      AWS_S3_BUCKET: 'letters',
    });
    const names = faults.map((line) => line.split(' ')[0]);
    expect(names.sort()).toEqual(
      [
        'AWS_ACCESS_KEY_ID',
        'AWS_REGION',
        'AWS_SECRET_ACCESS_KEY',
        'BASE_URL',
        'ENCRYPTION_KEY',
        'MAIL_MCP_LOG_LEVEL',
        'NODE_ENV',
        'PORT',
      ].sort(),
    );
  });

  test('a fault never contains the value', () => {
    const secret = 'c2VjcmV0LXRoYXQtbXVzdC1ub3QtYmUtcHJpbnRlZA';
    const faults = faultsOf({
      BASE_URL: `ftp://${secret}`,
      ENCRYPTION_KEY: secret,
      ENCRYPTION_KEYS_PREVIOUS: secret,
      PORT: secret,
    });
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toContain(secret);
  });

  test.each([
    ['is not base64', 'not base64!'],
    ['is too short', randomBytes(16).toString('base64')],
    ['is one byte repeated', Buffer.alloc(32, 7).toString('base64')],
    ['is readable text', Buffer.from('this-is-a-sample-key-of-32-bytes').toString('base64')],
  ])('a key that %s is refused', (_, ENCRYPTION_KEY) => {
    expect(faultsOf({ ...valid(), ENCRYPTION_KEY })).toEqual([expect.stringMatching(/^ENCRYPTION_KEY /)]);
  });

  test('the issuer is normalized, as clients compare it byte by byte (META-02)', () => {
    expect(readConfig({ ...valid(), BASE_URL: 'HTTPS://Mail.Example.com:443/' }).issuer).toBe(
      'https://mail.example.com',
    );
  });

  test.each([
    'http://mail.example.com',
    'http://192.168.1.4',
    'https://mail.example.com/path',
    'https://u:p@mail.example.com',
    'mail.example.com',
  ])('HOST-04 %s is refused as BASE_URL', (BASE_URL) => {
    expect(faultsOf({ ...valid(), BASE_URL })).toEqual([expect.stringMatching(/^BASE_URL /)]);
  });

  test.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])(
    'HOST-04 with BASE_URL %s, http is allowed and the server listens on loopback only',
    (BASE_URL) => {
      expect(readConfig({ ...valid(), BASE_URL })).toMatchObject({
        issuer: BASE_URL,
        host: '127.0.0.1',
        isLocal: true,
      });
    },
  );

  test('an empty variable counts as not set', () => {
    expect(readConfig({ ...valid(), PORT: '', AWS_S3_BUCKET: '', HOST: ' ' })).toMatchObject({
      port: 3000,
      s3: undefined,
      host: undefined,
    });
  });

  test('previous keys are a list separated by commas', () => {
    expect(readConfig({ ...valid(), ENCRYPTION_KEYS_PREVIOUS: `${key()}, ${key()}` }).keys.previous).toHaveLength(2);
  });

  test.each([
    ['2026-11-21T12:00:00Z', '2026-11-21T12:00:00.000Z'],
    ['2026-11-21T13:00:00+01:00', '2026-11-21T12:00:00.000Z'],
    ['1700000000', '2023-11-14T22:13:20.000Z'],
  ])('TOKENS_NOT_BEFORE %s is a time', (TOKENS_NOT_BEFORE, moment) => {
    expect(readConfig({ ...valid(), TOKENS_NOT_BEFORE }).keys.notBefore?.toISOString()).toBe(moment);
  });

  test.each([
    ['TOKENS_NOT_BEFORE', '2026-11-21'],
    ['TOKENS_NOT_BEFORE', '2026-11-21T12:00:00'],
    ['TOKENS_NOT_BEFORE', 'yesterday'],
    ['REDIS_URL', 'localhost:6379'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'app.example.com'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/'],
    ['ALLOWED_ORIGINS', 'https://app.example.com:443'],
    ['ALLOWED_ORIGINS', 'https://App.example.com'],
    ['ALLOWED_ORIGINS', 'https://u@app.example.com, https://other.example'],
    ['TOLERATE_VERSION_MISMATCH', 'perhaps'],
    ['STRICT_VERSIONS', 'very'],
    ['METADATA_ALIASES', 'some'],
    ['REDIS_URL', 'https://redis.example.com'],
    ['CLIENT_REGISTRATION', 'perhaps'],
    ['CLIENT_ID_METADATA_DOCUMENTS', 'perhaps'],
    ['TRUSTED_CLIENT_HOSTS', 'https://claude.ai'],
    ['TRUSTED_CLIENT_HOSTS', 'claude.ai/oauth'],
    ['TRUSTED_CLIENT_HOSTS', 'user@claude.ai'],
    ['TRUSTED_CLIENT_HOSTS', '*.claude.ai'],
    ['TRUSTED_CLIENT_HOSTS', 'claude.ai, a b:port:1'],
    ['REPLICAS', '0'],
    ['REPLICAS', '1.5'],
    ['REPLICAS', 'many'],
  ])('%s refuses %s', (name, value) => {
    expect(faultsOf({ ...valid(), [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} must be `))]);
  });

  test('DCR-05 CIMD-08 dynamic clients require DEFAULT_CONNECTION, which names their servers', () => {
    const faults = faultsOf({ ...valid(), CLIENT_REGISTRATION: 'true', CLIENT_ID_METADATA_DOCUMENTS: 'yes' });
    expect(faults).toEqual([
      expect.stringMatching(/^CLIENT_REGISTRATION requires DEFAULT_CONNECTION/),
      expect.stringMatching(/^CLIENT_ID_METADATA_DOCUMENTS requires DEFAULT_CONNECTION/),
    ]);
    expect(readConfig({ ...valid(), CLIENT_REGISTRATION: 'false' }).dynamicClients).toBeUndefined();
  });

  test('CONN-05 DEFAULT_CONNECTION takes several connections, and no host of CONNECTIONS has two', () => {
    const read = (DEFAULT_CONNECTION: string) => readConfig({ ...valid(), DEFAULT_CONNECTION }).dynamicClients;
    expect(read(' one,two\nthree ,')?.connections).toEqual(['one', 'two', 'three']);
    expect(faultsOf({ ...valid(), DEFAULT_CONNECTION: ',' })).toEqual([
      'DEFAULT_CONNECTION must be what generate --connection prints',
    ]);
    expect(faultsOf({ ...valid(), CONNECTIONS: 'a.example=x, b.example=y, A.example:443=z' })).toEqual([
      'CONNECTIONS has a host more than once: each host has one connection',
    ]);
  });

  test('DCR-05 CIMD-07 by default registration and metadata documents are off, and the trusted hosts are those of the presets', () => {
    const read = (more: NodeJS.ProcessEnv) =>
      readConfig({ ...valid(), DEFAULT_CONNECTION: 'sealed', ...more }).dynamicClients;
    expect(read({})).toEqual({
      connections: ['sealed'],
      acceptsRegistration: false,
      acceptsDocuments: false,
      trustedHosts: undefined,
    });
    expect(read({ CLIENT_REGISTRATION: 'true', TRUSTED_CLIENT_HOSTS: '*' })).toMatchObject({
      acceptsRegistration: true,
      trustedHosts: 'any',
    });
    expect(read({ TRUSTED_CLIENT_HOSTS: 'Grok.com, chat.example:8443 claude.ai:443 münchen.example' })).toMatchObject({
      trustedHosts: new Set(['grok.com', 'chat.example:8443', 'claude.ai', 'xn--mnchen-3ya.example']),
    });
  });

  test('HOST-01 allowed origins are a list, empty by default', () => {
    expect(readConfig(valid()).allowedOrigins).toEqual(new Set());
    const ALLOWED_ORIGINS = 'https://app.example.com, http://localhost:8080,null';
    expect(readConfig({ ...valid(), ALLOWED_ORIGINS }).allowedOrigins).toEqual(
      new Set(['https://app.example.com', 'http://localhost:8080', 'null']),
    );
  });

  test('REDIS_URL may use TLS and contain credentials and a database number', () => {
    const REDIS_URL = 'rediss://user:secret@redis.example.com:6380/2';
    expect(readConfig({ ...valid(), REDIS_URL }).redisUrl).toBe(REDIS_URL);
  });

  test('.env.sample lists every variable and no other', () => {
    const sample = readFileSync(new URL('../../.env.sample', import.meta.url), 'utf8');
    const names = [...sample.matchAll(/^(?:# )?([A-Z0-9_]+)=/gm)].map(([, name]) => name);
    expect(names.sort()).toEqual(Object.keys(ENVIRONMENT.shape).sort());
  });

  test('.env.sample unchanged starts no server: a key must be generated', () => {
    const sample = readFileSync(new URL('../../.env.sample', import.meta.url), 'utf8');
    const env = Object.fromEntries(
      [...sample.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(faultsOf(env)).toEqual(['ENCRYPTION_KEY is required']);
  });

  test('PAGE-04 the operator may give name, URL, contact, privacy statement, logo and accent colour', () => {
    const file = fileURLToPath(new URL('../../views/icon.png', import.meta.url));
    const { operator } = readConfig({
      ...valid(),
      OPERATOR_NAME: ' Example Ltd ',
      OPERATOR_CONTACT: 'help@example.com',
      OPERATOR_LOGO: file,
      ACCENT_COLOR: '#7C3AED',
    });
    expect(operator).toMatchObject({
      name: 'Example Ltd',
      contact: { text: 'help@example.com', url: 'mailto:help@example.com' },
      logo: { type: 'image/png', adaptsToScheme: false },
      accentColor: '#7C3AED',
    });
    const { contact } = readConfig({ ...valid(), OPERATOR_CONTACT: 'https://example.com/help' }).operator;
    expect(contact).toEqual({ text: 'example.com', url: 'https://example.com/help' });
  });

  test.each([
    ['OPERATOR_NAME', 'two\nlines'],
    ['OPERATOR_NAME', 'x'.repeat(81)],
    ['OPERATOR_URL', 'javascript:alert(1)'],
    ['OPERATOR_CONTACT', 'javascript:alert(1)'],
    ['OPERATOR_CONTACT', 'nowhere'],
    ['PRIVACY_URL', 'data:text/html,x'],
    ['OPERATOR_LOGO', '/no/such/file.png'],
    ['OPERATOR_LOGO', fileURLToPath(import.meta.url)],
    ['ACCENT_COLOR', 'red; } body { display: none'],
    ['ACCENT_COLOR', '#12345'],
  ])('%s is refused if it is wrong', (name, value) => {
    expect(faultsOf({ ...valid(), [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} must be `))]);
  });

  test.each([
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
    ['\uFEFF<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE svg>\n<svg viewBox="0 0 1 1"></svg>', 'image/svg+xml'],
    ['<html><svg></svg></html>', undefined],
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['RIFF\0\0\0\0WEBP', 'image/webp'],
    ['GIF89a', undefined],
    [`<svg>${' '.repeat(200_000)}</svg>`, undefined],
  ])('the kind of a logo is found in the file (%#)', async (content, type) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'logo-'));
    const OPERATOR_LOGO = join(folder.path, 'logo');
    await writeFile(OPERATOR_LOGO, content, content.startsWith('\xff') ? 'latin1' : 'utf8');
    if (type === undefined) expect(faultsOf({ ...valid(), OPERATOR_LOGO })).toHaveLength(1);
    else expect(readConfig({ ...valid(), OPERATOR_LOGO }).operator.logo).toMatchObject({ type });
  });
});
