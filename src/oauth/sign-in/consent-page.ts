/** Writes the part of the sign-in page where the account owner chooses: powers and limits, in words. */
import { type Service, serviceOf } from '../../account.ts';
import { ENDS, type End, type Policy, type Power } from '../../policy.ts';
import type { Client } from '../client/client.ts';
import { plainText } from '../http/plain-text.ts';
import { minuteWords, shortWords } from '../pages/time-words.ts';
import type { ConsentView, ProblemView } from '../pages/views.ts';
import { SEALED_TYPES } from '../sealed/sealed-types.ts';
import { type Choices, endTime } from './consent-choices.ts';

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
  { expiresAt, policy, servers }: Pick<Client, 'expiresAt' | 'policy' | 'servers'>,
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
  return {
    powers: offered.map((power) => ({
      id: `allow_${power}`,
      words: POWER_WORDS[serviceOf(servers)][power],
      isTicked: choices.powers.includes(power),
      isNew: added.includes(power),
    })),
    problem: problemAt('powers'),
    limits: {
      isOpen: recipients.problem !== undefined || choices.recipients !== '' || choices.end !== 'revoked',
      recipients: offered.includes('send') ? { ...recipients, given: recipientsOf(policy) } : undefined,
      ends: endOptions(choices.end, now, last),
      lastEnd: minuteWords(last),
    },
  };
}

/** The recipients that the operator allows. */
function recipientsOf({ recipients }: Policy): string | undefined {
  return recipients && plainText(recipients.join(', '), 500);
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
