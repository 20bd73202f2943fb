/**
 * Chooses among the connections of one issuer: by the address of the account at the sign-in, and by what is sealed after it.
 *
 * Invariant: what was granted for one connection is never used with another.
 */
import { domainToASCII } from 'node:url';
import { type Credentials, normalizedUsername } from '../sealed/identity.ts';
import type { Client, DefaultConnection, RequestingClient } from './client.ts';

type Connections = readonly DefaultConnection[];

/** Whether the address of the account decides, so that it is asked for before anything else. */
export const isByAddress = (connections: Connections): boolean =>
  connections.length > 1 || connections.some(({ domains }) => domains !== undefined);

/** @returns the one connection, where no address decides */
export function soleConnection(connections: Connections): DefaultConnection | undefined {
  return isByAddress(connections) ? undefined : connections[0];
}

/** @returns the connection to mail servers that is for an address; `undefined` if none is */
export function connectionForAddress(connections: Connections, address: string): DefaultConnection | undefined {
  const domain = domainOf(address);
  if (domain === '') return undefined;
  return (
    connections.find(({ domains }) => domains?.includes(domain)) ??
    connections.find(({ servers, domains }) => 'imap' in servers && domains === undefined)
  );
}

export const missiveConnection = (connections: Connections): DefaultConnection | undefined =>
  connections.find(({ servers }) => 'missive' in servers);

/**
 * Finds the connection that something was granted for. What was granted while there was one connection alone does not name it: then the address
 * decides, as at the sign-in.
 *
 * @returns `undefined` if the settings do not have it any more
 */
export function connectionOfGrant(
  connections: Connections,
  { connection, login }: { connection?: string | undefined; login: Credentials },
): DefaultConnection | undefined {
  if (connection !== undefined) return connections.find(({ id }) => id === connection);
  if (!isByAddress(connections)) return connections[0];
  if (!('email' in login)) return missiveConnection(connections);
  const found = connectionForAddress(connections, login.email);
  const names = [login.imap.username ?? '', login.smtp?.username ?? ''];
  return names.some((name) => isForOther({ connections, connection: found?.id }, name)) ? undefined : found;
}

/** @returns the client with the servers and limits of one of its connections */
export function connectedClient(client: RequestingClient, connection: DefaultConnection): Client {
  const { servers, policy, timeZone } = connection;
  const ends = [client.expiresAt, connection.expiresAt].filter((end) => end !== null).sort((a, b) => +a - +b);
  const isNamed = client.connections.length > 1;
  return {
    ...client,
    ...{ servers, policy, timeZone, expiresAt: ends[0] ?? null },
    ...(isNamed && { connection: connection.id }),
  };
}

/** The end that the operator has set for what a client is granted; `null`: none. The end of a registration is none: the client registers anew. */
export function operatorEnd({ origin, expiresAt, connections, connection }: Client): Date | null {
  if (origin !== 'registered') return expiresAt;
  return (connections.find(({ id }) => id === connection) ?? connections[0])?.expiresAt ?? null;
}

/** Whether an address is for the connection of a client. Where no address decides, every one is. */
export function isForAddress({ connections, connection }: OfConnection, address: string): boolean {
  if (!isByAddress(connections)) return true;
  const found = connectionForAddress(connections, address);
  return found !== undefined && (connections.length === 1 || found.id === connection);
}

/**
 * Whether a user name may be that of an account of another connection: by its domain, or because it has none that is clear. One without any is left to the
 * mail server.
 */
export function isForOther({ connections, connection }: OfConnection, username: string): boolean {
  // As mail servers may read it: several characters are an @ there.
  const name = normalizedUsername(username);
  if (connections.length < 2 || !name.includes('@')) return false;
  // domainToASCII would drop a path, and more.
  const isDomain = /^[^@]*@[\p{L}\p{M}\p{N}_-]+([.\u3002][\p{L}\p{M}\p{N}_-]+)*\.?$/u.test(name);
  const isClear = isDomain && /^[\w-]+(\.[\w-]+)*$/.test(domainOf(name));
  const found = connectionForAddress(connections, name);
  return !isClear || (found !== undefined && found.id !== connection);
}

type OfConnection = Pick<Client, 'connections' | 'connection'>;

/** @returns the domain of an address as A-labels in lower case (RFC 5890 §2.3.2.1); the empty string if it has none */
export const domainOf = (address: string): string =>
  address.includes('@') ? domainToASCII(address.slice(address.lastIndexOf('@') + 1).replace(/\.$/, '')) : '';

/** @returns why the address could not decide among connections of a list, a sentence each; connections are counted from 1 */
export function connectionFaults(connections: Connections): string[] {
  if (connections.length < 2) return [];
  const withDomains = connections.flatMap(({ domains = [] }, index) =>
    domains.map((domain) => ({ domain, number: index + 1 })),
  );
  const numbersOf = (belongs: (connection: DefaultConnection) => boolean) =>
    connections.flatMap((connection, index) => (belongs(connection) ? [index + 1] : []));
  const missive = numbersOf(({ servers }) => 'missive' in servers);
  const others = numbersOf(({ servers, domains }) => 'imap' in servers && domains === undefined);
  return [
    ...withDomains.flatMap(({ domain, number }) => {
      const first = withDomains.find((one) => one.domain === domain)?.number ?? number;
      return first < number ? [`Its connections ${first} and ${number} both have the domain ${domain}.`] : [];
    }),
    ...(others.length > 1
      ? [`Its connections ${others.join(' and ')} have no domain: one alone can be for all other addresses.`]
      : []),
    ...(missive.length > 1 ? [`Its connections ${missive.join(' and ')} are both for Missive.`] : []),
    ...numbersOf(({ id }) => id === undefined).map(
      (number) => `Number ${number} is a client id: several can only be connections.`,
    ),
  ];
}
