/** Writes what to do after `mail-mcp generate`: the steps of each client, with the lines to paste. */
import type { Servers } from '../account.ts';
import type { Minted } from '../minting/mint.ts';
import { CONNECTION_PREFIX } from '../oauth/http/paths.ts';
import { mintedClientSteps } from '../oauth/landing/client-steps.ts';
import { resourceOf } from '../oauth/metadata.ts';
import { redirectUriOf } from '../oauth/upstream/callback-path.ts';
import { providerOf } from '../oauth/upstream/providers.ts';

/** Where BASE_URL is not set. */
const PLACEHOLDER = 'https://YOUR_HOST';

/** @returns the URL of a connection that is served by its path */
const connectionUrl = (sealed: string, baseUrl: string | undefined): string =>
  resourceOf(issuerOf(baseUrl) + CONNECTION_PREFIX + sealed);

export const nextForConnection = (sealed: string, baseUrl: string | undefined): string => `
Next, on the server:
  Set DEFAULT_CONNECTION to this value, and CLIENT_REGISTRATION=true or
  CLIENT_ID_METADATA_DOCUMENTS=true. Clients then connect with the URL alone.
  As a further connection, append it there after a comma: the address of an
  account decides. Or in CONNECTIONS with a host of its own, or at:
    ${connectionUrl(sealed, baseUrl)}
`;

/** @returns the step at the provider where account owners sign in; empty if there is none */
export function nextAtProvider(servers: Servers, baseUrl: string | undefined): string {
  if ('missive' in servers || servers.signIn === undefined) return '';
  const { title } = providerOf(servers.signIn);
  return `
Next, at ${title}, where this server is registered, name this redirect URI:
  ${redirectUriOf(issuerOf(baseUrl), servers.signIn)}
`;
}

const issuerOf = (baseUrl: string | undefined): string =>
  baseUrl !== undefined && URL.canParse(baseUrl) ? baseUrl.replace(/\/+$/, '') : PLACEHOLDER;

/** @param presets the clients that it was minted for */
export function nextForClient(
  presets: readonly string[],
  { clientId: id, clientSecret: secret }: Minted,
  baseUrl: string | undefined,
): string {
  const lines = mintedClientSteps(resourceOf(issuerOf(baseUrl)), { id, secret }, presets).flatMap(
    ({ title, steps }) => [
      '',
      `Next, in ${title}:`,
      ...steps.flatMap(({ text, code, link }) => [
        `  ${text}`,
        ...(link === undefined ? [] : [`    ${link.url}`]),
        ...(code === undefined ? [] : code.split('\n').map((line) => `    ${line}`)),
      ]),
    ],
  );
  return `${lines.join('\n')}\n`;
}
