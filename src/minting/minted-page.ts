/** Writes the page that shows, once, what was minted: the values, the steps of each application, and the command that does the same. */
import type { Servers } from '../account.ts';
import { mintedClientSteps } from '../oauth/landing/client-steps.ts';
import { resourceOf } from '../oauth/metadata.ts';
import type { MintedView } from '../oauth/pages/views.ts';
import { redirectUriOf } from '../oauth/upstream/callback-path.ts';
import { providerOf } from '../oauth/upstream/providers.ts';
import type { FormMinted } from './form-mint.ts';
import { type GivenFlags, generateCommand } from './generate-command.ts';

export function mintedView(
  minted: FormMinted,
  flags: GivenFlags,
  issuer: string,
): Pick<MintedView, 'values' | 'clients' | 'command'> {
  const atProvider = redirectUris(minted.servers, issuer);
  const command = generateCommand(flags);
  if ('connection' in minted) {
    const hint = 'A setting of the server. It holds servers and limits, and no secret.';
    return {
      values: [{ id: 'connection', label: 'DEFAULT_CONNECTION', text: minted.connection, hint }, ...atProvider],
      clients: [],
      command,
    };
  }
  const { clientId: id, clientSecret: secret } = minted.minted;
  const url = resourceOf(issuer);
  const withoutSecret = 'None: this client is for applications that cannot keep a secret.';
  return {
    values: [
      { id: 'url', label: 'URL', text: url, hint: undefined },
      { id: 'client-id', label: 'Client ID', text: id, hint: undefined },
      {
        id: 'client-secret',
        label: 'Client secret',
        text: secret ?? '',
        hint: secret === null ? withoutSecret : undefined,
      },
      ...atProvider,
    ],
    clients: mintedClientSteps(url, { id, secret }, minted.client.presets),
    command,
  };
}

/** What the registration at the provider needs, where account owners sign in. */
function redirectUris(servers: Servers, issuer: string): MintedView['values'] {
  if ('missive' in servers || servers.signIn === undefined) return [];
  const hint = `The registration of this server at ${providerOf(servers.signIn).title} must have it.`;
  return [{ id: 'redirect-uri', label: 'Redirect URI', text: redirectUriOf(issuer, servers.signIn), hint }];
}
