/**
 * Runs a call with an idempotency key once. The state that replicas share records what began and what was done.
 *
 * Invariant: what may have been sent is not sent again.
 */
import { z } from 'zod';
import { ToolError, UpstreamError } from '../../../errors.ts';
import { otherMessage, type RecentResults } from '../../../mail/send-once/recent-results.ts';
import type { State } from '../../../state/state.ts';

export interface KeyedCall {
  tool: string;
  key: string;
  /** By which calls with the same key are compared. Must be serializable as JSON. */
  content: unknown;
}

export interface KeyedCalls {
  /**
   * @param work sends, and returns the result
   * @param look finds at Missive what an earlier call has sent; undefined if nothing shows it
   * @returns `isRepeat` if an earlier call did it
   * @throws {ToolError} if the key was used for other contents
   * @throws {UpstreamError} `unknown_outcome` if it is not known whether an earlier call has sent it; nothing is sent then
   */
  once(
    call: KeyedCall,
    work: () => Promise<Record<string, unknown>>,
    look: (since: Date) => Promise<Record<string, unknown> | undefined>,
  ): Promise<{ result: Record<string, unknown>; isRepeat: boolean }>;
}

/** The ids that a call has made are kept with it; they are no secret. */
const Note = z.object({
  content: z.string(),
  result: z.record(z.string(), z.unknown()).optional(),
});

const Result = z.record(z.string(), z.unknown());

/** As long as an idempotency key of a mailbox counts. */
const KEPT_MS = 30 * 24 * 3_600_000;
const NOTE = 'call';

export function createKeyedCalls(parts: {
  state: State;
  /** False if other replicas do not share the state. */
  isShared: boolean;
  recentResults: RecentResults;
  digestsOf(call: KeyedCall): Promise<{ place: string; localPart: string }>;
  now: () => Date;
}): KeyedCalls {
  const { state, isShared, recentResults, digestsOf, now } = parts;

  async function runAcrossReplicas(
    { place, localPart: content }: { place: string; localPart: string },
    work: () => Promise<Record<string, unknown>>,
    look: (since: Date) => Promise<Record<string, unknown> | undefined>,
  ): Promise<{ result: Record<string, unknown>; isEarlier: boolean }> {
    // In Redis a claim and a list are values of different types.
    const claim = `missive-call:${place}`;
    const list = `${claim}:notes`;
    const release = async () => {
      await state.removeNotes(list).catch(() => undefined);
      await state.release(claim).catch(() => undefined);
    };
    const until = new Date(now().getTime() + KEPT_MS);
    const begunAt = await state.claim(claim, until).catch(notRemembered);
    const record = (result?: Record<string, unknown>) =>
      state.note(list, NOTE, JSON.stringify({ content, ...(result && { result: idsIn(result) }) }), until);
    if (begunAt !== null) {
      const note = await readNote(state, list);
      if (note !== undefined && note.content !== content) throw otherMessage();
      if (note?.result !== undefined) return { result: note.result, isEarlier: true };
      const found = note === undefined ? undefined : await look(begunAt).catch(() => undefined);
      if (found === undefined) throw new UpstreamError('Missive', 'unknown_outcome', EARLIER_OUTCOME_UNKNOWN);
      await record(found).catch(() => undefined);
      return { result: found, isEarlier: true };
    }
    await record().catch(async (error: unknown) => {
      await release();
      notRemembered(error);
    });
    try {
      const result = await work();
      // It is done: a fault after this point must not be reported as a failure to send.
      await record(result).catch(() => undefined);
      return { result, isEarlier: false };
    } catch (error) {
      const isUnknown = error instanceof UpstreamError && error.fault === 'unknown_outcome';
      if (!isUnknown) await release();
      throw isUnknown ? withAdvice(error) : error;
    }
  }

  return {
    async once(call, work, look) {
      if (!isShared) throw new ToolError(NOT_SHARED);
      const digests = await digestsOf(call);
      const { result, isRepeat } = await recentResults.once(digests.place, digests.localPart, () =>
        runAcrossReplicas(digests, work, look),
      );
      const { result: own, isEarlier } = z.object({ result: Result, isEarlier: z.boolean() }).parse(result);
      return { result: own, isRepeat: isRepeat || isEarlier };
    },
  };
}

async function readNote(state: State, list: string) {
  const text = (await state.notesById(list).catch(notRemembered)).get(NOTE);
  if (text === undefined) return undefined;
  return Note.parse(JSON.parse(text));
}

const Ids = z.object({ id: z.string(), conversation: z.string().optional() });

/** Of what was made: other replicas answer with it. */
function idsIn(result: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(result).flatMap(([name, value]) => {
      const { data } = Ids.safeParse(value);
      return data === undefined ? [] : [[name, data]];
    }),
  );
}

function notRemembered(cause: unknown): never {
  if (!(cause instanceof UpstreamError)) throw cause;
  throw new UpstreamError(cause.service, 'unreachable', NOT_REMEMBERED, { cause });
}

function withAdvice(error: UpstreamError): UpstreamError {
  const { service, fault, message, code } = error;
  return new UpstreamError(service, fault, `${message} ${CALL_AGAIN}`, { cause: error, code });
}

const NOT_SHARED =
  'Nothing was done: this server runs on several replicas that do not share what they have sent, so idempotency_key has no effect. Call without it.';
const NOT_REMEMBERED =
  'Nothing was done: the idempotency_key cannot be remembered at the moment. Try again in a minute, or call without it.';
const CALL_AGAIN = 'Calling again with the same idempotency_key does not send it twice.';
const EARLIER_OUTCOME_UNKNOWN =
  'An earlier call with this idempotency_key began, and it is not known how that ended: it is still running, or was cut off, so the message may have been sent or not. Nothing was done now. Call again in a minute with the same idempotency_key, or look at the conversation; a new idempotency_key does it in any case.';
