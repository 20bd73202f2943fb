/** Builds the views of the pages of /account: the clients that have access to an account, and what each may do, in words. */
import type { Service } from '../../account.ts';
import type { Power } from '../../policy.ts';
import type { ListedGrant } from '../grant/grants.ts';
import { ACCOUNT_PATH, pathIn } from '../http/paths.ts';
import { plainText } from '../http/plain-text.ts';
import type { Fragment } from '../pages/html.ts';
import type { Language } from '../pages/languages/en.ts';
import { dayWords, minuteWords } from '../pages/time-words.ts';
import type { AccountClientView, AccountView } from '../pages/views.ts';
import type { AccountName } from '../sealed/identity.ts';

const MAX_RECIPIENTS_CHARS = 500;

/** A revocation that has just succeeded: of the access of one client, or of everything that was granted until a time. */
export type RevokedAccess = { clientName: string } | { everythingUntil: Date };

/** @param clientId the unknown client_id that was submitted; `undefined`: none was submitted */
export function accountClientView(clientId: string | undefined, issuer: string, t: Language): AccountClientView {
  const sentence = t.problems.clientUnknown;
  const problem = { target: 'client_id', sentence, link: undefined, first: true, asksForPassword: false };
  return { action: pathIn(issuer, ACCOUNT_PATH), problem: clientId === undefined ? undefined : problem };
}

/**
 * @param account.provider at which the account owner has signed in, as people know it
 * @param state.canRevoke false where only one process would know of a revocation
 */
export function accountView(
  { session, who, provider }: { session: string; who: AccountName; provider: string | undefined },
  grants: readonly ListedGrant[],
  {
    issuer,
    canRevoke,
    revoked,
    t,
  }: { issuer: string; canRevoke: boolean; revoked: RevokedAccess | undefined; t: Language },
): AccountView {
  const service = 'imap' in who ? 'mail' : 'missive';
  return {
    session,
    ...accountNameWords(who, provider, t),
    action: pathIn(issuer, ACCOUNT_PATH),
    canRevoke,
    revoked: revoked && revokedSentence(revoked, service, t),
    grants: grants.map((grant) => ({
      id: grant.id,
      name: plainText(grant.client.name, 64),
      redirectHost: grant.redirectHost && plainText(grant.redirectHost, 255),
      may: maySentence(grant, service, t),
      during: t.granted.sinceUntil({
        since: dayWords(grant.grantedAt, t),
        until: (isShort(grant) ? minuteWords : dayWords)(grant.until, t),
      }),
      reuse: grant.reuse && t.granted.reused({ count: grant.reuse.count, last: minuteWords(grant.reuse.lastAt, t) }),
    })),
  };
}

function accountNameWords(
  who: AccountName,
  provider: string | undefined,
  { granted }: Language,
): Pick<AccountView, 'kind' | 'username' | 'host' | 'lock'> {
  return 'imap' in who
    ? {
        kind: provider === undefined ? 'mail' : 'provider',
        username: who.imap.login.username,
        host: who.imap.server.host,
        lock: provider === undefined ? granted.locks.mail : granted.locks.provider({ provider }),
      }
    : { kind: 'missive', username: undefined, host: new URL(who.url).host, lock: granted.locks.missive };
}

function maySentence({ powers, recipients }: ListedGrant, service: Service, t: Language): string {
  const words = powers.flatMap((power) => powerWords(power, service, t));
  const may = new Intl.ListFormat(t.code).format(words);
  if (recipients === undefined) return t.granted.may({ powers: may });
  return t.granted.mayTo({ powers: may, recipients: plainText(recipients.join(', '), MAX_RECIPIENTS_CHARS) });
}

function powerWords(power: Power, service: Service, { granted: { powers } }: Language): string[] {
  // Missive has no trash for what is deleted.
  if (power === 'trash' && service === 'missive') return [];
  const words = powers[power];
  return [typeof words === 'string' ? words : words[service]];
}

/** The end of a grant of less than two days is shown with its time. */
const isShort = ({ grantedAt, until }: ListedGrant): boolean => until.getTime() - grantedAt.getTime() < 2 * 86_400_000;

function revokedSentence(revoked: RevokedAccess, service: Service, t: Language): Fragment {
  return 'clientName' in revoked
    ? t.granted.hasNoAccess({ client: plainText(revoked.clientName, 64) })
    : t.accounts[service].allTakenBack({ until: minuteWords(revoked.everythingUntil, t) });
}
