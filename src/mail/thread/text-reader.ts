/** Reads the texts of the messages of a conversation, those that are known early together with a search. */
import type { RunJob } from '../../workers/workers.ts';
import type { WithConnection } from '../messages/list.ts';
import type { Part } from '../mime/body-structure.ts';
import { fetchParts } from './fetch-found.ts';
import type { FoundMessage } from './found-message.ts';
import type { MessageText } from './message-texts.ts';
import type { WantedIn } from './search-and-fetch.ts';
import { convertTexts, planTexts, rangesOf, type TextPlan } from './thread-texts.ts';

export interface TextReader {
  /** Plans what is fetched of the newest of these messages. @param messages oldest first */
  plan(messages: readonly FoundMessage[]): WantedIn[];
  add(bytes: ReadonlyMap<Part, Buffer>): void;
  /** @param messages oldest first @returns texts of the newest, as far as they could be read */
  read(messages: readonly FoundMessage[]): Promise<Map<FoundMessage, MessageText>>;
}

/** The newest messages, whose texts are read. */
const MAX_TEXTS = 300;

export function createTextReader(withConnection: WithConnection, runJob: RunJob | undefined): TextReader {
  const plans = new Map<FoundMessage, TextPlan>();
  const known = new Map<Part, Buffer>();

  function planNew(messages: readonly FoundMessage[]): FoundMessage[] {
    const added = messages.slice(-MAX_TEXTS).filter((message) => !plans.has(message));
    const made = planTexts(added.map(({ structure }) => structure));
    for (const [index, message] of added.entries()) {
      const plan = made[index];
      if (plan !== undefined) plans.set(message, plan);
    }
    return added;
  }

  const hasBytes = (message: FoundMessage) => {
    const plan = plans.get(message);
    return plan !== undefined && rangesOf(plan).some(({ part }) => known.has(part));
  };

  return {
    plan(messages) {
      const byMailbox = Map.groupBy(planNew(messages), ({ mailbox }) => mailbox);
      return [...byMailbox].map(([mailbox, own]) => ({
        ...{ mailbox, uidValidity: own[0]?.uidValidity ?? '' },
        messages: own.map((message) => ({ uid: message.uid, ranges: rangesOf(plans.get(message) ?? NO_PLAN) })),
      }));
    },
    add(bytes) {
      for (const [part, content] of bytes) known.set(part, content);
    },
    async read(messages) {
      const newest = messages.slice(-MAX_TEXTS);
      planNew(newest);
      const missing = newest.filter((message) => !hasBytes(message));
      const planned = missing.map((message) => plans.get(message) ?? NO_PLAN);
      for (const [part, content] of await fetchParts(withConnection, missing, planned)) known.set(part, content);
      const wanted = newest.flatMap((message) => {
        const plan = plans.get(message);
        const isLost = plan !== undefined && rangesOf(plan).length > 0 && !hasBytes(message);
        if (plan === undefined || message.structure === null || isLost) return [];
        return [{ message, plan, isNewsletter: message.isFromList }];
      });
      const texts = await convertTexts(wanted, known, runJob);
      const read = new Map<FoundMessage, MessageText>();
      for (const [index, { message }] of wanted.entries()) {
        const text = texts[index];
        if (text) read.set(message, text);
      }
      return read;
    },
  };
}

const NO_PLAN: TextPlan = { texts: [], html: undefined, isCut: false };
