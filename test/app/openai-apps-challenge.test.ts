/** Checks the URL by which the app directory of OpenAI verifies who owns the domain. */
import { expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { readConfig } from '../../src/settings/config.ts';
import { startMcpApp } from '../support/app/mcp-app.ts';

const PATH = '/.well-known/openai-apps-challenge';

test.each([['oai-1a2B_3c'], ['dGhlIHRleHQ='], ['https://example.com/a?b=c']])(
  'the text %s of the setting is served as plain text to everyone',
  async (openaiAppsChallenge) => {
    await using app = await startMcpApp({ openaiAppsChallenge });
    const response = await app.fetch(PATH);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toBe(openaiAppsChallenge);
  },
);

test('without the setting the URL does not exist', async () => {
  await using app = await startMcpApp();
  expect((await app.fetch(PATH)).status).toBe(404);
});

test.each([['two words'], ['a\nb'], ['é'], ['a'.repeat(1001)]])('the setting refuses %j', (value) => {
  const environment = {
    BASE_URL: 'https://mail.example.com',
    ENCRYPTION_KEY: Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37) % 251)).toString('base64'),
  };
  expect(readConfig({ ...environment, OPENAI_APPS_CHALLENGE: ' a-b ' }).openaiAppsChallenge).toBe('a-b');
  expect(() => readConfig({ ...environment, OPENAI_APPS_CHALLENGE: value })).toThrow(ConfigError);
});
