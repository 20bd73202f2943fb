/** Every client_id that comes in, from whichever endpoint, is judged here. */
import { OAuthError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/payloads.ts';
import { type Client, openClient } from './client.ts';
import { createDocuments } from './documents.ts';
import { createFetchDocument, type FetchDocument } from './fetch-document.ts';
import { looksLikeDocumentUrl } from './metadata-document.ts';
import { openRegisteredClient } from './registered-client.ts';
import type { SelfRegistration } from './self-registration.ts';

export interface Clients {
  /**
   * @throws {OAuthError} `invalid_client` if it is not known here, has expired, or was denied; `temporarily_unavailable` if its metadata document
   *   cannot be had
   */
  open(clientId: string): Promise<Client>;
  /** Whether the operator has shut out the client of this `jti`. */
  isDenied(jti: string): Promise<boolean>;
  /** Whether the settings do, which is known without asking the state. */
  isDeniedBySettings(jti: string): boolean;
  /** How clients come here that nobody minted; absent if they do not. */
  readonly selfRegistration?: SelfRegistration | undefined;
}

interface Services {
  keyring: Keyring;
  now: () => Date;
  state: State;
  /** `jti` of clients that the configuration shuts out, beside those marked in the state. */
  deniedClients: ReadonlySet<string>;
  selfRegistration?: SelfRegistration | undefined;
  fetchDocument?: FetchDocument;
}

export function createClients(services: Services): Clients {
  const { now, state, deniedClients, selfRegistration } = services;
  const open = opener(services);

  async function isDenied(jti: string): Promise<boolean> {
    if (deniedClients.has(jti)) return true;
    const [denied] = await state.claimed([deniedMark(jti)]);
    return denied !== null;
  }

  return {
    selfRegistration,
    isDenied,
    isDeniedBySettings: (jti) => deniedClients.has(jti),
    async open(clientId) {
      const client = await open(clientId);
      const hasEnded = client.expiresAt !== null && client.expiresAt <= now();
      if (hasEnded || (await isDenied(client.jti))) throw notKnown();
      return client;
    },
  };
}

/** Opens a client_id of any kind that is accepted; whether the client has been shut out is not judged. */
function opener({ keyring, now, state, selfRegistration, fetchDocument }: Services) {
  const tokens = createTokens(keyring);
  if (selfRegistration === undefined) return (clientId: string) => openClient(tokens, clientId, now());
  const { connection, trustedHosts, acceptsRegistration, acceptsDocuments } = selfRegistration;
  const { servers, policy } = connection;
  const documents = createDocuments({
    fetchDocument: fetchDocument ?? createFetchDocument(),
    trustedHosts,
    state,
    now,
  });

  async function openDocument(clientId: string): Promise<Client> {
    const { name, redirectUris } = await documents.open(clientId);
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
    const minted = openClient(tokens, clientId, now());
    return acceptsRegistration
      ? minted.catch(() => openRegisteredClient(clientId, { tokens, keyring, connection }, now()))
      : minted;
  };
}

const notKnown = (): OAuthError => new OAuthError('invalid_client', 'The client_id is not known here.');

/** The key in the state that shuts a client out. */
export const deniedMark = (jti: string): string => `denied:client:${jti}`;
