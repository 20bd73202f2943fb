/** What the pages at /account say: what was granted to whom, put into words. */
import type { MailServers } from '../mail/account.ts';
import type { Power } from '../policy.ts';
import { appPasswordOf } from './app-passwords.ts';
import type { NotedGrant } from './grants.ts';
import type { FormProblem, LoginEntry, Place } from './login-form.ts';
import { problemView, serverView } from './login-page.ts';
import type { AccountView, FinderView, SignInView } from './pages.ts';
import { accountPath } from './paths.ts';
import { plainText } from './plain-text.ts';
import { dayWords, minuteWords } from './time-words.ts';

const powerNames: Readonly<Record<Power, string>> = {
  read: 'read',
  organise: 'move and mark messages',
  draft: 'write drafts',
  send: 'send',
  delete: 'delete',
};

/** What was just ended: the access of one client, or everything up to a moment. */
export type Taken = { from: string } | { everythingUntil: Date };

/** @param clientId that was asked for and is not known here */
export function finderView(clientId: string | undefined): FinderView {
  const problem =
    clientId === undefined
      ? undefined
      : problemView({ place: 'client_id', sentence: 'This client ID is not known here, or has expired.' }, 0);
  return { action: accountPath, problem };
}

export function signInView(
  { transaction, servers, isDefault }: { transaction: string; servers: MailServers; isDefault: boolean },
  entry: LoginEntry,
  problems: readonly FormProblem[],
): SignInView {
  const shown = problems.map(problemView);
  const at = (place: Place) => shown.find(({ target }) => target === place);
  return {
    action: accountPath,
    transaction,
    server: serverView(servers.imap),
    serverProblem: at('imap_server'),
    appPassword: appPasswordOf(servers.imap.host),
    isDefault,
    fields: {
      imap_username: { value: entry.imapUsername, problem: at('imap_username') },
      imap_password: { value: '', problem: at('imap_password') },
    },
    problems: shown,
  };
}

/** @param options.canTakeBack false where that would hold in one process only */
export function accountView(
  visit: { session: string; username: string; host: string },
  grants: readonly NotedGrant[],
  { canTakeBack, taken }: { canTakeBack: boolean; taken: Taken | undefined },
): AccountView {
  return {
    ...visit,
    action: accountPath,
    canTakeBack,
    taken: taken && takenWords(taken),
    grants: grants.map((grant) => ({
      id: grant.id,
      name: plainText(grant.client.name, 64),
      redirectHost: grant.redirectHost && plainText(grant.redirectHost, 255),
      may: new Intl.ListFormat('en').format(grant.powers.map((power) => powerNames[power])),
      recipients: grant.recipients && plainText(grant.recipients.join(', '), 500),
      since: dayWords(grant.grantedAt),
      until: isSoon(grant) ? minuteWords(grant.until) : dayWords(grant.until),
    })),
  };
}

/** Where a day makes a difference, the hour does. */
const isSoon = ({ grantedAt, until }: NotedGrant): boolean => until.getTime() - grantedAt.getTime() < 2 * 86_400_000;

function takenWords(taken: Taken): string {
  return 'from' in taken
    ? `${plainText(taken.from, 64)} has no access any more.`
    : `Everything that was granted for this mailbox until ${minuteWords(taken.everythingUntil)} is taken back.`;
}
