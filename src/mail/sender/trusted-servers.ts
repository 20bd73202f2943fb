/** Decides whose Authentication-Results are trusted, by their authserv-id (RFC 8601 §5): ids that the operator names, and those of known providers. */

export interface TrustedServers {
  /** Named by the operator. */
  readonly authservIds: readonly string[];
  /** Host of the IMAP server: the ids of a provider count for its own servers only. */
  readonly imapHost: string;
}

interface Provider {
  /** Its IMAP servers are these hosts and all hosts below them. */
  hosts: readonly string[];
  /** The authserv-ids that it writes; with a dot in front: all hosts below. Empty: its fields have none. */
  ids: readonly string[];
  /** True if it writes a field for each method. */
  writesSeveral?: true;
}

/**
 * Providers that write a field into every message that arrives: under their id nothing else can stand on top. Not here: providers that write none when a
 * signature is missing or wrong, because the topmost field is the sender's then.
 */
const PROVIDERS: readonly Provider[] = [
  { hosts: ['gmail.com', 'googlemail.com'], ids: ['mx.google.com'] },
  { hosts: ['outlook.com', 'office365.com', 'office.com', 'office365.us'], ids: [''] },
  { hosts: ['yahoo.com', 'aol.com', 'yahoodns.net'], ids: ['.yahoo.com'] },
  { hosts: ['mail.me.com', 'icloud.com'], ids: ['.icloud.com'], writesSeveral: true },
  { hosts: ['fastmail.com', 'messagingengine.com'], ids: ['.messagingengine.com'], writesSeveral: true },
  { hosts: ['zoho.com', 'zoho.eu', 'zoho.in'], ids: ['mx.zohomail.com', 'mx.zohomail.eu', 'mx.zohomail.in'] },
  { hosts: ['gmx.net', 'gmx.com'], ids: ['gmx.net'] },
  { hosts: ['posteo.de'], ids: ['posteo.de'], writesSeveral: true },
  { hosts: ['mail.de'], ids: ['.mail.de'] },
  { hosts: ['infomaniak.com'], ids: ['mx.infomaniak.com'], writesSeveral: true },
  { hosts: ['migadu.com'], ids: ['.migadu.com'] },
  { hosts: ['mail.ovh.net', 'ssl0.ovh.net'], ids: ['.mail.ovh.net'] },
  // Reached through Proton Bridge on a host of the user: the operator names the id.
  { hosts: [], ids: ['mail.protonmail.ch'], writesSeveral: true },
];

/** False if no server is trusted, and nothing can be proven. */
export function isAnyTrusted({ authservIds, imapHost }: TrustedServers): boolean {
  return authservIds.length > 0 || PROVIDERS.some((provider) => isServedBy(imapHost, provider));
}

/** @param id lower case */
export function isTrusted(id: string, { authservIds, imapHost }: TrustedServers): boolean {
  if (id !== '' && authservIds.some((own) => own.toLowerCase() === id)) return true;
  return PROVIDERS.some((provider) => isServedBy(imapHost, provider) && isAmong(id, provider.ids));
}

/** True if the server with this id is known to write a field for each method. */
export function writesSeveral(id: string): boolean {
  return PROVIDERS.some((provider) => provider.writesSeveral === true && isAmong(id, provider.ids));
}

const isServedBy = (imapHost: string, { hosts }: Provider): boolean =>
  hosts.some((host) => `.${imapHost.toLowerCase()}`.endsWith(`.${host}`));

const isAmong = (id: string, ids: readonly string[]): boolean =>
  ids.some((known) => (known.startsWith('.') ? id.endsWith(known) : id === known));
