/** Replays the requests of known clients, from the first 401 to a tool call after a refresh. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../../src/oauth/client/presets.ts';
import { type Registration, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { knownClients } from './known-clients.ts';
import { type Flow, register, replay } from './replay.ts';

let app: TestApp;
/** Accepts dynamic client registration. */
let registrationApp: TestApp;
const account = newAccount();
beforeAll(async () => {
  const environment = { ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  app = await startApp(environment);
  const { client_id } = await app.mint(account);
  registrationApp = await startApp({ ...environment, DEFAULT_CONNECTION: client_id, CLIENT_REGISTRATION: 'true' });
  await appendMessages(account, { INBOX: [message()], Projects: [message()] });
});
afterAll(() => Promise.all([app.stop(), registrationApp.stop()]));

/** Checks the flow from the first 401 to a tool call, and a call after a refresh. */
async function reachesMail({ origin }: TestApp, registration: Registration, flow: Flow): Promise<void> {
  expect(registration.client_secret === undefined).toBe(flow.secret === undefined);
  const [before, after] = await replay(origin, account, registration, flow);
  expect(before).toEqual(expect.arrayContaining(['INBOX', 'Projects']));
  expect(after).toEqual(before);
}

const named = (flows: Flow[]) => flows.map((flow) => [flow.title, flow] as const);

describe.each(knownClients)('CLI-05 $name, with a minted client id, reads mail', ({ flags, flows }) => {
  test.each(named(flows))('%s', async (_, flow) => {
    await reachesMail(app, await app.mint(account, { redirectUri: [], ...flags }), flow);
  });
});

const dynamicClients = knownClients.flatMap(({ name, flows, registers }) =>
  registers ? { name, flows, registers } : [],
);

describe.each(dynamicClients)(
  'DCR-03 DCR-04 $name, with only the URL, registers and reads mail',
  ({ flows, registers }) => {
    test.each(named(flows))('%s', async (_, flow) => {
      await reachesMail(registrationApp, await register(registrationApp.origin, flow, registers), flow);
    });
  },
);

test('every preset belongs to a known client', () => {
  const known = knownClients.flatMap(({ flags }) => flags.preset);
  expect(Object.keys(PRESETS).filter((name) => !known.includes(name))).toEqual(['conformance']);
});
