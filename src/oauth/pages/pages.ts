/**
 * Renders the pages that people see, from the templates in `views/`, and sends them with their security headers (RFC 9700 §4.16).
 *
 * Invariant: no page runs a script, is framed, or is cached.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Response } from 'express';
import type {
  AccountClientView,
  AccountSignInView,
  AccountView,
  ErrorView,
  SignedInView,
  SignInView,
} from './views.ts';

const VIEWS = fileURLToPath(new URL('../../../views/', import.meta.url));

export interface Pages {
  signIn(view: SignInView): string;
  signedIn(view: SignedInView): string;
  accountClient(view: AccountClientView): string;
  accountSignIn(view: AccountSignInView): string;
  account(view: AccountView): string;
  error(view: ErrorView): string;
  /** Sends a page. `formAction`: other origins that its form may lead to (CSP 3 §6.4.1); absent on pages without a form. */
  send(response: Response, status: number, html: string, formAction?: readonly string[]): void;
}

export function createPages({ issuer }: { issuer: string }): Pages {
  const eta = new Eta({ views: VIEWS, cache: true });
  const style = readFileSync(`${VIEWS}style.css`, 'utf8');
  // The style sheet is part of the page: no proxy has to route another URL, and the hash allows this sheet only.
  const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

  return {
    signIn: (view) => eta.render('./sign-in', { ...view, style }),
    signedIn: (view) => eta.render('./signed-in', { ...view, style }),
    accountClient: (view) => eta.render('./account-client', { ...view, style }),
    accountSignIn: (view) => eta.render('./account-sign-in', { ...view, style }),
    account: (view) => eta.render('./account', { ...view, style }),
    error: (view) => eta.render('./error', { ...view, style }),
    send(response, status, html, formAction) {
      const target = formAction ? ["'self'", ...formAction].join(' ') : "'none'";
      response.status(status).set({
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': [
          "default-src 'none'",
          `style-src ${styleSource}`,
          "img-src 'self'",
          `form-action ${target}`,
          "frame-ancestors 'none'",
          "base-uri 'none'",
        ].join('; '),
        'X-Frame-Options': 'DENY',
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-store',
        'Cross-Origin-Opener-Policy': 'same-origin',
        ...(issuer.startsWith('https:') && { 'Strict-Transport-Security': 'max-age=31536000' }),
      });
      response.send(html);
    },
  };
}
