/** Keeps the state of `/account` between two requests in a hidden field of its pages, sealed and bound to one browser. */
import type { Request } from 'express';
import type { Account } from '../../account.ts';
import type { Parameters } from '../http/parameters.ts';
import { PageError } from '../pages/page-error.ts';
import { tokenHashOf } from '../sealed/identity.ts';
import { type AccountSession, type AccountSignIn, createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import type { SignIn } from '../sign-in/sign-in.ts';

/** The `unseal…` methods throw an OAuthError `invalid_request` unless the page was submitted in time by the browser that received it. */
export interface AccountSessions {
  sealSignIn(signIn: AccountSignIn): Promise<string>;
  unsealSignIn(form: Parameters, request: Request): Promise<AccountSignIn>;
  /** For a browser that comes back from a provider: no page of this server has sent the request. */
  resumeSignIn(sealed: string, request: Request): Promise<AccountSignIn>;
  sealSession(session: AccountSession): Promise<string>;
  unsealSession(form: Parameters, request: Request): Promise<AccountSession>;
}

export function createAccountSessions(
  { keyring, now }: Pick<OAuthServices, 'keyring' | 'now'>,
  { isFromOurPage, isSameBrowser }: Pick<SignIn, 'isFromOurPage' | 'isSameBrowser'>,
): AccountSessions {
  const { accountSignIn: signIns, accountSession: sessions } = createTokens(keyring);

  function requireOurPage<T extends { browser: string }>(request: Request, value: T): T {
    if (!isFromOurPage(request, value.browser)) throw new PageError('invalid_request', (t) => t.errors.stalePage);
    return value;
  }

  return {
    sealSignIn: (signIn) => signIns.seal(signIn, now()),
    async unsealSignIn(form, request) {
      return requireOurPage(request, await signIns.unseal(form.get('transaction') ?? '', now()).catch(throwStale));
    },
    async resumeSignIn(sealed, request) {
      const signIn = await signIns.unseal(sealed, now()).catch(throwStale);
      if (!isSameBrowser(request, signIn.browser)) throw new PageError('invalid_request', (t) => t.errors.stalePage);
      return signIn;
    },
    sealSession: (session) => sessions.seal(session, now()),
    async unsealSession(form, request) {
      return requireOurPage(request, await sessions.unseal(form.get('session') ?? '', now()).catch(throwStale));
    },
  };
}

/**
 * The identity of an account, without its password or API token.
 *
 * @param mailbox the id of the mailbox, if the mail server has said which it is
 */
export function sessionAccount(account: Account, mailbox: string | undefined): AccountSession['who'] {
  if (account.service === 'missive') return { url: account.url, tokenHash: tokenHashOf(account) };
  const { server, login } = account.imap;
  return { imap: { server, login: { username: login.username } }, ...(mailbox && { mailbox }) };
}

function throwStale(cause: unknown): never {
  throw new PageError('invalid_request', (t) => t.errors.stalePage, { cause });
}
