/**
 * Unsubscribes from the lists that messages came from: one request for each list, by one-click (RFC 8058) or by mail (RFC 2369).
 *
 * Invariant: a request is made once. One of which the outcome is unknown is reported so, and not repeated.
 */
import { z } from 'zod';
import { ToolError, UpstreamError } from '../../../errors.ts';
import { type FoundSubscription, fetchSubscriptions } from '../../../mail/subscription/fetch-subscriptions.ts';
import type { Way } from '../../../mail/subscription/subscription.ts';
import { parseUidSet, UidSet, uidSetText } from '../changes/uid-set.ts';
import { isJunkFolder } from '../destination.ts';
import type { MailSession } from '../mail-session.ts';
import { UidValidity } from '../parameters.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { peopleTexts } from '../rows/people.ts';
import { chosenWay, IS_JUNK, shownPage } from './chosen-way.ts';
import { sendRequest, subscriberOf } from './request-mail.ts';

const Also = UidSet.optional().describe('Further messages of the call for which this holds.');

export const UnsubscribeResult = z.object({
  requested: z.array(
    z.object({
      uid: z.number(),
      also: Also,
      from: z.string(),
      how: z.enum(['one-click', 'mail']),
      to: z.string().describe('Host or address that the request went to.'),
      warning: z.string().optional(),
    }),
  ),
  unknown: z
    .array(z.object({ uid: z.number(), also: Also, from: z.string(), to: z.string(), why: z.string() }))
    .optional()
    .describe('Requests that may have arrived or not.'),
  not_done: z.array(z.object({ uid: z.number(), also: Also, why: z.string() })),
  uid_validity: UidValidity,
});
type UnsubscribeResult = z.output<typeof UnsubscribeResult>;
type Requested = UnsubscribeResult['requested'][number];

/** Messages that a call names. */
const MAX_MESSAGES = 100;
/** After that no further request begins: the call has to be answered. */
const MAX_MS = 25_000;

interface Named {
  folder: string;
  uid?: number | undefined;
  uids?: string | undefined;
  uid_validity?: string | undefined;
}

/** @throws {ToolError} if the messages cannot be read; nothing was sent */
export async function unsubscribe(named: Named, session: MailSession): Promise<UnsubscribeResult> {
  const uids = namedUids(named);
  const mailbox = await resolveFolder(named.folder, session);
  const request = { mailbox, uids, uidValidity: named.uid_validity };
  const { uidValidity, found } = await session.readImap(
    (imap) => fetchSubscriptions(imap, request, session.trustedServers),
    mailbox,
  );
  const isJunk = await isJunkFolder(mailbox, session);
  const result = createResult();
  const lists = new Map<string, Leaving>();
  for (const uid of uids) {
    const subscription = found.get(uid);
    const way = subscription === undefined ? MISSING : isJunk ? IS_JUNK : chosenWay(subscription, session.permit);
    if (subscription === undefined || typeof way === 'string') {
      result.notDone(String(way), [uid]);
      continue;
    }
    // A list knows the address that asks by mail, and the address that a URL is for.
    const subscriber = way.how === 'mail' ? subscriberOf(subscription, session).email : '';
    const key = JSON.stringify([way, subscriber]);
    const leaving = lists.get(key) ?? { way, subscription, uids: [] };
    lists.set(key, { ...leaving, uids: [...leaving.uids, uid] });
  }
  await leaveLists([...lists.values()], result, session);
  return { ...result.collected(), uid_validity: uidValidity };
}

const MISSING = 'There is no such message.';

function namedUids({ uid, uids }: Named): number[] {
  if ((uid === undefined) === (uids === undefined)) {
    throw new ToolError('Nothing was done: name the messages by uid or by uids.');
  }
  const named = uid === undefined ? parseUidSet(uids ?? '') : [uid];
  if (named.length <= MAX_MESSAGES) return named;
  throw new ToolError(
    `Nothing was done: uids names more than ${MAX_MESSAGES} messages. Name one message of each list.`,
  );
}

/** A list, and the messages of the call that came from it. */
interface Leaving {
  way: Way;
  /** Of the first message. */
  subscription: FoundSubscription;
  uids: number[];
}

type Result = ReturnType<typeof createResult>;

async function leaveLists(lists: readonly Leaving[], result: Result, session: MailSession): Promise<void> {
  const endsAt = performance.now() + MAX_MS;
  for (const list of lists) {
    if (performance.now() > endsAt) {
      result.notDone(NO_TIME, list.uids);
      continue;
    }
    try {
      await session.countedUnsubscribe(() => leave(list, result, session));
    } catch (error) {
      const isKnown = error instanceof ToolError || error instanceof UpstreamError;
      // A refused login is for the client to solve, unless it would not learn then what was sent.
      const isForClient = error instanceof UpstreamError && error.fault === 'credentials' && result.isEmpty();
      if (!isKnown || isForClient) throw error;
      if (error instanceof UpstreamError && error.fault === 'unknown_outcome') result.unknown(list, error.message);
      else result.notDone(error.message, list.uids);
    }
  }
}

const NO_TIME = 'Nothing was sent: no time was left in this call. Call again for it.';

async function leave(list: Leaving, result: Result, session: MailSession): Promise<void> {
  const { way, subscription, uids } = list;
  if (way.how === 'mail') {
    const isFiled = await sendRequest(way, subscription, session);
    return result.requested(list, isFiled ? {} : { warning: NOT_FILED });
  }
  const status = await session.postUnsubscribe(way.url);
  if (status === null) return result.unknown(list, NO_ANSWER);
  if (status >= 200 && status < 300) return result.requested(list, {});
  const why = status >= 300 && status < 400 ? REDIRECTED : `Its server refused the request (status ${status}).`;
  result.notDone(`${why} For the user, a web page${shownPage(way.url)}`, uids);
}

const NOT_FILED = 'The request was sent. Only its copy could not be saved.';
const NO_ANSWER =
  'The request left, and its server gave no answer: it may have been carried out or not. It is not repeated. Look whether more mail of this sender arrives before asking again.';
const REDIRECTED = 'Its server wants the request elsewhere, which is not followed.';

/** Collects what became of the messages. Those with the same reason are named together. */
function createResult() {
  const requested: Requested[] = [];
  const unknown: NonNullable<UnsubscribeResult['unknown']> = [];
  const reasons = new Map<string, number[]>();
  const describe = ({ way, subscription, uids }: Leaving) => ({
    ...namesOf(uids),
    from: peopleTexts(subscription.message.from).join(', '),
    to: way.how === 'mail' ? way.to : new URL(way.url).host,
  });
  return {
    requested(list: Leaving, more: { warning?: string }) {
      requested.push({ ...describe(list), how: list.way.how, ...more });
    },
    unknown: (list: Leaving, why: string) => void unknown.push({ ...describe(list), why }),
    notDone: (why: string, uids: readonly number[]) => void reasons.set(why, [...(reasons.get(why) ?? []), ...uids]),
    isEmpty: () => requested.length === 0 && unknown.length === 0,
    collected: () => ({
      requested,
      ...(unknown.length > 0 && { unknown }),
      not_done: [...reasons].map(([why, uids]) => ({ ...namesOf(uids), why })),
    }),
  };
}

/** @param uids not empty */
function namesOf([uid = 0, ...others]: readonly number[]): { uid: number; also?: string } {
  return { uid, ...(others.length > 0 && { also: uidSetText(others) }) };
}
