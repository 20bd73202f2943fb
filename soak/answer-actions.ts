/** Defines the random actions that answer a message or forward it: at most once, and with the mark of the original. */
import { type Actor, newSubject, type Outcome, type Result } from './actor.ts';
import { hasFile, newSubjectWithFile } from './files.ts';
import { type FoundMessage, findMessage } from './find-message.ts';
import { sendWithKey } from './keyed-sends.ts';

export type Mark = '\\Answered' | '$Forwarded';

export const warningsOf = ({ result: { warnings } }: Result): string[] =>
  Array.isArray(warnings) ? warnings.map(String) : [];

/** Records what a call that answers or forwards an original says of its mark. No action removes it. */
export function expectMark({ self, model }: Actor, original: string, mark: Mark, outcome: Outcome): void {
  const before = model.hasKeyword(self, original, mark);
  if (before === true) return;
  const says = (words: string) =>
    typeof outcome !== 'string' && warningsOf(outcome).some((warning) => warning.includes(words));
  const isUncertain = outcome === 'unknown' || says('not certain that the original is marked');
  const isUnchanged = outcome === 'nothing' || says('original is not marked');
  model.expectKeyword(self, original, mark, isUncertain ? undefined : isUnchanged ? before : true);
}

async function answer(actor: Actor): Promise<void> {
  const original = await findMessage(actor);
  if (original === undefined) return;
  const as = actor.random() < 0.5 ? 'reply' : 'reply_all';
  await sendAnswer(actor, original, { as, subject: newSubject() }, '\\Answered');
}

async function forward(actor: Actor): Promise<void> {
  const original = await findMessage(actor, hasFile);
  if (original === undefined) return;
  await sendAnswer(actor, original, { as: 'forward', subject: newSubjectWithFile() }, '$Forwarded');
}

async function sendAnswer(
  actor: Actor,
  { subject: original, place }: FoundMessage,
  { as, subject }: { as: string; subject: string },
  mark: Mark,
): Promise<void> {
  const text = { subject, text_body: 'x', idempotency_key: subject };
  await sendWithKey(actor, {
    subject,
    args: { as, of: place, to: actor.address, cc: '', ...text },
    onOutcome: (outcome) => expectMark(actor, original, mark, outcome),
    // The original may be elsewhere when the call is repeated.
    mayBeRefused: true,
  });
}

export const ANSWER_ACTIONS: readonly ((actor: Actor) => Promise<void>)[] = [answer, forward];
