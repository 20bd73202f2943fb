/**
 * Ends the wait for a call before its client gives up, and keeps what has begun: reading is cancelled, a change or a send goes on.
 *
 * Clients wait for a minute. A call that has no result by then is answered with what is known about it.
 */
import type { Response } from 'express';
import { UpstreamError } from '../errors.ts';

/** The time of a call, from the arrival of its request. Half a second later it is answered in any case. */
const CALL_MS = 49_500;

/** What a call has begun, and the signal at which it begins nothing more. */
export interface CallLife {
  /** Aborted at the end of the time. */
  readonly ended: AbortSignal;
  /** The furthest step so far. Sessions set it, and never set it back. */
  progress: 'none' | 'changing' | 'sending' | 'sent';
  /** The error of a call that has no result at the end of its time. */
  lateError(): Error;
}

export function createCallLife(
  response: Response,
  {
    service,
    arrivedAt,
    callMs = CALL_MS,
  }: { service: 'IMAP' | 'Missive'; arrivedAt: number; callMs?: number | undefined },
): CallLife {
  const controller = new AbortController();
  const reason = new UpstreamError(service, 'timeout', TOO_LATE, { code: 'CALL_TIME' });
  const timer = setTimeout(() => controller.abort(reason), Math.max(0, callMs - (performance.now() - arrivedAt)));
  response.once('close', () => clearTimeout(timer));
  const unknown = (sentence: string, of: 'IMAP' | 'SMTP' | 'Missive') =>
    new UpstreamError(of, 'unknown_outcome', sentence, { code: 'CALL_TIME' });
  return {
    ended: controller.signal,
    progress: 'none',
    lateError() {
      if (this.progress === 'sent') return unknown(SENT, service);
      if (this.progress === 'sending') return unknown(SENDING, 'SMTP');
      return this.progress === 'changing' ? unknown(CHANGING, service) : reason;
    },
  };
}

const TOO_LATE =
  'This took longer than 50 seconds and was cancelled. Nothing was changed. Ask for less, or try again in a minute.';
const CHANGING =
  'The server has not finished this change within 50 seconds. It goes on, and may happen or not. Look before trying again, in both folders if a message was to be moved.';
const SENDING =
  'The mail server has not confirmed the message within 50 seconds. Sending goes on, and the message may arrive or not. Call again in a minute with the same idempotency_key to learn the result; without one, look in Sent before trying again.';
const SENT = 'The message was sent. Its copy was not yet saved after 50 seconds; saving goes on. Do not send it again.';

/** Work that goes on after its call was answered. */
export interface Background {
  add(work: Promise<unknown>): void;
  /** Waits until all work has ended, at most `limitMs`. */
  settled(limitMs: number): Promise<void>;
}

export function createBackground(): Background {
  const running = new Set<Promise<unknown>>();
  return {
    add(work) {
      const ended = () => void running.delete(work);
      running.add(work);
      work.then(ended, ended);
    },
    async settled(limitMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, limitMs);
      await Promise.race([Promise.allSettled([...running]), promise]);
      clearTimeout(timer);
    },
  };
}
