/** Every client_id that comes in, from whichever endpoint, is judged here. */
import { OAuthError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/sealed-types.ts';
import { type Client, unsealClient } from './client.ts';
import { createDocumentCache } from './document-cache.ts';
import type { DynamicClients } from './dynamic-clients.ts';
import { documentFetcher, type FetchDocument } from './fetch-document.ts';
import { looksLikeDocumentUrl } from './metadata-document.ts';
import { unsealRegisteredClient } from './registered-client.ts';

export interface Clients {
  /**
   * @throws {OAuthError} `invalid_client` if it is not known here, has expired, or was denied; `temporarily_unavailable` if its metadata document
   *   cannot be had
   */
  resolve(clientId: string): Promise<Client>;
  /** Whether the operator has shut out the client of this `jti`. */
  isDenied(jti: string): Promise<boolean>;
  /** Whether the settings do, which is known without asking the state. */
  isDeniedBySettings(jti: string): boolean;
  /** How clients come here that nobody minted; absent if they do not. */
  readonly dynamicClients?: DynamicClients | undefined;
}

interface Services {
  keyring: Keyring;
  now: () => Date;
  state: State;
  /** `jti` of clients that the configuration shuts out, beside those marked in the state. */
  deniedClients: ReadonlySet<string>;
  dynamicClients?: DynamicClients | undefined;
  fetchDocument?: FetchDocument;
}

export function createClients(services: Services): Clients {
  const { now, state, deniedClients, dynamicClients } = services;
  const open = opener(services);

  async function isDenied(jti: string): Promise<boolean> {
    if (deniedClients.has(jti)) return true;
    const [denied] = await state.claimed([deniedClientKey(jti)]);
    return denied !== null;
  }

  return {
    dynamicClients,
    isDenied,
    isDeniedBySettings: (jti) => deniedClients.has(jti),
    async resolve(clientId) {
      const client = await open(clientId);
      const hasEnded = client.expiresAt !== null && client.expiresAt <= now();
      if (hasEnded || (await isDenied(client.jti))) throw notKnown();
      return client;
    },
  };
}

/** Opens a client_id of any kind that is accepted; whether the client has been shut out is not judged. */
function opener({ keyring, now, state, dynamicClients, fetchDocument }: Services) {
  const tokens = createTokens(keyring);
  if (dynamicClients === undefined) return (clientId: string) => unsealClient(tokens, clientId, now());
  const { connection, trustedHosts, acceptsRegistration, acceptsDocuments } = dynamicClients;
  const { servers, policy } = connection;
  const documents = createDocumentCache({
    fetchDocument: fetchDocument ?? documentFetcher(),
    trustedHosts,
    state,
    now,
  });

  async function openDocument(clientId: string): Promise<Client> {
    const { name, redirectUris } = await documents.get(clientId);
    return {
      origin: 'document',
      jti: sha256(clientId),
      name,
      documentHost: new URL(clientId).host,
      servers,
      redirectUris,
      secretHash: null,
      policy,
      expiresAt: connection.expiresAt,
      id: clientId,
    };
  }

  return async (clientId: string): Promise<Client> => {
    if (looksLikeDocumentUrl(clientId) && acceptsDocuments) return openDocument(clientId);
    const minted = unsealClient(tokens, clientId, now());
    return acceptsRegistration
      ? minted.catch(() => unsealRegisteredClient(clientId, { tokens, keyring, connection }, now()))
      : minted;
  };
}

const notKnown = (): OAuthError => new OAuthError('invalid_client', 'The client_id is not known here.');

/** The key in the state that shuts a client out. */
export const deniedClientKey = (jti: string): string => `denied:client:${jti}`;
