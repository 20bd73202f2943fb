/**
 * Keeps the session of the operator at `/admin` in a sealed cookie, which is bound to the admin token.
 *
 * Invariant: nothing of a session is on the server, and a form counts only with the token that its page got.
 */
import type { Request, Response } from 'express';
import { equalsInConstantTime, sha256 } from '../oauth/http/constant-time.ts';
import { cookieOf, ownCookieName } from '../oauth/http/cookies.ts';
import type { Keyring } from '../oauth/sealed/jwe.ts';
import { createTokens, SEALED_TYPES } from '../oauth/sealed/sealed-types.ts';

export interface AdminSession {
  /** Of every form of the session: a page of another origin cannot know it. */
  csrfToken: string;
}

export interface AdminSessions {
  /** Sets the cookie. */
  start(response: Response): Promise<AdminSession>;
  /** @returns undefined without a valid cookie, and with one of an earlier admin token */
  find(request: Request): Promise<AdminSession | undefined>;
  /** Removes the cookie. */
  end(response: Response): void;
}

export function createAdminSessions(services: {
  issuer: string;
  adminToken: string;
  keyring: Keyring;
  now: () => Date;
}): AdminSessions {
  const { issuer, adminToken, keyring, now } = services;
  const sealer = createTokens(keyring).adminSession;
  const name = ownCookieName('mail-mcp-admin', issuer);
  const options = { httpOnly: true, secure: issuer.startsWith('https:'), sameSite: 'strict', path: '/' } as const;
  const sessionOf = (cookie: string): AdminSession => ({ csrfToken: sha256(`csrf ${cookie}`) });

  return {
    async start(response) {
      const cookie = await sealer.seal({ tokenHash: sha256(adminToken) }, now());
      response.cookie(name, cookie, { ...options, maxAge: SEALED_TYPES.adminSession.lifetimeSeconds * 1000 });
      return sessionOf(cookie);
    },
    async find(request) {
      const cookie = cookieOf(request, name);
      if (cookie === undefined) return undefined;
      const content = await sealer.unseal(cookie, now()).catch(() => undefined);
      if (content === undefined || !equalsInConstantTime(content.tokenHash, sha256(adminToken))) return undefined;
      return sessionOf(cookie);
    },
    end(response) {
      response.clearCookie(name, options);
    },
  };
}
