/** The part of the sign-in page on which the owner of the mailbox decides: powers and limits, put into words. */
import { type Service, serviceOf } from '../../account.ts';
import type { Policy, Power } from '../../policy.ts';
import type { Client } from '../client/client.ts';
import { plainText } from '../http/plain-text.ts';
import { SEALED_TYPES } from '../sealed/sealed-types.ts';
import { type Choices, type End, ends, endTime } from './consent.ts';
import type { ConsentView, ProblemView } from './pages.ts';
import { minuteWords, shortWords } from './time-words.ts';

/** What each power means, after “it may”. */
const mailPowers: Readonly<Record<Power, string>> = {
  read: 'Read and search all your mail, attachments included',
  organise: 'Move messages, and mark them',
  draft: 'Write drafts',
  send: 'Send mail in your name',
  delete: 'Delete messages',
};

const missivePowers: Readonly<Record<Power, string>> = {
  read: 'Read all that you see in Missive: conversations, comments, contacts',
  organise: 'Change conversations, contacts, labels and tasks, and post notes',
  draft: 'Write drafts',
  send: 'Send messages in your name, and set up webhooks',
  delete: 'Delete drafts, posts, responses and webhooks',
};

export const powerWords: Readonly<Record<Service, typeof mailPowers>> = { mail: mailPowers, missive: missivePowers };

const endWords: Readonly<Record<End, string>> = {
  day: 'For a day',
  week: 'For a week',
  month: 'For a month',
  revoked: 'Until I take it back',
};

/**
 * @param offered the powers that can be granted
 * @param problemAt the problem of a place, if it has one
 */
export function consentView(
  { expiresAt, policy, servers }: Pick<Client, 'expiresAt' | 'policy' | 'servers'>,
  offered: readonly Power[],
  choices: Choices,
  now: Date,
  problemAt: (place: 'powers' | 'recipients') => ProblemView | undefined,
): ConsentView {
  const last = lastEnd(now, expiresAt);
  const recipients = { value: choices.recipients, problem: problemAt('recipients') };
  return {
    powers: offered.map((power) => ({
      id: `allow_${power}`,
      words: powerWords[serviceOf(servers)][power],
      isTicked: choices.powers.includes(power),
    })),
    problem: problemAt('powers'),
    limits: {
      isOpen: recipients.problem !== undefined || choices.recipients !== '' || choices.end !== 'revoked',
      recipients: offered.includes('send') ? { ...recipients, given: givenRecipients(policy) } : undefined,
      ends: endOptions(choices.end, now, last),
      lastEnd: minuteWords(last),
    },
  };
}

/** The operator's own list, as it stands. */
function givenRecipients({ recipients }: Policy): string | undefined {
  return recipients && plainText(recipients.join(', '), 500);
}

/** When a grant ends that nobody revokes. */
function lastEnd(now: Date, expiresAt: Date | null): Date {
  const oldest = new Date(now.getTime() + SEALED_TYPES.grant.lifetimeSeconds * 1000);
  return expiresAt !== null && expiresAt < oldest ? expiresAt : oldest;
}

/** Those that are earlier than the last, and that one. */
function endOptions(chosen: End, now: Date, last: Date): ConsentView['limits']['ends'] {
  return ends
    .map((end) => ({ end, time: endTime(end, now) }))
    .filter(({ time }) => time === null || time < last)
    .map(({ end, time }) => ({
      value: end,
      words: time === null ? endWords[end] : `${endWords[end]}, until ${shortWords(time)}`,
      isChosen: end === chosen,
    }));
}
