/** Writes the part of the sign-in page where the account owner chooses: powers and limits, in words. */
import { type Service, serviceOf } from '../../account.ts';
import { ENDS, type End, type Policy, type Power } from '../../policy.ts';
import type { Client } from '../client/client.ts';
import { operatorEnd } from '../client/connection-choice.ts';
import { plainText } from '../http/plain-text.ts';
import { html, shownLength } from '../pages/html.ts';
import type { Language } from '../pages/languages/en.ts';
import { dayWords, minuteWords, shortTime } from '../pages/time-words.ts';
import type { ConsentView, ProblemView } from '../pages/views.ts';
import { SEALED_TYPES } from '../sealed/sealed-types.ts';
import { type Choices, endTime } from './consent-choices.ts';

/** Of a list that the operator has given. */
const MAX_LIST_CHARS = 500;

/**
 * @param state.offered the powers that can be granted
 * @param state.added those of them that are marked as new
 * @param problemAt returns the problem of a place, if it has one
 */
export function consentView(
  client: Client,
  {
    offered,
    added,
    choices,
    now,
    t,
  }: {
    offered: readonly Power[];
    added: readonly Power[];
    choices: Choices;
    now: Date;
    t: Language;
  },
  problemAt: (place: 'powers' | 'recipients') => ProblemView | undefined,
): ConsentView {
  const { name, policy, servers } = client;
  const last = lastEnd(now, client.expiresAt);
  const recipients = { value: choices.recipients, problem: problemAt('recipients') };
  const service = serviceOf(servers);
  return {
    summary: { name, may: mayWords(offered, choices.powers, service, t) },
    given: givenWords(policy, operatorEnd(client), t),
    isOpen:
      recipients.problem !== undefined || problemAt('powers') !== undefined || added.length > 0 || isLimited(choices),
    powers: offered.map((power) => ({
      id: `allow_${power}`,
      words: powerWords(power, policy, service, t),
      isTicked: choices.powers.includes(power),
      isNew: added.includes(power),
    })),
    problem: problemAt('powers'),
    limits: {
      recipients: offered.includes('send') ? { ...recipients, given: recipientsOf(policy) } : undefined,
      ends: endOptions(choices.end, now, last, t),
      lastEnd: minuteWords(last, t),
    },
  };
}

const isLimited = ({ recipients, end }: Choices): boolean => recipients !== '' || end !== 'revoked';

/** `may read, file and draft; not send or delete for good.` */
function mayWords(offered: readonly Power[], ticked: readonly Power[], service: Service, t: Language): string {
  const verbs = (isTicked: boolean) =>
    offered.filter((power) => ticked.includes(power) === isTicked).map((power) => t.consent.verbs[service][power]);
  return t.consent.summary({ may: both(verbs(true), t), not: either(verbs(false), t) });
}

const both = (words: readonly string[], { code }: Language): string => new Intl.ListFormat(code).format(words);

const either = (words: readonly string[], { code }: Language): string =>
  new Intl.ListFormat(code, { type: 'disjunction' }).format(words);

function powerWords(power: Power, { folders, tags }: Policy, service: Service, t: Language): string {
  const { powers, readIn, withAttachments } = t.consent;
  if (power !== 'read' || service !== 'mail') return powers[service][power];
  const words = folders === undefined ? powers.mail.read : readIn({ folders: folderWords(folders, t) });
  return tags === undefined || tags.includes('attachments') ? withAttachments({ words }) : words;
}

/** Longer sentences would push the button off the first screen of a phone. */
const MAX_SHOWN_CHARS = 80;

/** The limits of the operator: `Only in Invoices and Projects. At most 20 messages sent an hour.` */
function givenWords({ folders, recipients, ...policy }: Policy, end: Date | null, t: Language): ConsentView['given'] {
  const { max_sends_per_hour: sends, max_changes_per_hour: changes } = policy;
  const words = t.consent;
  const sentences = {
    folders: folders && words.onlyIn({ folders: folderWords(folders, t) }),
    recipients: recipients && words.writesOnlyTo({ recipients: plainText(both(recipients, t), MAX_LIST_CHARS) }),
    sends: sends === undefined ? undefined : words.sendsAnHour({ count: sends }),
    changes: changes === undefined ? undefined : words.changesAnHour({ count: changes }),
    end: end === null ? undefined : words.endsOn({ date: dayWords(end, t) }),
  };
  const kinds = (Object.keys(sentences) as (keyof typeof sentences)[]).filter((kind) => sentences[kind] !== undefined);
  if (kinds.length === 0) return undefined;
  const limits = kinds.map((kind) => sentences[kind] ?? '').reduce((all, sentence) => html`${all} ${sentence}`);
  if (shownLength(limits) <= MAX_SHOWN_CHARS) return { limits: words.limits({ limits }), summary: undefined };
  const names = kinds.map((kind) => words.limited[kind]);
  return { limits, summary: words.limits({ limits: both(names, t) }) };
}

/** A name that ends in a delimiter and `*` means everything below it. */
const folderWords = (folders: readonly string[], t: Language): string =>
  plainText(
    both(
      folders.map((name) => name.replace(/^(.+)[^\w\s]\*$/u, (_all, folder) => t.consent.below({ folder }))),
      t,
    ),
    MAX_LIST_CHARS,
  );

/** The recipients that the operator allows. */
function recipientsOf({ recipients }: Policy): string | undefined {
  return recipients && plainText(recipients.join(', '), MAX_LIST_CHARS);
}

/** When a grant ends unless it is revoked before. @param expiresAt of the client */
function lastEnd(now: Date, expiresAt: Date | null): Date {
  const latest = new Date(now.getTime() + SEALED_TYPES.grant.lifetimeSeconds * 1000);
  return expiresAt !== null && expiresAt < latest ? expiresAt : latest;
}

/** The ends that can be chosen: those before the latest possible end, and “until revoked”. */
function endOptions(chosen: End, now: Date, last: Date, t: Language): ConsentView['limits']['ends'] {
  return ENDS.map((end) => ({ end, time: endTime(end, now) }))
    .filter(({ time }) => time === null || time < last)
    .map(({ end, time: at }) => {
      const time = at === null ? undefined : shortTime(at, t);
      const words = t.consent.ends[end];
      const option = { value: end, isChosen: end === chosen };
      return time === undefined
        ? { ...option, words }
        : { ...option, words: t.consent.endsAt({ end: words, time: time.words }), time };
    });
}
