/** Reads the bodies of requests, each kind within its limits of bytes, values, memory and time. */
import type { Request, RequestHandler } from 'express';
import { createBodyBudget } from '../body/body-budget.ts';
import { createBodyShares } from '../body/body-shares.ts';
import { BODY_TIMES, BodyError, countBody, hasBody, readJsonBody } from '../body/read-body.ts';
import { addressBlock } from '../oauth/http/address-block.ts';
import { MCP_PATHS } from '../oauth/http/paths.ts';

const MIB = 1024 * 1024;

/** Limit of a message at /mcp: enough for a mail with a long text, as JSON. Attachments are passed as links. */
const MAX_MESSAGE_BYTES = 12 * MIB;

/**
 * Messages of more than 64 KiB in memory at the same time, until their calls have ended. One of the largest size for each account: a text
 * takes several times its size while a message is composed of it.
 */
const MESSAGES = { perKey: 16 * MIB, overall: 48 * MIB, maxWaitMs: 10_000, maxWaitingPerKey: 8 };

/** Forms, registrations and settings of clients, whose senders are not authenticated when they arrive. Most are less than 8 KiB. */
const FORMS = { perKey: 2 * MIB, overall: 16 * MIB, freeBytes: 8 * 1024 };

/** The settings of a client, at `/admin/clients`. */
const MAX_SETTINGS_BYTES = 64 * 1024;

/** Reads the messages of the MCP endpoint. */
export interface MessageReader {
  /**
   * Sets the body of a JSON request; leaves it undefined for other types, to which the endpoint has an answer.
   *
   * @param holder.sender the account whose share of the memory is used
   * @param holder.onFree takes the function that frees the share
   * @throws {BodyError}
   */
  read(request: Request, holder: { sender: string; onFree(free: () => void): void }): Promise<void>;
}

export function createMessageReader(): MessageReader {
  const budget = createBodyBudget(MESSAGES);
  return {
    async read(request, { sender, onFree }) {
      if (!hasBody(request) || !request.is('application/json')) return;
      const body = await readJsonBody(request, {
        ...BODY_TIMES,
        maxBytes: MAX_MESSAGE_BYTES,
        reserve: async (bytes) => onFree(await budget.reserve(sender, bytes)),
      });
      if (typeof body !== 'object' || body === null) throw new BodyError(400, 'The body is not JSON');
      request.body = body;
    },
  };
}

/** Limits the memory of all other bodies, for each network and in all; the endpoints read them. */
export function limitForms(): RequestHandler {
  const shares = createBodyShares(FORMS);
  return (request, response, next) => {
    if (hasBody(request) && !MCP_PATHS.includes(request.path)) {
      response.once('close', countBody(request, shares, addressBlock(request.ip)));
    }
    next();
  };
}

/** Reads the body of `/admin/clients`. */
export const adminBodyHandler: RequestHandler = async (request, _response, next) => {
  if (hasBody(request) && request.is('application/json')) {
    request.body = await readJsonBody(request, { ...BODY_TIMES, maxBytes: MAX_SETTINGS_BYTES });
  }
  next();
};
