import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { presets } from '../../src/oauth/presets.ts';
import { newAccount } from '../support/accounts.ts';
import { imapWith } from '../support/mailboxes.ts';
import { message } from '../support/messages.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { knownClients } from './known-clients.ts';
import { replay } from './replay.ts';

let app: TestApp;
const account = newAccount();
beforeAll(async () => {
  app = await startApp({ TOLERATE_VERSION_MISMATCH: 'true' });
  await imapWith(account, { INBOX: [message()], Projects: [message()] });
});
afterAll(() => app.stop());

describe.each(knownClients)('$name, from the 401 through the form to a tool call (CLI-05)', ({ flags, flows }) => {
  test.each(flows.map((flow) => [flow.title, flow] as const))('%s', async (_, flow) => {
    const registration = await app.mint(account, { redirectUri: [], ...flags });
    expect(registration.client_secret === undefined).toBe(flow.secret === undefined);
    const [before, after] = await replay(app.origin, account, registration, flow);
    expect(before).toEqual(expect.arrayContaining(['INBOX', 'Projects']));
    expect(after).toEqual(before);
  });
});

test('every preset is that of a client which is known here', () => {
  const known = knownClients.flatMap(({ flags }) => flags.preset);
  expect(Object.keys(presets).filter((name) => !known.includes(name))).toEqual(['conformance']);
});
