/** Turns every error into a response without a stack, a host name or a text of a mail server, and logs its cause. */
import type { ErrorRequestHandler, Request, Response } from 'express';
import { BodyError } from '../body/read-body.ts';
import { OAuthError, UpstreamError } from '../errors.ts';
import { describeError } from '../log.ts';
import { invalidToken } from '../oauth/bearer/bearer.ts';
import { createErrorResponse } from '../oauth/endpoints/error-response.ts';
import { MCP_PATHS } from '../oauth/http/paths.ts';
import { PageError } from '../oauth/pages/page-error.ts';
import type { OAuthServices } from '../oauth/services.ts';
import type { RequestLog } from './request-log.ts';

export function errorHandler(
  services: Pick<OAuthServices, 'issuer' | 'log' | 'pages'>,
  requests: Pick<RequestLog, 'of'>,
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
      const reason = reasonOf(known);
      if (reason !== undefined) record.reason = reason;
      // A fault that only the operator can repair is logged at a level that is on by default.
      const level = error instanceof UpstreamError && error.service === 'Redis' ? 'warn' : 'debug';
      services.log[level]({ requestId: record.id, error: describeError(error) }, 'refused');
      return respondOAuth(known, request, response);
    }
    if (error instanceof BodyError) {
      record.outcome = `body_${error.status}`;
      return refuseBody(error, request, response);
    }
    const status = requestFault(error);
    if (status !== undefined) {
      record.outcome = 'bad_request';
      const fault = { code: -32700, message: 'The request could not be read' };
      return void response.status(status).json({ jsonrpc: '2.0', id: null, error: fault });
    }
    record.outcome = 'internal_error';
    services.log.error({ requestId: record.id, error: describeError(error) }, 'internal error');
    respondOAuth(new PageError('server_error', (t) => t.errors.internal({ reference: record.id })), request, response);
  };
}

/**
 * A login that the mail server or Missive no longer accepts makes the token invalid: the client has to start a new authorization
 * (BEAR-07). While Redis is unreachable, codes, tokens and logins are neither accepted nor rejected.
 */
function toOAuthError(error: unknown): OAuthError | undefined {
  if (error instanceof OAuthError) return error;
  if (error instanceof UpstreamError && error.service === 'Redis') {
    return new PageError('temporarily_unavailable', (t) => t.errors.stateUnreachable, {
      cause: error,
      wait: { status: 503, seconds: 5 },
    });
  }
  return error instanceof UpstreamError && error.fault === 'credentials' ? invalidToken(error) : undefined;
}

/** The innermost cause that is one of our own words. */
function reasonOf({ cause }: OAuthError): string | undefined {
  let reason: unknown = cause;
  while (reason instanceof Error) {
    if (reason instanceof UpstreamError) return `${reason.service}: ${reason.fault}`;
    reason = reason.cause;
  }
  return typeof reason === 'string' ? reason : undefined;
}

/** @returns the status of a fault that Express found in a request; undefined for any other error */
function requestFault(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  return error.status >= 400 && error.status < 500 ? error.status : undefined;
}

/** Answers a body that was refused: in JSON-RPC at /mcp, otherwise as OAuth does (RFC 6749 §5.2). */
function refuseBody({ status, message, retryAfterSeconds }: BodyError, request: Request, response: Response): void {
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  // The rest of a body that does not arrive would be taken for the next request.
  if (status === 408) response.set('Connection', 'close');
  response.status(status).set('Cache-Control', 'no-store');
  if (MCP_PATHS.includes(request.path)) {
    const code = status === 400 ? -32700 : -32000;
    return void response.json({ jsonrpc: '2.0', id: null, error: { code, message } });
  }
  const error = status === 429 || status === 503 ? 'temporarily_unavailable' : 'invalid_request';
  response.json({ error, error_description: message });
}
