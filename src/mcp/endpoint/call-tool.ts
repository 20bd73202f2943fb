/** Runs one tool call of an HTTP request and turns its result or its error into an outcome, whichever path the request takes. */
import { randomUUID } from 'node:crypto';
import { OAuthError, STORED_LOGIN_UNREACHABLE, ToolError, UpstreamError } from '../../errors.ts';
import { describeError, type Log } from '../../log.ts';
import type { Permit } from '../../policy.ts';
import { visibleLine } from '../../text/visible-text.ts';
import type { Catalog } from '../catalog.ts';
import { visibleValue } from '../outgoing.ts';

/** Protocol versions from 2025-03-26 to 2025-11-25, which begin with `initialize`, or 2026-07-28, which has none. */
export type Era = '2025' | '2026';

/** The part of a grant that tools need. */
export interface Caller<Session> {
  session: Session;
  permit: Permit;
  /** The end of the time of the call. Absent: none. */
  life?: {
    ended: AbortSignal;
    /** The error if there is no result then. */
    lateError(): Error;
    /** Takes the work of the call, which may go on after the call was answered. */
    keepUntil(work: Promise<unknown>): void;
  };
}

/** Tool and outcome of one HTTP request; the request log reads them when the response has ended. */
export interface CallRecord {
  tool?: string;
  outcome?: string;
}

/** One HTTP request while it is answered. */
export interface Exchange<Session> {
  era: Era;
  caller: Caller<Session>;
  record: CallRecord;
  /** An error that must become an HTTP status instead of a tool result. */
  refusal?: OAuthError | UpstreamError;
}

export interface CallParams {
  name: string;
  arguments?: Record<string, unknown> | undefined;
}

/** The result of a tool as JSON, or the sentence of its error, with the error's details as JSON. */
export type ToolOutcome = { json: string } | { failure: string; details?: string | undefined };

export async function callTool<Session>(
  params: CallParams,
  exchange: Exchange<Session>,
  { catalog, log }: { catalog: Catalog<Session>; log: Log },
): Promise<ToolOutcome> {
  const { caller, record } = exchange;
  record.tool = params.name;
  try {
    const result = await inTime(caller, () =>
      catalog.call(params.name, params.arguments, caller.permit, caller.session),
    );
    record.outcome = 'ok';
    return { json: JSON.stringify(result) };
  } catch (error) {
    const details =
      error instanceof ToolError && error.details ? JSON.stringify(visibleValue(error.details)) : undefined;
    return { failure: visibleLine(failureSentence(error, exchange, log)).text, details };
  }
}

/** How long a call has to report its own error, which is more exact, after its time has ended. */
const GRACE_MS = 500;

/** @throws {Error} as `call`, or what is known about the call if it has no result in time */
async function inTime<T>({ life }: Caller<unknown>, call: () => Promise<T>): Promise<T> {
  const work = call();
  if (life === undefined) return work;
  life.keepUntil(work);
  const { promise, reject } = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const onEnd = () => {
    grace = setTimeout(() => reject(life.lateError()), GRACE_MS);
  };
  if (life.ended.aborted) onEnd();
  else life.ended.addEventListener('abort', onEnd, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(grace);
    life.ended.removeEventListener('abort', onEnd);
  }
}

/** @returns the sentence that reports the error to the model. Records the outcome, and an error that must become an HTTP status. */
function failureSentence<Session>(error: unknown, exchange: Exchange<Session>, log: Log): string {
  const { record } = exchange;
  if (error instanceof OAuthError || (error instanceof UpstreamError && isRefusal(error))) exchange.refusal = error;
  if (error instanceof ToolError || error instanceof OAuthError) {
    record.outcome = error instanceof OAuthError ? error.code : 'tool_error';
    return error.message;
  }
  if (error instanceof UpstreamError) {
    record.outcome = `${error.service.toLowerCase()}_${error.fault}`;
    log.warn({ tool: record.tool, service: error.service, error: describeError(error) }, 'upstream failure');
    return error.message;
  }
  const id = randomUUID();
  record.outcome = 'internal_error';
  log.error({ id, tool: record.tool, error: describeError(error) }, 'internal error');
  return `Internal error. Its id is ${id}; the operator of this server finds it in the log.`;
}

/** True if the client has to sign in again, or to repeat the request. */
const isRefusal = ({ fault, code }: UpstreamError): boolean =>
  fault === 'credentials' || code === STORED_LOGIN_UNREACHABLE;

/**
 * The parts of a tool result that both paths send: texts, and structured content as JSON. Error details are structured content for clients of
 * the 2026 era only: clients of 2025 validate structured content against the tool's output schema, and would report that instead of the error.
 */
export function resultParts(outcome: ToolOutcome, era: Era): { texts: string[]; structure: string | undefined } {
  if ('json' in outcome) return { texts: [outcome.json], structure: outcome.json };
  const { failure, details } = outcome;
  return {
    texts: details === undefined ? [failure] : [failure, details],
    structure: era === '2026' ? details : undefined,
  };
}
