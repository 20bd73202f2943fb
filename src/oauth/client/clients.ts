/**
 * Resolves a client_id (minted, registered, or the URL of a metadata document) to its client, and refuses denied clients.
 *
 * Invariant: servers and limits come from the operator, never from the client.
 */
import type { State } from '../../state/state.ts';
import { addressBlock } from '../http/address-block.ts';
import { sha256 } from '../http/constant-time.ts';
import { PageError } from '../pages/page-error.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens, type RegisteredPayload } from '../sealed/sealed-types.ts';
import { type Client, type DefaultConnection, type RequestingClient, unsealClient } from './client.ts';
import { connectedClient } from './connection-choice.ts';
import { isClientDenied } from './denied-clients.ts';
import { createDocumentCache } from './document-cache.ts';
import type { DynamicClients } from './dynamic-clients.ts';
import { documentFetcher, type FetchDocument } from './fetch-document.ts';
import { type ClientDocument, looksLikeDocumentUrl } from './metadata-document.ts';
import { type Registration, registerClient, unsealRegisteredClient } from './registered-client.ts';

export interface Clients {
  /**
   * @param address of the request, behind trusted proxies: unknown documents are fetched for each network within limits
   * @throws {OAuthError} `invalid_client` if it is not known here, has expired, or was denied; `temporarily_unavailable` if its metadata document
   *   is not available
   */
  resolve(clientId: string, address?: string | undefined): Promise<RequestingClient>;
  /**
   * @param connection one of those of the client
   * @throws {OAuthError} `invalid_client` if the connection has ended and is the only one; `invalid_grant` if there are others
   */
  connect(client: RequestingClient, connection: DefaultConnection): Promise<Client>;
  /** Whether a connection has expired, or the operator has denied it. */
  hasEnded(connection: DefaultConnection): Promise<boolean>;
  /** Whether the operator has denied the client, by the settings or with `mail-mcp deny`. */
  isDenied(jti: string): Promise<boolean>;
  /** Whether the settings deny the client, which is known without asking the state. */
  isDeniedBySettings(jti: string): boolean;
  /** What dynamic clients may do; absent if only minted clients are accepted. */
  readonly dynamicClients?: DynamicClients | undefined;
  /**
   * Registers a dynamic client (RFC 7591).
   *
   * @throws {OAuthError} `invalid_client_metadata` if its client_id would be too long
   */
  register(metadata: RegisteredPayload): Promise<Registration>;
}

interface Services {
  keyring: Keyring;
  now: () => Date;
  state: State;
  /** `jti` of clients that the settings deny. The state has those of `mail-mcp deny`. */
  deniedClients: ReadonlySet<string>;
  dynamicClients?: DynamicClients | undefined;
  fetchDocument?: FetchDocument;
  /** False where the connection alone decides about servers: minted clients have servers of their own. Default: true. */
  acceptsMinted?: boolean;
}

export function createClients(services: Services): Clients {
  const { keyring, now, state, deniedClients, dynamicClients } = services;
  const resolve = clientResolver(services);

  const isDenied = (jti: string) => isClientDenied(jti, deniedClients, state);
  const isOver = (expiresAt: Date | null): boolean => expiresAt !== null && expiresAt <= now();
  const hasEnded = async ({ id, expiresAt }: DefaultConnection) =>
    isOver(expiresAt) || (id !== undefined && (await isDenied(id)));

  return {
    dynamicClients,
    isDenied,
    hasEnded,
    isDeniedBySettings: (jti) => deniedClients.has(jti),
    async resolve(clientId, address) {
      const client = await resolve(clientId, address);
      const areAllOver = client.connections.every(({ expiresAt }) => isOver(expiresAt));
      if (isOver(client.expiresAt) || areAllOver || (await isDenied(client.jti))) throw unknownClient();
      return client;
    },
    async connect(client, connection) {
      if (!(await hasEnded(connection))) return connectedClient(client, connection);
      throw client.connections.length === 1
        ? unknownClient()
        : new PageError('invalid_grant', (t) => t.errors.connectionEnded);
    },
    async register(metadata) {
      if (dynamicClients === undefined) throw new Error('This server accepts no dynamic clients');
      const { connections } = dynamicClients;
      return registerClient(metadata, { tokens: createTokens(keyring), keyring, connections }, now());
    },
  };
}

/** @returns a function that resolves a client_id of any accepted kind; it does not check whether the client is denied */
function clientResolver(services: Services): Clients['resolve'] {
  const { keyring, now, state, dynamicClients, fetchDocument = documentFetcher(), acceptsMinted = true } = services;
  const tokens = createTokens(keyring);
  if (dynamicClients === undefined) return (clientId) => unsealClient(tokens, clientId, now());
  const { connections, acceptsRegistration, acceptsDocuments } = dynamicClients;
  const documents = createDocumentCache({ ...dynamicClients, fetchDocument, state, now });

  return async (clientId, address) => {
    if (looksLikeDocumentUrl(clientId) && acceptsDocuments) {
      return clientByDocument(clientId, await documents.get(clientId, addressBlock(address)), connections);
    }
    const minted = acceptsMinted ? unsealClient(tokens, clientId, now()) : Promise.reject(unknownClient());
    return acceptsRegistration
      ? minted.catch(() => unsealRegisteredClient(clientId, { tokens, keyring, connections }, now()))
      : minted;
  };
}

function clientByDocument(
  url: string,
  { name, redirectUris, isFromTrustedHost }: ClientDocument,
  connections: readonly DefaultConnection[],
): RequestingClient {
  return {
    origin: 'document',
    jti: sha256(url),
    name,
    documentHost: isFromTrustedHost ? new URL(url).host : null,
    redirectUris,
    secretHash: null,
    expiresAt: null,
    id: url,
    connections,
  };
}

const unknownClient = (): PageError => new PageError('invalid_client', (t) => t.errors.clientUnknown);
