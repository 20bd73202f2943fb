/** Replays the requests of known clients, from the first request without a token to a tool call after a refresh. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OAuthError } from '../../../src/errors.ts';
import type { FetchDocument } from '../../../src/oauth/client/fetch-document.ts';
import { PRESETS } from '../../../src/oauth/client/presets.ts';
import { type DocumentApp, startDocumentApp } from '../../support/app/document-app.ts';
import { type Registration, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { hostedClients } from './hosted-clients.ts';
import { localClients } from './local-clients.ts';
import { type Flow, register, replay } from './replay.ts';

const knownClients = [...hostedClients, ...localClients];

const documents = new Map(
  knownClients.flatMap(({ document }) => (document ? [[document.client_id, JSON.stringify(document)] as const] : [])),
);

const fetchDocument: FetchDocument = async (url) => {
  const text = documents.get(url);
  if (text === undefined) throw new OAuthError('invalid_client', 'No document.');
  return { text, freshSeconds: 300 };
};

let app: TestApp;
/** Accepts dynamic clients of both kinds, from the hosts that are trusted by default. */
let dynamicClientApp: DocumentApp;
const account = newAccount();
beforeAll(async () => {
  app = await startApp({ ENCRYPTION_KEY: randomBytes(32).toString('base64') });
  const accepted = { CLIENT_REGISTRATION: 'true', CLIENT_ID_METADATA_DOCUMENTS: 'true' };
  dynamicClientApp = await startDocumentApp(account, accepted, fetchDocument);
  await appendMessages(account, { INBOX: [message()], Projects: [message()] });
});
afterAll(() => Promise.all([app.stop(), dynamicClientApp[Symbol.asyncDispose]()]));

/** Checks the flow from the first request to a tool call, and a call after a refresh. */
async function reachesMail(origin: string, registration: Registration, flow: Flow): Promise<void> {
  expect(registration.client_secret === undefined).toBe(flow.secret === undefined);
  const [before, after] = await replay(origin, account, registration, flow);
  expect(before).toEqual(expect.arrayContaining(['INBOX', 'Projects']));
  expect(after).toEqual(before);
}

const named = (flows: Flow[]) => flows.map((flow) => [flow.title, flow] as const);

describe.each(knownClients)('CLI-05 $name, with a minted client id, reads mail', ({ flags, flows }) => {
  test.each(named(flows))('%s', async (_, flow) => {
    await reachesMail(app.origin, await app.mint(account, { redirectUri: [], ...flags }), flow);
  });
});

const registeringClients = knownClients.flatMap(({ name, flows, registers }) =>
  registers ? { name, flows, registers } : [],
);

describe.each(registeringClients)(
  'DCR-03 DCR-04 $name, with only the URL, registers and reads mail',
  ({ flows, registers }) => {
    test.each(named(flows))('%s', async (_, flow) => {
      const { origin } = dynamicClientApp;
      await reachesMail(origin, await register(origin, flow, registers), flow);
    });
  },
);

test.each(registeringClients)(
  'PRM-06 $name, given the base URL, registers and reads mail',
  async ({ flows, registers }) => {
    const [first] = flows;
    if (first === undefined) throw new Error('The client has no flow');
    const { origin } = dynamicClientApp;
    const flow: Flow = { ...first, path: '/' };
    await reachesMail(origin, await register(origin, flow, registers), flow);
  },
);

const documented = knownClients.flatMap(({ document, ...client }) => (document ? { ...client, document } : []));

const clientsWithDocument = documented.filter(({ trustedHosts }) => trustedHosts === undefined);

describe.each(clientsWithDocument)(
  'CIMD-04 CIMD-05 $name, with only the URL, names its metadata document and reads mail',
  ({ flows, document: { client_id } }) => {
    test.each(named(flows))('%s', async (_, flow) => {
      await reachesMail(dynamicClientApp.origin, { client_id }, flow);
    });
  },
);

describe.each(documented.filter(({ trustedHosts }) => trustedHosts !== undefined))(
  'CIMD-07 $name, with only the URL, reads mail where its hosts are trusted',
  ({ flows, document: { client_id }, trustedHosts }) => {
    test.each(named(flows))('%s', async (_, flow) => {
      const environment = { CLIENT_ID_METADATA_DOCUMENTS: 'true', TRUSTED_CLIENT_HOSTS: trustedHosts };
      await using trustingApp = await startDocumentApp(account, environment, fetchDocument);
      await reachesMail(trustingApp.origin, { client_id }, flow);
    });
  },
);

test('every preset belongs to a known client', () => {
  const known = knownClients.flatMap(({ flags }) => flags.preset);
  expect(Object.keys(PRESETS).filter((name) => !known.includes(name))).toEqual(['conformance']);
});
