/**
 * Ends the wait for a call before its client gives up, and keeps what has begun: reading is cancelled, a change or a send goes on.
 *
 * Clients wait for a minute. A call that has no result by then is answered with what is known about it.
 */
import type { Response } from 'express';
import { UpstreamError } from '../errors.ts';
import type { ChangePlaces } from './change-places.ts';

/** The time of a call, from the arrival of its request. Half a second later it is answered in any case. */
const CALL_MS = 49_500;

/** What a call has begun, and the signal at which it begins nothing more. */
export interface CallLife {
  /** Aborted at the end of the time. */
  readonly ended: AbortSignal;
  /** The furthest step so far. Sessions set it, and never set it back. */
  progress: 'none' | 'changing' | 'sending' | 'sent';
  /**
   * Waits for the place that a call needs before its first change. It keeps the place until the work of its request has ended.
   *
   * @throws {UpstreamError} if none becomes free, or the time has ended; nothing was changed
   */
  begin(): Promise<void>;
  /** Takes the work of the call: its time ends with it, whether or not the client waits for the answer. */
  follow(work: Promise<unknown>): void;
  /** The error of a call that has no result at the end of its time. */
  lateError(): Error;
}

interface CallLifeOptions {
  service: 'IMAP' | 'Missive';
  /** By the monotonic clock. */
  arrivedAt: number;
  callMs?: number | undefined;
  account: string;
  /** Absent: changes have no limit. */
  changes?: ChangePlaces | undefined;
}

export function createCallLife(
  response: Response,
  { service, arrivedAt, callMs = CALL_MS, account, changes }: CallLifeOptions,
): CallLife {
  const controller = new AbortController();
  const reason = new UpstreamError(service, 'timeout', TOO_LATE, { code: 'CALL_TIME' });
  const timer = setTimeout(() => controller.abort(reason), Math.max(0, callMs - (performance.now() - arrivedAt)));
  const place = changes?.placeFor(account, controller.signal);
  let running = 0;
  let isClosed = false;
  // A client that has gone does not end the work.
  const endIfIdle = () => {
    if (isClosed && running === 0) clearTimeout(timer);
  };
  response.once('close', () => {
    isClosed = true;
    endIfIdle();
  });
  const unknown = (sentence: string, of: 'IMAP' | 'SMTP' | 'Missive') =>
    new UpstreamError(of, 'unknown_outcome', sentence, { code: 'CALL_TIME' });
  return {
    ended: controller.signal,
    progress: 'none',
    async begin() {
      // The work is followed as soon as it has been started.
      await null;
      if (running === 0) throw reason;
      await place?.take(service);
    },
    follow(work) {
      running += 1;
      const end = () => {
        running -= 1;
        if (running === 0) place?.leave();
        endIfIdle();
      };
      work.then(end, end);
    },
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
