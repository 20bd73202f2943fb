/** Writes the part of the sign-in page where the account owner chooses: powers and limits, in words. */
import { type Service, serviceOf } from '../../account.ts';
import { ENDS, type End, type Policy, type Power } from '../../policy.ts';
import type { Client } from '../client/client.ts';
import { plainText } from '../http/plain-text.ts';
import { dayWords, minuteWords, shortWords } from '../pages/time-words.ts';
import type { ConsentView, ProblemView } from '../pages/views.ts';
import { SEALED_TYPES } from '../sealed/sealed-types.ts';
import { type Choices, endTime } from './consent-choices.ts';

/** Of a list that the operator has given. */
const MAX_LIST_CHARS = 500;

/** Words that follow “If you sign in, it may” on the page. */
const MAIL_POWERS: Readonly<Record<Power, string>> = {
  read: 'Read and search all your mail, attachments included',
  organise: 'Move messages, and mark them',
  draft: 'Write drafts',
  send: 'Send mail in your name',
  trash: 'Move messages to the trash, which can be undone',
  delete: 'Delete messages for good',
};

const MISSIVE_POWERS: Readonly<Record<Power, string>> = {
  read: 'Read all that you see in Missive: conversations, comments, contacts',
  organise: 'Change conversations, contacts, labels and tasks, and post notes',
  draft: 'Write drafts',
  send: 'Send messages in your name, and set up webhooks',
  trash: 'Move to the trash',
  delete: 'Delete drafts, posts, responses and webhooks',
};

const POWER_WORDS: Readonly<Record<Service, typeof MAIL_POWERS>> = { mail: MAIL_POWERS, missive: MISSIVE_POWERS };

const END_WORDS: Readonly<Record<End, string>> = {
  day: 'For a day',
  week: 'For a week',
  month: 'For a month',
  revoked: 'Until I take it back',
};

/**
 * @param state.offered the powers that can be granted
 * @param state.added those of them that are marked as new
 * @param problemAt returns the problem of a place, if it has one
 */
export function consentView(
  { name, expiresAt, policy, servers }: Pick<Client, 'name' | 'expiresAt' | 'policy' | 'servers'>,
  {
    offered,
    added,
    choices,
    now,
  }: {
    offered: readonly Power[];
    added: readonly Power[];
    choices: Choices;
    now: Date;
  },
  problemAt: (place: 'powers' | 'recipients') => ProblemView | undefined,
): ConsentView {
  const last = lastEnd(now, expiresAt);
  const recipients = { value: choices.recipients, problem: problemAt('recipients') };
  const service = serviceOf(servers);
  return {
    summary: { name, may: mayWords(offered, choices.powers, service) },
    given: givenWords(policy, expiresAt),
    isOpen:
      recipients.problem !== undefined || problemAt('powers') !== undefined || added.length > 0 || isLimited(choices),
    powers: offered.map((power) => ({
      id: `allow_${power}`,
      words: power === 'read' && service === 'mail' ? readWords(policy) : POWER_WORDS[service][power],
      isTicked: choices.powers.includes(power),
      isNew: added.includes(power),
    })),
    problem: problemAt('powers'),
    limits: {
      recipients: offered.includes('send') ? { ...recipients, given: recipientsOf(policy) } : undefined,
      ends: endOptions(choices.end, now, last),
      lastEnd: minuteWords(last),
    },
  };
}

const isLimited = ({ recipients, end }: Choices): boolean => recipients !== '' || end !== 'revoked';

/** Verbs that follow “may” and “not”. */
const VERBS: Readonly<Record<Service, Readonly<Record<Power, string>>>> = {
  mail: {
    read: 'read',
    organise: 'file',
    draft: 'draft',
    send: 'send',
    trash: 'move to the trash',
    delete: 'delete for good',
  },
  missive: {
    read: 'read',
    organise: 'change conversations',
    draft: 'draft',
    send: 'send',
    trash: 'move to the trash',
    delete: 'delete',
  },
};

const BOTH = new Intl.ListFormat('en');
const EITHER = new Intl.ListFormat('en', { type: 'disjunction' });

/** `may read, file and draft; not send or delete for good.` */
function mayWords(offered: readonly Power[], ticked: readonly Power[], service: Service): string {
  const verbs = (isTicked: boolean) =>
    offered.filter((power) => ticked.includes(power) === isTicked).map((power) => VERBS[service][power]);
  const [may, not] = [verbs(true), verbs(false)];
  if (may.length === 0) return `may not ${EITHER.format(not)}.`;
  return `may ${BOTH.format(may)}${not.length > 0 ? `; not ${EITHER.format(not)}` : ''}.`;
}

function readWords({ folders, tags }: Policy): string {
  const mail = folders === undefined ? 'all your mail' : `the mail in ${folderWords(folders)}`;
  const hasFiles = tags === undefined || tags.includes('attachments');
  return `Read and search ${mail}${hasFiles ? ', attachments included' : ''}`;
}

/** The limits of the operator: `Only in Invoices and Projects. At most 20 messages sent an hour.` */
function givenWords({ folders, recipients, ...policy }: Policy, expiresAt: Date | null): string | undefined {
  const { max_sends_per_hour: sends, max_changes_per_hour: changes } = policy;
  const sentences = [
    folders && `Only in ${folderWords(folders)}.`,
    recipients && `Writes only to ${plainText(BOTH.format(recipients), MAX_LIST_CHARS)}.`,
    sends !== undefined && `At most ${sends} ${sends === 1 ? 'message' : 'messages'} sent an hour.`,
    changes !== undefined && `At most ${changes} ${changes === 1 ? 'message' : 'messages'} changed an hour.`,
    expiresAt && `Ends on ${dayWords(expiresAt)}.`,
  ].filter((sentence) => typeof sentence === 'string');
  return sentences.length > 0 ? `Limits of this connection: ${sentences.join(' ')}` : undefined;
}

/** A name that ends in a delimiter and `*` means everything below it. */
const folderWords = (folders: readonly string[]): string =>
  plainText(BOTH.format(folders.map((name) => name.replace(/^(.+)[^\w\s]\*$/u, 'what is below $1'))), MAX_LIST_CHARS);

/** The recipients that the operator allows. */
function recipientsOf({ recipients }: Policy): string | undefined {
  return recipients && plainText(recipients.join(', '), MAX_LIST_CHARS);
}

/** When a grant ends unless it is revoked before. */
function lastEnd(now: Date, expiresAt: Date | null): Date {
  const latest = new Date(now.getTime() + SEALED_TYPES.grant.lifetimeSeconds * 1000);
  return expiresAt !== null && expiresAt < latest ? expiresAt : latest;
}

/** The ends that can be chosen: those before the latest possible end, and “until revoked”. */
function endOptions(chosen: End, now: Date, last: Date): ConsentView['limits']['ends'] {
  return ENDS.map((end) => ({ end, time: endTime(end, now) }))
    .filter(({ time }) => time === null || time < last)
    .map(({ end, time }) => ({
      value: end,
      words: time === null ? END_WORDS[end] : `${END_WORDS[end]}, until ${shortWords(time)}`,
      isChosen: end === chosen,
    }));
}
