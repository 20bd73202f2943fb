/**
 * Recognizes a sign-in page that the same browser submits again with the same fields, as a double click does, so that the mail servers are asked
 * once and both responses belong to one grant.
 *
 * Invariant: the state holds ids and keyed hashes, and nothing that was typed.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from 'express';
import { createSemaphore } from '../../state/semaphore.ts';
import { equalsInConstantTime } from '../http/constant-time.ts';
import { PageError } from '../pages/page-error.ts';
import type { CodePayload } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import type { PendingAuthorization, SubmittedAuthorization } from './authorization-transaction.ts';

/** How long a submit is taken for a repetition of the one before it. */
export const REPEAT_SECONDS = 60;

/** Longer than the delay and the login check of a submit, and its few commands to the state. After it, the turn of a process that has ended is free. */
const TURN_SECONDS = 40;
const POLL_MS = 100;
const MAX_WAIT_MS = 30_000;
const MAX_WAITING = 4;

/** What the servers said when they accepted the fields. */
export interface AcceptedFields {
  /** As in the code. */
  mailbox?: string;
}

/** What is known of an earlier submit of the same fields. */
interface EarlierSubmit {
  /** Present: the servers accepted the fields within the last minute. */
  accepted?: AcceptedFields;
  /** The fields gave the code of the transaction within the last minute. */
  isUsed: boolean;
}

interface Submission {
  readEarlier(): Promise<EarlierSubmit>;
  /** Records that the servers have accepted the fields. */
  accept(accepted: AcceptedFields): Promise<void>;
  /** Records that the fields have given the code of the transaction. */
  use(): Promise<void>;
}

export interface Submissions {
  /** @param code everything that the submit grants: the same for the same fields */
  of(pending: Pick<SubmittedAuthorization, 'tid' | 'shownAt'>, code: CodePayload): Submission;
  /** `jti` of the code of a transaction: the same for each submit, on every replica, so that one grant results. */
  codeIdOf(pending: Pick<PendingAuthorization, 'tid'>): string;
  /**
   * Runs the submits of one transaction one after another, on all replicas.
   *
   * @returns without a call of `run` if the browser has left meanwhile
   * @throws {OAuthError} `temporarily_unavailable` if others of the same transaction take too long, or are too many
   */
  inTurn(pending: Pick<PendingAuthorization, 'tid'>, request: Request, run: () => Promise<void>): Promise<void>;
}

export function createSubmissions({
  keyring,
  now,
  state,
}: Pick<OAuthServices, 'keyring' | 'now' | 'state'>): Submissions {
  const key = keyring.current.derive('submission');
  const hmacOf = (...parts: string[]) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
  const inSeconds = (seconds: number): Date => new Date(now().getTime() + seconds * 1000);
  const queue = createSemaphore({
    ...{ placesPerKey: 1, maxWaitingPerKey: MAX_WAITING, maxWaitMs: MAX_WAIT_MS },
    createError: tooMany,
  });

  /** Waits while another replica works on the transaction. @returns false if the browser has left meanwhile */
  async function takeTurn(turn: string, request: Request): Promise<boolean> {
    for (let waitedMs = 0; waitedMs <= MAX_WAIT_MS; waitedMs += POLL_MS) {
      if (request.socket.destroyed) return false;
      if ((await state.claim(turn, inSeconds(TURN_SECONDS))) === null) return true;
      await sleep(POLL_MS);
    }
    throw tooMany();
  }

  return {
    of({ tid, shownAt }, code) {
      const list = `submitted:${tid}`;
      const ofFields = (what: string): string => hmacOf(what, tid, shownAt.toISOString(), JSON.stringify(code));
      const [accepted, used, pad] = [ofFields('accepted'), ofFields('used'), ofFields('pad')];
      const note = (id: string, text: string) => state.note(list, id, text, inSeconds(REPEAT_SECONDS));
      return {
        async readEarlier() {
          const notes = (await state.notes(list)).map((text) => text.split(' '));
          const find = (id: string) => notes.find(([one = '']) => equalsInConstantTime(one, id));
          const [, mailbox] = find(accepted) ?? [];
          return {
            isUsed: find(used) !== undefined,
            ...(find(accepted) && { accepted: mailbox ? { mailbox: masked(mailbox, pad) } : {} }),
          };
        },
        accept: ({ mailbox }) => note(accepted, mailbox ? `${accepted} ${masked(mailbox, pad)}` : accepted),
        use: () => note(used, used),
      };
    },
    codeIdOf: ({ tid }) => hmacOf('code', tid).slice(0, 22),
    inTurn({ tid }, request, run) {
      return queue.run(tid, async () => {
        const turn = `submitting:${tid}`;
        if (!(await takeTurn(turn, request))) return;
        try {
          await run();
        } finally {
          // While the state is unavailable the turn ends by itself; the error of the submit is the one to report.
          await state.release(turn).catch(() => undefined);
        }
      });
    },
  };
}

/** Hides the id of a mailbox, which is a hash without a key. Applied twice it gives the id again. Both have 22 characters of base64url. */
function masked(id: string, pad: string): string {
  return [...id].map((character, index) => ALPHABET[placeOf(character) ^ placeOf(pad[index])]).join('');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const placeOf = (character = ''): number => ALPHABET.indexOf(character);

const tooMany = (): PageError =>
  new PageError('temporarily_unavailable', (t) => t.errors.beingChecked, {
    wait: { status: 503, seconds: REPEAT_SECONDS },
  });
