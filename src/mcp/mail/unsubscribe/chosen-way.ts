/** Chooses how a list is left, or says why it is not. */
import { ToolError } from '../../../errors.ts';
import { isForged } from '../../../mail/sender/verdict.ts';
import type { FoundSubscription } from '../../../mail/subscription/fetch-subscriptions.ts';
import type { Subscription, Way } from '../../../mail/subscription/subscription.ts';
import type { Permit } from '../../../policy.ts';
import { requireEnvelope, requireHost } from '../../permit/recipients.ts';

/** A longer address is not worth its tokens, and a cut one leads nowhere. */
const MAX_SHOWN_CHARS = 1_000;

/** Servers and programs mark junk so, where it is not moved (RFC 9051 §2.3.2). */
const JUNK_KEYWORD = '$junk';

/** @returns the way, or a sentence with the reason why there is none */
export function chosenWay({ message, verdict, subscription }: FoundSubscription, permit: Permit): Way | string {
  const isJunk = message.flags.some((flag) => flag.toLowerCase() === JUNK_KEYWORD);
  if (isJunk || isForged(verdict)) return IS_JUNK;
  if (subscription === null) return TOO_LONG;
  const { ways } = subscription;
  const allowed = ways.find((way) => refusalOf(way, permit) === undefined);
  if (allowed !== undefined) return allowed;
  const [way] = ways;
  return (way && refusalOf(way, permit)) ?? lackOf(subscription);
}

/** A request confirms to the sender of junk that the address is read. */
export const IS_JUNK =
  'It is junk, or its sender is forged (dmarc=fail). A request would only confirm to the sender that mail to this address is read. Move it to junk instead.';
const TOO_LONG = 'Its header is too long to be read safely.';

function refusalOf(way: Way, permit: Permit): string | undefined {
  try {
    if (way.how === 'mail') requireEnvelope(permit, [way.to]);
    else requireHost(permit, new URL(way.url).hostname);
    return undefined;
  } catch (error) {
    if (error instanceof ToolError) return error.message;
    throw error;
  }
}

function lackOf({ lacks, page }: Subscription): string {
  if (lacks === 'field') return NO_FIELD;
  if (lacks === 'single_field') return SEVERAL_FIELDS;
  return page === undefined ? NO_WAY : `It has only a web page${shownPage(page)}`;
}

/** For the user, who decides whether to open it. */
export function shownPage(page: string): string {
  return page.length > MAX_SHOWN_CHARS ? `, on ${new URL(page).hostname}, which the message links to.` : `: ${page}`;
}

const NO_FIELD = 'It does not say how to unsubscribe (no List-Unsubscribe).';
const SEVERAL_FIELDS = 'It says twice how to unsubscribe, and nothing proves which of the two counts.';
const NO_WAY = 'What it says about unsubscribing is nothing that can be done safely.';
