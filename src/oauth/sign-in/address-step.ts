/**
 * Chooses the connection by the address of the account owner, before anything else is asked for.
 *
 * Invariant: an address of no connection is refused before a password is asked for.
 */
import type { Client, DefaultConnection, RequestingClient } from '../client/client.ts';
import {
  connectionForAddress,
  domainOf,
  isByAddress,
  isForAddress,
  isForOther,
  missiveConnection,
} from '../client/connection-choice.ts';
import type { FormProblem } from '../forms/form.ts';
import { validateEmail } from '../forms/validate-mail-fields.ts';
import type { Parameters } from '../http/parameters.ts';
import { plainText } from '../http/plain-text.ts';
import { LANGUAGE_PARAMETER } from '../pages/language-choice.ts';
import type { Sentence } from '../pages/languages/en.ts';
import type { Credentials } from '../sealed/identity.ts';
import type { OAuthServices } from '../services.ts';

/** The buttons of the pages: `address` and `missive` of the first, `change` leads back to it. */
const ACTIONS = { address: 'address', missive: 'missive', change: 'change' } as const;

/** Where a submitted page goes on: with a connection, or with the page that asks for the address. */
type AddressStep =
  | {
      connection: DefaultConnection;
      address: string;
      /** True if the account owner has not seen the page of this connection yet. */
      isNew: boolean;
    }
  | { connection?: never; address: string; problems: FormProblem[] };

export type ChooseConnection = (
  submitted: Parameters,
  options: {
    connections: RequestingClient['connections'];
    /** `jti` of the connection that the submitted page was for. */
    shownFor?: string | undefined;
  },
) => Promise<AddressStep>;

/** @returns a function that chooses by the fields that were submitted */
export function createAddressStep({
  clients,
  operator,
}: Pick<OAuthServices, 'clients' | 'operator'>): ChooseConnection {
  /** @returns why an account owner cannot go on, and whom to ask */
  const refusal = (address: string, hasEnded: boolean): FormProblem => {
    const domain = plainText(domainOf(address), 80);
    const sentence: Sentence = ({ address: t }) => {
      const askFor = operator.name ?? t.theOperator;
      if (domain === '') return t.missiveHasEnded({ operator: askFor });
      return (hasEnded ? t.hasEnded : t.notHere)({ domain, operator: askFor });
    };
    return { place: 'email', sentence, isLasting: true };
  };

  return async function choose(submitted, { connections, shownFor }) {
    const action = submitted.get('action');
    const email = submitted.get('email')?.trim();
    const address = email ?? '';
    const [first] = connections;
    const isOther = ({ id }: DefaultConnection) => shownFor !== undefined && shownFor !== id;
    if (first !== undefined && !isByAddress(connections)) {
      return { connection: first, address, isNew: isOther(first) };
    }
    // The list at the end of a sign-in page is always sent: without it, this is the page before.
    const isOfLanguage = submitted.get(LANGUAGE_PARAMETER) !== undefined && submitted.get('end') === undefined;
    if (action === ACTIONS.change || isOfLanguage) return { address, problems: [] };
    const shown = shownFor === undefined ? undefined : connections.find(({ id }) => id === shownFor);
    const isMissive = action === ACTIONS.missive || (email === undefined && submitted.get('api_token') !== undefined);
    const ofMissive = isMissive ? missiveConnection(connections) : undefined;
    const byAddress = email === undefined ? shown : connectionForAddress(connections, address);
    const problem = ofMissive === undefined && email !== undefined ? validateEmail(address) : null;
    if (problem !== null) return { address, problems: [{ ...problem, isLasting: true }] };
    const connection = ofMissive ?? byAddress;
    if (connection === undefined) {
      return { address, problems: [email === undefined ? missingAddress : refusal(address, false)] };
    }
    if (await clients.hasEnded(connection)) return { address, problems: [refusal(address, true)] };
    const isFirstPage = action === ACTIONS.address || action === ACTIONS.missive;
    return { connection, address, isNew: isFirstPage || isOther(connection) };
  };
}

const missingAddress: FormProblem = { place: 'email', sentence: (t) => t.problems.emailMissing, isLasting: true };

/** @returns what is wrong with credentials whose address or user name another connection is for */
export function otherConnectionProblems(client: Client, credentials: Credentials): FormProblem[] {
  if (!('email' in credentials)) return [];
  const { email, imap, smtp } = credentials;
  const sentence: Sentence = (t) => t.address.ofAnotherConnection;
  const places = [
    ...(isForAddress(client, email) && !isForOther(client, email) ? [] : ['email' as const]),
    ...(isForOther(client, imap.username ?? '') ? ['imap_username' as const] : []),
    ...(isForOther(client, smtp?.username ?? '') ? ['smtp_username' as const] : []),
  ];
  return places.map((place) => ({ place, sentence }));
}
