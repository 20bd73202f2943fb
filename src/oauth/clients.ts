/** Every client_id that comes in, from whichever endpoint, is judged here. */
import { OAuthError } from '../errors.ts';
import type { State } from '../state/state.ts';
import { type Client, openClient } from './client.ts';
import type { Keyring } from './jwe.ts';
import { createTokens } from './tokens.ts';

export interface Clients {
  /** @throws {OAuthError} `invalid_client` if it is not known here, has expired, or was denied */
  open(clientId: string): Promise<Client>;
  /** Whether the operator has shut out the client of this `jti`. */
  isDenied(jti: string): Promise<boolean>;
}

/** @param services.deniedClients `jti` of clients that the configuration shuts out, beside those marked in the state */
export function createClients(services: {
  keyring: Keyring;
  now: () => Date;
  state: State;
  deniedClients: ReadonlySet<string>;
}): Clients {
  const { now, state, deniedClients } = services;
  const tokens = createTokens(services.keyring);

  async function isDenied(jti: string): Promise<boolean> {
    if (deniedClients.has(jti)) return true;
    const [denied] = await state.claimed([deniedMark(jti)]);
    return denied !== null;
  }

  return {
    isDenied,
    async open(clientId) {
      const client = await openClient(tokens, clientId, now());
      if (await isDenied(client.jti)) throw new OAuthError('invalid_client', 'The client_id is not known here.');
      return client;
    },
  };
}

/** The key in the state that shuts a client out. */
export const deniedMark = (jti: string): string => `denied:client:${jti}`;
