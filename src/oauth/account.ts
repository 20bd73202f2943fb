/** GET and POST /account: the owner of a mailbox signs in to see what they have granted, and takes it back. */
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { OAuthError } from '../errors.ts';
import { MailServer, MailServers } from '../mail/account.ts';
import { accountView, finderView, signInView, type Taken } from './account-page.ts';
import { accountOf } from './credentials.ts';
import { formBinding } from './form-binding.ts';
import { createGrants } from './grants.ts';
import { sealed } from './jwe.ts';
import { loginCheck } from './login-check.ts';
import { emptyEntry, type FormProblem, type LoginEntry, mailboxProblems, readEntry } from './login-form.ts';
import { loginProblems } from './login-problems.ts';
import type { OAuthServices } from './oauth-services.ts';
import { createPages } from './pages.ts';
import { type Parameters, parseParameters, queryOf, readForm } from './parameters.ts';
import { waitSentence } from './sign-in-throttle.ts';

const lifetimeSeconds = 600;
const maxFormBytes = 16 * 1024;
const stalePage = 'This page is too old, or was opened in another browser.';

/** In the place of a client, where the servers are those of the operator's default connection. */
const ofDefault = 'account';

/** Where somebody is about to sign in. Held by a hidden field of the page; useless without the cookie of the same browser. */
const Door = z.object({
  /** Names the client whose servers these are. */
  client: z.string(),
  servers: MailServers,
  browser: z.string(),
});
type Door = z.output<typeof Door>;

/** Who has signed in, without their password. Held like a Door; with the cookie it can list and end grants of this mailbox. */
const Visit = z.object({
  imap: z.object({ server: MailServer, login: z.object({ username: z.string() }) }),
  browser: z.string(),
});
type Visit = z.output<typeof Visit>;

export function account(services: OAuthServices): { show: RequestHandler; submit: RequestHandler } {
  const { issuer, keyring, now, log, clients, state } = services;
  const doors = sealed(keyring, { typ: 'account-door', schema: Door, lifetimeSeconds, maxLength: 3000 });
  const visits = sealed(keyring, { typ: 'account-visit', schema: Visit, lifetimeSeconds, maxLength: 3000 });
  const grants = createGrants({ state, keyring, now, log });
  const pages = createPages({ issuer });
  const binding = formBinding(issuer);
  const tryLogin = loginCheck(services);

  const send = (response: Response, html: string, status = 200) => pages.send(response, status, html, []);

  /** The servers come from a client, or from what the operator has set for all; nobody types a server here. */
  async function doorOf(clientId: string | undefined, browser: string): Promise<Door | undefined> {
    if (clientId !== undefined) {
      const { jti, servers } = await clients.open(clientId);
      return { client: jti, servers, browser };
    }
    const connection = clients.selfRegistration?.connection;
    return connection && { client: ofDefault, servers: connection.servers, browser };
  }

  async function sendSignIn(
    response: Response,
    door: Door,
    entry: LoginEntry,
    problems: readonly FormProblem[] = [],
    status = 200,
  ): Promise<void> {
    const transaction = await doors.seal(door, now());
    const page = { transaction, servers: door.servers, isDefault: door.client === ofDefault };
    send(response, pages.signIn(signInView(page, entry, problems)), status);
  }

  async function sendList(response: Response, visit: Visit, taken: Taken | undefined): Promise<void> {
    const session = await visits.seal(visit, now());
    const listed = await grants.of(visit);
    const view = { session, username: visit.imap.login.username, host: visit.imap.server.host };
    send(response, pages.account(accountView(view, listed, { canTakeBack: state.isShared, taken })));
  }

  function requireOurPage(request: Request, { browser }: { browser: string }): void {
    if (!binding.isFromOurPage(request, browser)) throw new OAuthError('invalid_request', stalePage);
  }

  async function signIn(request: Request, response: Response, form: Parameters): Promise<void> {
    const door = await doors.open(form.get('transaction') ?? '', now()).catch(asStale);
    requireOurPage(request, door);
    const { imapUsername, imapPassword } = readEntry(form);
    const entry = { ...emptyEntry, imapUsername, imapPassword };
    const mistakes = mailboxProblems(entry);
    if (mistakes.length > 0) return sendSignIn(response, door, entry, mistakes);

    const login = { name: '', email: imapUsername, imap: { password: imapPassword } };
    const mailbox = accountOf(login, door.servers);
    const { waitSeconds, faults } = await tryLogin(request, { jti: door.client }, mailbox, { only: 'imap' });
    if (waitSeconds > 0) {
      response.set('Retry-After', String(waitSeconds));
      const wait = { place: 'imap_password' as const, sentence: waitSentence(waitSeconds) };
      return sendSignIn(response, door, entry, [wait], 429);
    }
    if (faults.length > 0) return sendSignIn(response, door, entry, loginProblems(faults, entry, door.servers));
    const { server } = mailbox.imap;
    await sendList(response, { imap: { server, login: { username: imapUsername } }, browser: door.browser }, undefined);
  }

  async function takeBack(request: Request, response: Response, form: Parameters): Promise<void> {
    const visit = await visits.open(form.get('session') ?? '', now()).catch(asStale);
    requireOurPage(request, visit);
    const { imap, browser } = visit;
    await sendList(response, { imap, browser }, await taken(form.get('take_back'), visit));
  }

  /** Ends one grant of this mailbox, or all; what was ended, if anything. */
  async function taken(what: string | undefined, visit: Visit): Promise<Taken | undefined> {
    // A mark in this process alone would be forgotten with it, and a token that was thought dead would live again.
    if (!state.isShared || what === undefined) return undefined;
    if (what === 'all') {
      await grants.revokeAll(visit);
      return { everythingUntil: now() };
    }
    const grant = (await grants.of(visit)).find(({ id }) => id === what);
    if (grant === undefined) return undefined;
    await grants.revoke(grant.id);
    return { from: grant.client.name };
  }

  return {
    async show(request, response) {
      const clientId = parseParameters(queryOf(request)).get('client_id');
      const browser = binding.bind(request, response);
      const door = await doorOf(clientId, browser).catch((error) => {
        if (error instanceof OAuthError && error.code === 'invalid_client') return undefined;
        throw error;
      });
      if (door !== undefined) return sendSignIn(response, door, emptyEntry);
      send(response, pages.finder(finderView(clientId)), clientId === undefined ? 200 : 400);
    },

    async submit(request, response) {
      const form = await readForm(request, maxFormBytes);
      return form.get('session') === undefined ? signIn(request, response, form) : takeBack(request, response, form);
    },
  };
}

function asStale(cause: unknown): never {
  throw new OAuthError('invalid_request', stalePage, { cause });
}
