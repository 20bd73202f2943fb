/** What the pages at /account say: what was granted to whom, put into words. */
import { type Servers, type Service, serviceOf } from '../../account.ts';
import type { Power } from '../../policy.ts';
import type { ListedGrant } from '../grant/grants.ts';
import { ACCOUNT_PATH } from '../http/paths.ts';
import { plainText } from '../http/plain-text.ts';
import type { AccountName } from '../sealed/identity.ts';
import type { Entered } from '../sign-in/form.ts';
import type { FormProblem, Place } from '../sign-in/mail-entry.ts';
import type { AccountView, FinderView, OwnerFields, SignInView } from '../sign-in/pages.ts';
import { dayWords, minuteWords } from '../sign-in/time-words.ts';
import { accountWords, problemView } from './sign-in-page.ts';

const mailPowers = {
  read: 'read',
  organise: 'move and mark messages',
  draft: 'write drafts',
  send: 'send',
  delete: 'delete',
} as const satisfies Record<Power, string>;

const powerNames: Readonly<Record<Service, Record<Power, string>>> = {
  mail: mailPowers,
  missive: { ...mailPowers, organise: 'change conversations, contacts, labels and tasks' },
};

/** What was just ended: the access of one client, or everything up to a moment. */
export type Taken = { from: string } | { everythingUntil: Date };

/** @param clientId that was asked for and is not known here */
export function finderView(clientId: string | undefined): FinderView {
  const problem =
    clientId === undefined
      ? undefined
      : problemView({ place: 'client_id', sentence: 'This client ID is not known here, or has expired.' }, 0);
  return { action: ACCOUNT_PATH, problem };
}

export function signInView(
  { transaction, servers, isDefault }: { transaction: string; servers: Servers; isDefault: boolean },
  login: Entered<OwnerFields>,
  problems: readonly FormProblem[],
): SignInView {
  const shown = problems.map(problemView);
  const at = (place: Place) => shown.find(({ target }) => target === place);
  return {
    action: ACCOUNT_PATH,
    transaction,
    words: accountWords[serviceOf(servers)],
    login: login.view(at),
    isDefault,
    problems: shown,
  };
}

/** @param options.canTakeBack false where that would hold in one process only */
export function accountView(
  { session, who }: { session: string; who: AccountName },
  grants: readonly ListedGrant[],
  { canTakeBack, taken }: { canTakeBack: boolean; taken: Taken | undefined },
): AccountView {
  const service = 'imap' in who ? 'mail' : 'missive';
  return {
    session,
    ...whoWords(who),
    action: ACCOUNT_PATH,
    canTakeBack,
    taken: taken && takenWords(taken, service),
    grants: grants.map((grant) => ({
      id: grant.id,
      name: plainText(grant.client.name, 64),
      redirectHost: grant.redirectHost && plainText(grant.redirectHost, 255),
      may: new Intl.ListFormat('en').format(grant.powers.map((power) => powerNames[service][power])),
      recipients: grant.recipients && plainText(grant.recipients.join(', '), 500),
      since: dayWords(grant.grantedAt),
      until: isSoon(grant) ? minuteWords(grant.until) : dayWords(grant.until),
    })),
  };
}

function whoWords(who: AccountName): Pick<AccountView, 'words' | 'username' | 'host' | 'lock'> {
  return 'imap' in who
    ? {
        words: accountWords.mail,
        username: who.imap.login.username,
        host: who.imap.server.host,
        lock: 'Change the password of your mailbox, or delete the app password that you used.',
      }
    : {
        words: accountWords.missive,
        username: undefined,
        host: new URL(who.url).host,
        lock: 'Delete the API token in Missive, under Settings, API.',
      };
}

/** Where a day makes a difference, the hour does. */
const isSoon = ({ grantedAt, until }: ListedGrant): boolean => until.getTime() - grantedAt.getTime() < 2 * 86_400_000;

function takenWords(taken: Taken, service: Service): string {
  return 'from' in taken
    ? `${plainText(taken.from, 64)} has no access any more.`
    : `Everything that was granted for this ${accountWords[service].account} until ${minuteWords(taken.everythingUntil)} is taken back.`;
}
