/** Distinguishes browsers, which show pages, from clients of the API. */
import type { Request } from 'express';

/** Whether a browser asks for a page to show; a client that accepts anything gets JSON. */
export const prefersPage = (request: Request): boolean =>
  ['GET', 'HEAD'].includes(request.method) && request.accepts(['json', 'html']) === 'html';

/** Whether a GET request comes from an MCP client, which was given this URL in place of `/mcp`: it opens a stream, names its version or has a token. */
export const isFromMcpClient = ({ headers }: Request): boolean =>
  headers['mcp-protocol-version'] !== undefined ||
  headers.authorization !== undefined ||
  /\btext\/event-stream\b/i.test(headers.accept ?? '');
