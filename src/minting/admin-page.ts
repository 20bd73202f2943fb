/**
 * Handles `/admin`: the operator signs in with the admin token, and mints a client with a form as `mail-mcp generate` does with flags.
 *
 * Invariant: nothing of what was typed or minted is stored or logged.
 */
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Log } from '../log.ts';
import { equalsInConstantTime } from '../oauth/http/constant-time.ts';
import { type Parameters, readForm } from '../oauth/http/parameters.ts';
import { ADMIN_PATH } from '../oauth/http/paths.ts';
import { isSameOrigin } from '../oauth/http/same-origin.ts';
import type { Pages } from '../oauth/pages/pages.ts';
import { type AdminSession, createAdminSessions } from './admin-session.ts';
import { createAdminTokenCheck } from './admin-token.ts';
import type { Fault } from './flag-table.ts';
import { createFormMint, type FormMintServices, type Tried } from './form-mint.ts';
import { mintedView } from './minted-page.ts';
import { BLANK_FORM, flagsIn, mintingFormView, readTypedForm, type TypedForm, typedInputs } from './minting-form.ts';

/** As `/admin/clients`: a client id has 1500 characters at most. */
const MAX_FORM_BYTES = 64 * 1024;

export interface AdminPageServices extends FormMintServices {
  issuer: string;
  /** What the operator signs in with. */
  adminToken: string;
  pages: Pages;
  log: Log;
}

/** What a page shows beside the form. */
interface Shown {
  faults?: readonly Fault[];
  tried?: readonly Tried[];
  notice?: string;
}

const SENTENCES = {
  wrong: 'This is not the admin token.',
  too_many:
    'There were too many wrong tokens from your network. Try again in a minute. The right token is always accepted.',
  foreign: 'The form came from another site. Nothing was minted.',
  ended: 'Your session has ended, and nothing was minted. Sign in again: what you typed is kept.',
  stale: 'This form was from an earlier session. Nothing was minted: send it again.',
};

/** The routes of the page. */
export function adminPageRoutes(services: AdminPageServices): Router {
  const page = createAdminPage(services);
  const router = Router({ caseSensitive: true, strict: true });
  router.route(ADMIN_PATH).head(methodNotAllowed).get(page.show).post(page.submit).all(methodNotAllowed);
  return router;
}

/** The routes of a server that accepts signed clients only, and so cannot mint: the page says where that is done. */
export function mintedElsewhereRoutes({ pages }: { pages: Pages }): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get(ADMIN_PATH, (_request, response) =>
    pages.inEnglish.send(response, 200, pages.inEnglish.mintedElsewhere(), { script: 'copy' }),
  );
  return router;
}

function createAdminPage(services: AdminPageServices): { show: RequestHandler; submit: RequestHandler } {
  const { issuer, log } = services;
  const pages = services.pages.inEnglish;
  const { showSignIn, showForm } = createViews(pages);
  const sessions = createAdminSessions(services);
  const checkToken = createAdminTokenCheck(services);
  const formMint = createFormMint(services);

  async function signIn(request: Request, response: Response, form: Parameters): Promise<void> {
    const typed = readTypedForm(form);
    const result = await checkToken(form.get('admin-token') ?? '', request.ip);
    if (result === 'too_many') response.set('Retry-After', '60');
    if (result !== 'right') return showSignIn(response, result === 'wrong' ? 403 : 429, typed, SENTENCES[result]);
    log.info({ requestId: requestIdOf(request) }, 'signed in with the admin token');
    const session = await sessions.start(response);
    if (typedInputs(typed).length > 0) return showForm(response, session, typed);
    response.redirect(303, ADMIN_PATH);
  }

  async function mint(
    request: Request,
    response: Response,
    at: { session: AdminSession; typed: TypedForm },
  ): Promise<void> {
    const flags = flagsIn(at.typed);
    const outcome = await formMint.mint(flags);
    if ('faults' in outcome) return showForm(response, at.session, at.typed, outcome);
    log.info({ requestId: requestIdOf(request), client: outcome.jti }, 'client minted by the admin page');
    const view = mintedView(outcome, flags, issuer);
    const html = pages.minted({ ...view, action: ADMIN_PATH, csrfToken: at.session.csrfToken });
    pages.send(response, 200, html, { formAction: [], script: 'copy' });
  }

  return {
    async show(request, response) {
      const session = await sessions.find(request);
      if (session === undefined) return showSignIn(response, 200, BLANK_FORM);
      showForm(response, session, BLANK_FORM);
    },

    async submit(request, response) {
      if (!isSameOrigin(request, issuer)) {
        log.warn({ requestId: requestIdOf(request) }, 'admin form from another origin refused');
        return showSignIn(response, 403, BLANK_FORM, SENTENCES.foreign);
      }
      const form = await readForm(request, MAX_FORM_BYTES);
      const action = form.get('action');
      if (action === 'sign-in') return signIn(request, response, form);
      const typed = readTypedForm(form);
      const session = await sessions.find(request);
      if (session === undefined) return showSignIn(response, 403, typed, SENTENCES.ended);
      if (!equalsInConstantTime(form.get('csrf') ?? '', session.csrfToken)) {
        return showForm(response, session, typed, { notice: SENTENCES.stale });
      }
      if (action === 'sign-out') {
        sessions.end(response);
        return response.redirect(303, ADMIN_PATH);
      }
      if (action === 'mint') return mint(request, response, { session, typed });
      showForm(response, session, typed, action === 'check' ? await formMint.check(flagsIn(typed)) : {});
    },
  };
}

function createViews(pages: Pages['inEnglish']) {
  return {
    showSignIn(response: Response, status: number, typed: TypedForm, problem?: string): void {
      const html = pages.adminSignIn({ action: ADMIN_PATH, problem, kept: typedInputs(typed) });
      pages.send(response, status, html, { formAction: [] });
    },
    showForm(response: Response, { csrfToken }: AdminSession, typed: TypedForm, shown: Shown = {}): void {
      const { faults = [], tried = [], notice } = shown;
      const form = mintingFormView(typed, faults);
      const html = pages.mintingForm({ ...form, action: ADMIN_PATH, csrfToken, tried, notice });
      pages.send(response, faults.length > 0 ? 400 : 200, html, { formAction: [] });
    },
  };
}

const requestIdOf = (request: Request): string | undefined => request.res?.get('X-Request-Id');

const methodNotAllowed: RequestHandler = (_request, response) =>
  void response.status(405).set('Allow', 'GET, POST').end();
