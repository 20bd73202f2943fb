/**
 * Renders the pages that people see, from the templates in `views/`, and sends them with their security headers (RFC 9700 §4.16).
 *
 * Invariant: no page is framed or cached; scripts run by hash.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Response } from 'express';
import type { Config } from '../../settings/config.ts';
import { accentFor, accentRules } from './accent.ts';
import type {
  AccountClientView,
  AccountSignInView,
  AccountView,
  AdminSignInView,
  ErrorView,
  LandingView,
  MintedView,
  MintingFormView,
  SignedInView,
  SignInView,
  SignpostView,
} from './views.ts';

const VIEWS = fileURLToPath(new URL('../../../views/', import.meta.url));

/** The scripts of the pages. Without them every page works too. */
type PageScript = 'sign-in' | 'copy';

interface SendOptions {
  /** Other origins that the form may lead to (CSP 3 §6.4.1); absent on pages without a form. */
  formAction?: readonly string[];
  /** The script that the page runs; absent if it runs none. */
  script?: PageScript | undefined;
}

export interface Pages {
  landing(view: LandingView): string;
  signpost(view: SignpostView): string;
  signIn(view: SignInView): string;
  signedIn(view: SignedInView): string;
  accountClient(view: AccountClientView): string;
  accountSignIn(view: AccountSignInView): string;
  account(view: AccountView): string;
  adminSignIn(view: AdminSignInView): string;
  mintingForm(view: MintingFormView): string;
  minted(view: MintedView): string;
  /** The page of a server that cannot mint, in place of the form. */
  mintedElsewhere(): string;
  error(view: ErrorView): string;
  /** The icon of the server, as SVG. */
  icon: string;
  /** Sends a page. */
  send(response: Response, status: number, html: string, options?: SendOptions): void;
}

/** As in `views/style.css`. */
const STANDARD_ACCENT = '#0b5f7a';

export function createPages({ issuer, operator }: Pick<Config, 'issuer' | 'operator'>): Pages {
  const eta = new Eta({ views: VIEWS, cache: true });
  const { accentColor } = operator;
  // Style and script are part of the page: no proxy has to route another URL, and the hashes allow these only.
  const style = readView('style.css') + (accentColor === undefined ? '' : accentRules(accentColor));
  const scripts = { 'sign-in': readView('sign-in.js'), copy: readView('copy.js') };
  const render = (name: string, view: object, script?: PageScript) =>
    eta.render(`./${name}`, { ...view, style, operator, ...(script && { script: scripts[script] }) });
  const securityHeaders = pageHeaders(issuer, hashSource(style));

  return {
    landing: (view) => render('landing', view, 'copy'),
    signpost: (view) => render('signpost', view, 'copy'),
    signIn: (view) => render('sign-in', view, 'sign-in'),
    signedIn: (view) => render('signed-in', view),
    accountClient: (view) => render('account-client', view),
    accountSignIn: (view) => render('account-sign-in', view, 'sign-in'),
    account: (view) => render('account', view),
    adminSignIn: (view) => render('admin-sign-in', view),
    mintingForm: (view) => render('admin-form', view),
    minted: (view) => render('admin-minted', view, 'copy'),
    mintedElsewhere: () => render('admin-elsewhere', {}, 'copy'),
    error: (view) => render('error', view),
    icon: eta.render('./icon', accentFor(accentColor ?? STANDARD_ACCENT, 'light')),
    send(response, status, html, { formAction, script } = {}) {
      const scriptSource = script && hashSource(scripts[script]);
      response.status(status).set(securityHeaders({ formAction, scriptSource }));
      response.send(html);
    },
  };
}

const readView = (name: string): string => readFileSync(VIEWS + name, 'utf8');

/** @returns the headers of a page by the origins that its form may lead to, and the hash of its script */
function pageHeaders(issuer: string, styleSource: string) {
  return ({
    formAction,
    scriptSource,
  }: {
    formAction?: readonly string[] | undefined;
    scriptSource?: string | undefined;
  }) => ({
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': [
      "default-src 'none'",
      `style-src ${styleSource}`,
      ...(scriptSource === undefined ? [] : [`script-src ${scriptSource}`]),
      "img-src 'self'",
      `form-action ${formAction ? ["'self'", ...formAction].join(' ') : "'none'"}`,
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
}

/** CSP 3 §2.3.1, hash-source. */
const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
