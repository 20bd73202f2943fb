/**
 * Renders the pages that people see, from the templates in `views/`, and sends them with their security headers (RFC 9700 §4.16).
 *
 * Invariant: no page is framed or cached; one script runs, by hash.
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

interface SendOptions {
  /** Other origins that the form may lead to (CSP 3 §6.4.1); absent on pages without a form. */
  formAction?: readonly string[];
  /** True for the page that runs the script. Without it the page works too. */
  runsScript?: boolean;
}

export interface Pages {
  signIn(view: SignInView): string;
  signedIn(view: SignedInView): string;
  accountClient(view: AccountClientView): string;
  accountSignIn(view: AccountSignInView): string;
  account(view: AccountView): string;
  error(view: ErrorView): string;
  /** Sends a page. */
  send(response: Response, status: number, html: string, options?: SendOptions): void;
}

export function createPages({ issuer }: { issuer: string }): Pages {
  const eta = new Eta({ views: VIEWS, cache: true });
  // Both are part of the page: no proxy has to route another URL, and the hashes allow these two only.
  const style = readFileSync(`${VIEWS}style.css`, 'utf8');
  const script = readFileSync(`${VIEWS}time-zone.js`, 'utf8');
  const [styleSource, scriptSource] = [hashSource(style), hashSource(script)];

  return {
    signIn: (view) => eta.render('./sign-in', { ...view, style, ...(view.form.service === 'mail' && { script }) }),
    signedIn: (view) => eta.render('./signed-in', { ...view, style }),
    accountClient: (view) => eta.render('./account-client', { ...view, style }),
    accountSignIn: (view) => eta.render('./account-sign-in', { ...view, style }),
    account: (view) => eta.render('./account', { ...view, style }),
    error: (view) => eta.render('./error', { ...view, style }),
    send(response, status, html, { formAction, runsScript = false } = {}) {
      const target = formAction ? ["'self'", ...formAction].join(' ') : "'none'";
      response.status(status).set({
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': [
          "default-src 'none'",
          `style-src ${styleSource}`,
          ...(runsScript ? [`script-src ${scriptSource}`] : []),
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

/** CSP 3 §2.3.1, hash-source. */
const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
