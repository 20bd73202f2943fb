/** Sends with an idempotency key, and checks that what is reported of all calls with it agrees. */
import { type Actor, type Outcome, outcomeOf } from './actor.ts';

export const MAX_ATTEMPTS = 4;

export type Reported = 'nothing certain' | 'sent' | 'sent and filed';

interface KeyedSend {
  subject: string;
  args: Record<string, unknown>;
  /** Called with the outcome of each call. */
  onOutcome?: (outcome: Outcome) => void;
  /** True if the message may have become impossible to write, so that it is never sent. */
  mayBeRefused?: boolean;
}

/**
 * Repeats the call until the outcome is certain or the attempts are used up, and once more from another process after the last fault, which
 * reports the outcome and removes drafts that were left. In every case at most one message arrives.
 */
export async function sendWithKey(
  { self, other, call, checkLater, model }: Actor,
  { subject, args, onOutcome = () => {}, mayBeRefused = false }: KeyedSend,
): Promise<void> {
  // No action may move its copy in Sent, which records that the message was sent.
  model.reserve(self, subject);
  model.expect(other, subject, [], ['INBOX']);
  let reported: Reported = 'nothing certain';
  for (let attempt = 0; attempt < MAX_ATTEMPTS && reported === 'nothing certain'; attempt += 1) {
    const outcome = await outcomeOf(call('send_mail_message', args));
    onOutcome(outcome);
    if (typeof outcome !== 'string') reported = outcome.result.warning === undefined ? 'sent and filed' : 'sent';
  }
  if (reported !== 'nothing certain') model.expect(other, subject, ['INBOX']);
  checkLater(async (callAgain) => {
    const outcome = await outcomeOf(callAgain('send_mail_message', args));
    const isRefused = outcome === 'nothing' && mayBeRefused && reported === 'nothing certain';
    if (!isRefused) requireAgreement(subject, reported, outcome);
    onOutcome(outcome);
    // Each attempt that was cut off may have left a draft.
    if (outcome === 'unknown') return model.expect(self, subject, ...DRAFTS);
    model.expect(self, subject, isRefused ? [] : ['Sent']);
    if (reported === 'nothing certain') model.expect(other, subject, isRefused ? [] : ['INBOX']);
  });
}

const DRAFTS = Array.from({ length: MAX_ATTEMPTS }, (_, n) => Array.from({ length: n + 1 }, () => 'Drafts'));

/** @param outcome of the call after the last fault. @throws {Error} if it contradicts what was reported before */
export function requireAgreement(subject: string, reported: Reported, outcome: Outcome): void {
  if (outcome === 'nothing' || (outcome === 'unknown' && reported === 'sent and filed'))
    throw new Error(`${subject} was reported as ${reported}, and then as ${outcome}`);
}
