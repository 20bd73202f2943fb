/**
 * Renders the pages that people see, from the templates in `views/`, and sends them with their security headers (RFC 9700 §4.16).
 *
 * Invariant: no page is framed or cached; scripts run by hash.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Request, Response } from 'express';
import type { Config } from '../../settings/config.ts';
import { accentFor, accentRules } from './accent.ts';
import { code, escapeHtml, link, linkAway, strong } from './html.ts';
import { createLanguageChoice, type LanguageChoice } from './language-choice.ts';
import type { Language } from './languages/en.ts';
import { ENGLISH, LANGUAGES } from './languages/languages.ts';
import type {
  AccountAddressView,
  AccountClientView,
  AccountSignInView,
  AccountView,
  AdminSignInView,
  ErrorView,
  LandingView,
  LanguageLinkView,
  MintedView,
  MintingFormView,
  SignedInView,
  SignInAddressView,
  SignInView,
  SignpostView,
} from './views.ts';

const VIEWS = fileURLToPath(new URL('../../../views/', import.meta.url));

/** The scripts of the pages. Without them every page works too. */
type PageScript = 'reader' | 'copy';

interface SendOptions {
  /** Other origins that the form may lead to (CSP 3 §6.4.1); absent on pages without a form. */
  formAction?: readonly string[];
  /** The script that the page runs; absent if it runs none. */
  script?: PageScript | undefined;
}

export interface Pages {
  /** The pages in the language of the browser that has sent a request. */
  for(request: Request): PagesInLanguage;
  /** Those of `/admin`, which are for operators. */
  inEnglish: PagesInLanguage;
  /** Sets the language of the response and of the browser, as chosen in a form; nothing if the language is not known. */
  chooseLanguage: LanguageChoice['choose'];
  /** The icon of the server, as SVG. */
  icon: string;
}

export interface PagesInLanguage {
  /** The sentences. */
  t: Language;
  landing(view: LandingView): string;
  signpost(view: SignpostView): string;
  signIn(view: SignInView): string;
  signInAddress(view: SignInAddressView): string;
  signedIn(view: SignedInView): string;
  accountClient(view: AccountClientView): string;
  accountAddress(view: AccountAddressView): string;
  accountSignIn(view: AccountSignInView): string;
  account(view: AccountView): string;
  adminSignIn(view: AdminSignInView): string;
  mintingForm(view: MintingFormView): string;
  minted(view: MintedView): string;
  /** The page of a server that cannot mint, in place of the form. */
  mintedElsewhere(): string;
  error(view: ErrorView): string;
  /** Sends a page. */
  send(response: Response, status: number, html: string, options?: SendOptions): void;
}

/** As in `views/style.css`. */
const STANDARD_ACCENT = '#0b5f7a';

/** How another language of a page is chosen. `form`: with its form, which keeps what was typed. */
type Switch = 'form' | 'link' | 'none';

/** @param languages the first is for browsers that accept none of them */
export function createPages(
  { issuer, operator }: Pick<Config, 'issuer' | 'operator'>,
  languages: readonly [Language, ...Language[]] = LANGUAGES,
): Pages {
  const eta = new Eta({
    views: VIEWS,
    cache: true,
    escapeFunction: escapeHtml,
    functionHeader: 'const { t, markup } = it;',
  });
  const { accentColor } = operator;
  // Style and script are part of the page: no proxy has to route another URL, and the hashes allow these only.
  const style = readView('style.css') + (accentColor === undefined ? '' : accentRules(accentColor));
  const scripts = { reader: readView('reader.js'), copy: readView('copy.js') };
  const headersOf = pageHeaders(issuer, hashSource(style));
  const choice = createLanguageChoice(issuer, languages);

  function inLanguage(t: Language, request?: Request): PagesInLanguage {
    const render = (name: string, view: object, { by, script }: { by: Switch; script?: PageScript }) =>
      eta.render(`./${name}`, {
        ...view,
        ...{ t, markup: { code, link, linkAway, strong }, style, operator },
        languages: request === undefined ? [] : languageLinks(by, t, request),
        ...(script && { script: scripts[script] }),
      });
    return {
      t,
      ...renderers(render),
      send(response, status, page, { formAction, script } = {}) {
        const scriptSource = script && hashSource(scripts[script]);
        response.status(status).set(headersOf({ formAction, scriptSource })).set('Content-Language', t.code);
        if (request !== undefined) {
          response.vary('Accept-Language').vary('Cookie');
          choice.keepLinked(request, response);
        }
        response.send(page);
      },
    };
  }

  function languageLinks(by: Switch, t: Language, request: Request): LanguageLinkView[] {
    if (by === 'none') return [];
    return languages
      .filter(({ code }) => code !== t.code)
      .map(({ code, name }) => ({ code, name, url: by === 'link' ? choice.linkTo(request, code) : undefined }))
      .filter(({ url }) => by === 'form' || url !== undefined);
  }

  return {
    for: (request) => inLanguage(choice.languageOf(request), request),
    inEnglish: inLanguage(ENGLISH),
    chooseLanguage: choice.choose,
    icon: eta.render('./icon', accentFor(accentColor ?? STANDARD_ACCENT, 'light')),
  };
}

type Render = (name: string, view: object, options: { by: Switch; script?: PageScript }) => string;

function renderers(render: Render): Omit<PagesInLanguage, 't' | 'send'> {
  return {
    landing: (view) => render('landing', view, { by: 'link', script: 'copy' }),
    signpost: (view) => render('signpost', view, { by: 'link', script: 'copy' }),
    signIn: (view) => render('sign-in', view, { by: 'form', script: 'reader' }),
    signInAddress: (view) => render('sign-in-address', view, { by: 'form' }),
    signedIn: (view) => render('signed-in', view, { by: 'none' }),
    accountClient: (view) => render('account-client', view, { by: 'link' }),
    accountAddress: (view) => render('account-address', view, { by: 'form' }),
    accountSignIn: (view) => render('account-sign-in', view, { by: 'form', script: 'reader' }),
    account: (view) => render('account', view, { by: 'form', script: 'reader' }),
    adminSignIn: (view) => render('admin-sign-in', view, { by: 'none' }),
    mintingForm: (view) => render('admin-form', view, { by: 'none' }),
    minted: (view) => render('admin-minted', view, { by: 'none', script: 'copy' }),
    mintedElsewhere: () => render('admin-elsewhere', {}, { by: 'none', script: 'copy' }),
    // Its URL cannot be opened again without the whole request, which the page does not repeat.
    error: (view) => render('error', view, { by: 'none' }),
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
