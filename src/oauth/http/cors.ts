/** Allows web pages of other origins to call an endpoint (CORS). Never applied to the sign-in page (RFC 9700 §2.6). */
import cors from 'cors';
import type { RequestHandler } from 'express';

/** `*` would not cover Authorization (Fetch §4.9), so every header that MCP and OAuth clients send is named. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Accept',
  'MCP-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Session-Id',
  'Last-Event-ID',
];

const EXPOSED_HEADERS = [
  'WWW-Authenticate',
  'Mcp-Session-Id',
  'MCP-Protocol-Version',
  'Retry-After',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
];

/** Allows every origin, with tokens but never with cookies. Answers preflight requests itself, without authentication. */
export function allowOtherOrigins(methods: readonly string[]): RequestHandler {
  return cors({
    origin: '*',
    methods: [...methods],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 3600,
  });
}
