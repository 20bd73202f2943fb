/** Builds the views of the pages of /account: the clients that have access to an account, and what each may do, in words. */
import type { Service } from '../../account.ts';
import type { Power } from '../../policy.ts';
import type { ListedGrant } from '../grant/grants.ts';
import { ACCOUNT_PATH, pathIn } from '../http/paths.ts';
import { plainText } from '../http/plain-text.ts';
import { dayWords, minuteWords } from '../pages/time-words.ts';
import { ACCOUNT_WORDS, type AccountClientView, type AccountView } from '../pages/views.ts';
import type { AccountName } from '../sealed/identity.ts';

/** Words that follow “May” on the page. */
const MAIL_POWERS = {
  read: 'read',
  organise: 'move and mark messages',
  draft: 'write drafts',
  send: 'send',
  trash: 'move messages to the trash',
  delete: 'delete for good',
} as const satisfies Record<Power, string>;

const POWER_WORDS: Readonly<Record<Service, Record<Power, string | undefined>>> = {
  mail: MAIL_POWERS,
  missive: {
    ...MAIL_POWERS,
    organise: 'change conversations, contacts, labels and tasks',
    // Missive has no trash for what is deleted.
    trash: undefined,
    delete: 'delete',
  },
};

/** A revocation that has just succeeded: of the access of one client, or of everything that was granted until a time. */
export type RevokedAccess = { clientName: string } | { everythingUntil: Date };

/** @param clientId the unknown client_id that was submitted; `undefined`: none was submitted */
export function accountClientView(clientId: string | undefined, issuer: string): AccountClientView {
  const sentence = 'This client ID is not known here, or has expired.';
  const problem = { target: 'client_id', sentence, link: undefined, first: true, asksForPassword: false };
  return { action: pathIn(issuer, ACCOUNT_PATH), problem: clientId === undefined ? undefined : problem };
}

/** @param state.canRevoke false where only one process would know of a revocation */
export function accountView(
  { session, who }: { session: string; who: AccountName },
  grants: readonly ListedGrant[],
  { issuer, canRevoke, revoked }: { issuer: string; canRevoke: boolean; revoked: RevokedAccess | undefined },
): AccountView {
  const service = 'imap' in who ? 'mail' : 'missive';
  return {
    session,
    ...accountNameWords(who),
    action: pathIn(issuer, ACCOUNT_PATH),
    canRevoke,
    revoked: revoked && revokedSentence(revoked, service),
    grants: grants.map((grant) => ({
      id: grant.id,
      name: plainText(grant.client.name, 64),
      redirectHost: grant.redirectHost && plainText(grant.redirectHost, 255),
      may: new Intl.ListFormat('en').format(grant.powers.flatMap((power) => POWER_WORDS[service][power] ?? [])),
      recipients: grant.recipients && plainText(grant.recipients.join(', '), 500),
      since: dayWords(grant.grantedAt),
      until: isShort(grant) ? minuteWords(grant.until) : dayWords(grant.until),
      reuse: grant.reuse && reuseSentence(grant.reuse),
    })),
  };
}

function accountNameWords(who: AccountName): Pick<AccountView, 'words' | 'username' | 'host' | 'lock'> {
  return 'imap' in who
    ? {
        words: ACCOUNT_WORDS.mail,
        username: who.imap.login.username,
        host: who.imap.server.host,
        lock: 'Change the password of your mailbox, or delete the app password that you used.',
      }
    : {
        words: ACCOUNT_WORDS.missive,
        username: undefined,
        host: new URL(who.url).host,
        lock: 'Delete the API token in Missive, under Settings, API.',
      };
}

/** The end of a grant of less than two days is shown with its time. */
const isShort = ({ grantedAt, until }: ListedGrant): boolean => until.getTime() - grantedAt.getTime() < 2 * 86_400_000;

function reuseSentence({ count, lastAt }: NonNullable<ListedGrant['reuse']>): string {
  const times = count === 1 ? 'once' : `${count} times`;
  return `Its key was used again ${times}, last on ${minuteWords(lastAt)}. This happens after a lost answer, or with two windows; if it goes on, take it back.`; // phrase allowed: on the page
}

function revokedSentence(revoked: RevokedAccess, service: Service): string {
  return 'clientName' in revoked
    ? `${plainText(revoked.clientName, 64)} has no access any more.`
    : `Everything that was granted for this ${ACCOUNT_WORDS[service].account} until ${minuteWords(revoked.everythingUntil)} is taken back.`; // phrase allowed: on the page
}
