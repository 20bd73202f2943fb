/** Defines the random action that saves a draft of an answer, writes it anew and sends it: at most once, and nothing stays in Drafts unless the answer says so. */
import { type Actor, type Call, newSubject, outcomeOf, type Result } from './actor.ts';
import { expectMark, type Mark, warningsOf } from './answer-actions.ts';
import { hasFile, newSubjectWithFile } from './files.ts';
import { findMessage, placeOf } from './find-message.ts';
import { MAX_ATTEMPTS, type Reported, requireAgreement } from './keyed-sends.ts';

/** `subject` is that of the draft. */
interface DraftedAnswer {
  subject: string;
  original: string;
  mark: Mark;
}

const drafts = (count: number): string[] => Array.from({ length: count }, () => 'Drafts');

async function sendDraftOfAnswer(actor: Actor): Promise<void> {
  const isForward = actor.random() < 0.3;
  const original = await findMessage(
    actor,
    (message) => message.folder !== 'Drafts' && (!isForward || hasFile(message)),
  );
  if (original === undefined) return;
  const subject = isForward ? newSubjectWithFile() : newSubject();
  actor.model.reserve(actor.self, subject);
  actor.model.expect(actor.self, subject, [], drafts(1));
  const answered = { as: isForward ? 'forward' : 'reply', of: original.place };
  const fields = { ...answered, to: actor.address, cc: '', subject, text_body: 'x' };
  const saved = await save(actor, fields, subject);
  if (typeof saved === 'string') {
    if (saved === 'nothing') actor.model.expect(actor.self, subject, []);
    return;
  }
  const place = await revise(actor, subject, placeOf(saved.result));
  const answer: DraftedAnswer = { subject, original: original.subject, mark: isForward ? '$Forwarded' : '\\Answered' };
  if (place !== undefined) await sendDraft(actor, answer, place);
}

/** Half of the drafts have a key, with which the call is repeated. @returns as outcomeOf(), of all calls together */
async function save({ call, random }: Actor, fields: Record<string, unknown>, key: string) {
  const hasKey = random() < 0.5;
  let isUncertain = false;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const args = { ...fields, ...(hasKey && { idempotency_key: key }) };
    const outcome = await outcomeOf(call('create_draft_mail_message', args));
    if (typeof outcome !== 'string') return outcome;
    isUncertain ||= outcome === 'unknown';
    if (!hasKey) break;
  }
  return isUncertain ? 'unknown' : 'nothing';
}

/** @returns the place of the one draft there is; undefined if there may be two */
async function revise(actor: Actor, subject: string, place: string): Promise<string | undefined> {
  const { self, model } = actor;
  model.expect(self, subject, drafts(1), drafts(2));
  const saved = await save(actor, { as: 'draft', of: place, text_body: 'y' }, `${subject} 2`);
  if (saved === 'unknown' || (saved !== 'nothing' && mayLeaveDraft(saved))) return undefined;
  model.expect(self, subject, drafts(1));
  return saved === 'nothing' ? place : placeOf(saved.result);
}

const mayLeaveDraft = (saved: Result): boolean => warningsOf(saved).some((each) => each.includes('draft before it'));

async function sendDraft(actor: Actor, answer: DraftedAnswer, place: string): Promise<void> {
  const { self, other, call, checkLater, model, random } = actor;
  const { subject, original, mark } = answer;
  const args = { as: 'draft', of: place, ...(random() < 0.5 && { idempotency_key: subject }) };
  model.expect(other, subject, [], ['INBOX']);
  let reported: Reported = 'nothing certain';
  const record = (sent: Result) => {
    if (reported === 'nothing certain') model.expect(other, subject, ['INBOX']);
    expectMark(actor, original, mark, sent);
    const isFiled = sent.result.warning === undefined;
    const places = isFiled ? [['Sent']] : [['Sent'], ['Drafts'], ['Sent', 'Drafts']];
    model.expect(self, subject, ...places, ...(mayLeaveDraft(sent) ? places.map((each) => [...each, 'Drafts']) : []));
    reported = isFiled ? 'sent and filed' : 'sent';
  };
  let mayBeDouble = false;
  const send = async (each: Call) => {
    const sending = each('send_mail_message', args).catch((error: unknown) => {
      mayBeDouble ||= String(error).includes('two of it');
      throw error;
    });
    const outcome = await outcomeOf(sending);
    if (typeof outcome !== 'string') record(outcome);
    else if (reported === 'nothing certain')
      model.expect(self, subject, drafts(1), ...(mayBeDouble ? [drafts(2)] : []));
    return outcome;
  };
  for (let attempt = 0; attempt < MAX_ATTEMPTS && reported === 'nothing certain'; attempt += 1) {
    await send(call);
  }
  checkLater(async (callAgain) => {
    const before = reported;
    requireAgreement(subject, before, await send(callAgain));
  });
}

export const DRAFT_ACTIONS: readonly ((actor: Actor) => Promise<void>)[] = [sendDraftOfAnswer, sendDraftOfAnswer];
