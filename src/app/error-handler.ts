/** Turns every error into a response without a stack, a host name or a text of a mail server, and logs its cause. */
import type { ErrorRequestHandler } from 'express';
import { OAuthError, UpstreamError } from '../errors.ts';
import { describeError, type Log } from '../log.ts';
import { invalidToken } from '../oauth/bearer/bearer.ts';
import { createErrorResponse } from '../oauth/endpoints/error-response.ts';
import type { RequestLog } from './request-log.ts';

/** @param options.maxBody the limit that an oversized body has exceeded */
export function errorHandler(
  services: { issuer: string; log: Log },
  requests: Pick<RequestLog, 'of'>,
  { maxBody }: { maxBody: string },
): ErrorRequestHandler {
  const respondOAuth = createErrorResponse(services);
  return (error: unknown, request, response, _next) => {
    const record = requests.of(request);
    // No response reaches this client, and disconnecting is no error.
    if (response.destroyed) {
      return services.log.debug({ requestId: record.id, error: describeError(error) }, 'the client has disconnected');
    }
    if (response.headersSent) {
      record.outcome = 'cut_off';
      services.log.warn({ requestId: record.id, error: describeError(error) }, 'response cut off');
      // The error handler of Express is bypassed because it prints the message of the error.
      return void response.destroy();
    }
    const known = toOAuthError(error);
    if (known !== undefined) {
      record.outcome = known.code;
      // A fault that only the operator can repair is logged at a level that is on by default.
      const level = error instanceof UpstreamError && error.service === 'Redis' ? 'warn' : 'debug';
      services.log[level]({ requestId: record.id, error: describeError(error) }, 'refused');
      return respondOAuth(known, request, response);
    }
    const status = requestFault(error);
    if (status !== undefined) {
      record.outcome = 'bad_request';
      return void response.status(status).json({ jsonrpc: '2.0', id: null, error: jsonRpcFault(status, maxBody) });
    }
    record.outcome = 'internal_error';
    services.log.error({ requestId: record.id, error: describeError(error) }, 'internal error');
    respondOAuth(new OAuthError('server_error', `Internal error ${record.id}.`), request, response);
  };
}

/**
 * A login that the mail server or Missive no longer accepts makes the token invalid: the client has to start a new authorization
 * (BEAR-07). While Redis is unreachable, codes, tokens and logins are neither accepted nor rejected.
 */
function toOAuthError(error: unknown): OAuthError | undefined {
  if (error instanceof OAuthError) return error;
  if (error instanceof UpstreamError && error.service === 'Redis') {
    return new OAuthError('temporarily_unavailable', error.message, {
      cause: error,
      wait: { status: 503, seconds: 5 },
    });
  }
  return error instanceof UpstreamError && error.fault === 'credentials' ? invalidToken(error) : undefined;
}

/** @returns the status of a fault that Express or body-parser found in a request; undefined for any other error */
function requestFault(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  return error.status >= 400 && error.status < 500 ? error.status : undefined;
}

function jsonRpcFault(status: number, maxBody: string): { code: number; message: string } {
  return status === 413
    ? { code: -32000, message: `The request is longer than ${maxBody}` }
    : { code: -32700, message: 'The body is not JSON' };
}
