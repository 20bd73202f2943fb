/** GET and POST /account: the owner of an account signs in to see what they have granted, and takes it back. */
import type { Request, RequestHandler, Response } from 'express';
import type { Account } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import { createGrants } from '../grant/grants.ts';
import { type Parameters, parseParameters, queryOf, readForm } from '../http/parameters.ts';
import { accountOf, tokenHashOf } from '../sealed/identity.ts';
import { createTokens, type AccountDoor as Door, type AccountVisit as Visit } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import type { Entered } from '../sign-in/form.ts';
import { formBinding } from '../sign-in/form-binding.ts';
import { ownerForm, serverWords } from '../sign-in/form-of-service.ts';
import type { FormProblem } from '../sign-in/mail-entry.ts';
import { createPages, type OwnerFields } from '../sign-in/pages.ts';
import { waitSentence } from '../sign-in/throttle.ts';
import { loginCheck } from '../sign-in/try-login.ts';
import { accountView, finderView, signInView, type Taken } from './account-page.ts';

const maxFormBytes = 16 * 1024;
const stalePage = 'This page is too old, or was opened in another browser.';

/** In the place of a client, where the servers are those of the operator's default connection. */
const ofDefault = 'account';

export function account(services: OAuthServices): { show: RequestHandler; submit: RequestHandler } {
  const { issuer, keyring, now, log, clients, state } = services;
  const { accountDoor: doors, accountVisit: visits } = createTokens(keyring);
  const grants = createGrants({ state, keyring, now, log });
  const pages = createPages({ issuer });
  const binding = formBinding(issuer);
  const tryLogin = loginCheck(services);

  const send = (response: Response, html: string, status = 200) => pages.send(response, status, html, []);

  /** The servers come from a client, or from what the operator has set for all; nobody types a server here. */
  async function doorOf(clientId: string | undefined, browser: string): Promise<Door | undefined> {
    if (clientId !== undefined) {
      const { jti, servers } = await clients.resolve(clientId);
      return { client: jti, servers, browser };
    }
    const connection = clients.dynamicClients?.connection;
    return connection && { client: ofDefault, servers: connection.servers, browser };
  }

  async function sendSignIn(
    response: Response,
    door: Door,
    login: Entered<OwnerFields>,
    problems: readonly FormProblem[] = [],
    status = 200,
  ): Promise<void> {
    const transaction = await doors.seal(door, now());
    const page = { transaction, servers: door.servers, isDefault: door.client === ofDefault };
    send(response, pages.signIn(signInView(page, login, problems)), status);
  }

  async function sendList(response: Response, visit: Visit, taken: Taken | undefined): Promise<void> {
    const session = await visits.seal(visit, now());
    const listed = await grants.list(visit.who);
    send(
      response,
      pages.account(accountView({ session, who: visit.who }, listed, { canTakeBack: state.isShared, taken })),
    );
  }

  function requireOurPage(request: Request, { browser }: { browser: string }): void {
    if (!binding.isFromOurPage(request, browser)) throw new OAuthError('invalid_request', stalePage);
  }

  async function signIn(request: Request, response: Response, form: Parameters): Promise<void> {
    const door = await doors.unseal(form.get('transaction') ?? '', now()).catch(asStale);
    requireOurPage(request, door);
    const login = ownerForm(door.servers).read(form);
    const mistakes = login.mistakes();
    if (mistakes.length > 0) return sendSignIn(response, door, login, mistakes);

    const opened = accountOf(login.credentials(), door.servers);
    const { waitSeconds, faults } = await tryLogin(request, { jti: door.client }, opened, { only: 'imap' });
    if (waitSeconds > 0) {
      response.set('Retry-After', String(waitSeconds));
      const sentence = waitSentence(waitSeconds, serverWords(door.servers));
      return sendSignIn(response, door, login, [{ place: login.waitPlace, sentence }], 429);
    }
    if (faults.length > 0) {
      const { problems, shown } = login.refused(faults);
      return sendSignIn(response, door, shown, problems);
    }
    await sendList(response, { who: whoIs(opened), browser: door.browser }, undefined);
  }

  async function takeBack(request: Request, response: Response, form: Parameters): Promise<void> {
    const visit = await visits.unseal(form.get('session') ?? '', now()).catch(asStale);
    requireOurPage(request, visit);
    const { who, browser } = visit;
    await sendList(response, { who, browser }, await taken(form.get('take_back'), visit));
  }

  /** Ends one grant of this account, or all; what was ended, if anything. */
  async function taken(what: string | undefined, { who }: Visit): Promise<Taken | undefined> {
    // A mark in this process alone would be forgotten with it, and a token that was thought dead would live again.
    if (!state.isShared || what === undefined) return undefined;
    if (what === 'all') {
      await grants.revokeAll(who);
      return { everythingUntil: now() };
    }
    const grant = (await grants.list(who)).find(({ id }) => id === what);
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
      if (door !== undefined) return sendSignIn(response, door, ownerForm(door.servers).blank);
      send(response, pages.finder(finderView(clientId)), clientId === undefined ? 200 : 400);
    },

    async submit(request, response) {
      const form = await readForm(request, maxFormBytes);
      return form.get('session') === undefined ? signIn(request, response, form) : takeBack(request, response, form);
    },
  };
}

function whoIs(account: Account): Visit['who'] {
  if (account.service === 'missive') return { url: account.url, tokenHash: tokenHashOf(account) };
  const { server, login } = account.imap;
  return { imap: { server, login: { username: login.username } } };
}

function asStale(cause: unknown): never {
  throw new OAuthError('invalid_request', stalePage, { cause });
}
