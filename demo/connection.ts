/** Signs the account owner in at the demo's server with the official MCP client. */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { type FormFields, signIn } from '../test/support/app/person.ts';
import { RegisteredClient } from './oauth-client.ts';
import type { Registration } from './server.ts';

const REDIRECT_URI = 'http://localhost/callback';

/** Flags of `generate` for the client of the demo. */
export const CLIENT_FLAGS = [`--redirect-uri=${REDIRECT_URI}`, '--name=Demo'];

export interface Connection {
  /** The client now; `reconnect` replaces it. */
  client(): Client;
  /** The sign-in page that the client was sent to. */
  signInUrl: string;
  /** Connects anew with the tokens that the client has. @returns whether it still has the same access token */
  reconnect(): Promise<{ isSameToken: boolean }>;
}

/** Connects with only the URL: discovery, sign-in of the account owner, tokens. */
export async function connect(
  url: string,
  { client_id, client_secret }: Registration,
  login: FormFields,
): Promise<Connection> {
  const provider = new RegisteredClient({ client_id, client_secret: client_secret ?? undefined }, REDIRECT_URI);
  const transport = () => new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { authProvider: provider });
  let client = newClient();
  const first = transport();
  await client.connect(first).catch((error: unknown) => {
    if (!(error instanceof UnauthorizedError)) throw error;
  });
  const { authorizationUrl } = provider;
  if (authorizationUrl === undefined) throw new Error('The server did not ask to sign in');
  await first.finishAuth(await signIn(authorizationUrl, login));
  await client.connect(transport());
  const { access_token } = provider.tokens() ?? {};
  return {
    client: () => client,
    signInUrl: authorizationUrl.origin + authorizationUrl.pathname,
    async reconnect() {
      await client.close();
      client = newClient();
      await client.connect(transport());
      return { isSameToken: access_token !== undefined && provider.tokens()?.access_token === access_token };
    },
  };
}

const newClient = () =>
  new Client({ name: 'mail-mcp-demo', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
