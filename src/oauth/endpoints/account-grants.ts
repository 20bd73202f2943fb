/** Shows the grants of an account on /account, and revokes one of them or all. */
import type { Request, Response } from 'express';
import { createGrants } from '../grant/grants.ts';
import type { AccountSession } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { accountView, type RevokedAccess } from './account-page.ts';
import type { AccountSessions } from './account-session.ts';

export interface AccountGrants {
  show(request: Request, response: Response, session: AccountSession): Promise<void>;
  /** @param chosen id of a grant, or `all`; `undefined` and unknown ids revoke nothing */
  revoke(request: Request, response: Response, session: AccountSession, chosen: string | undefined): Promise<void>;
}

export function createAccountGrants(services: OAuthServices, sessions: AccountSessions): AccountGrants {
  const { issuer, keyring, now, log, state, pages } = services;
  const grants = createGrants({ state, keyring, now, log });

  async function showPage(
    request: Request,
    response: Response,
    { who, provider, browser }: AccountSession,
    revoked?: RevokedAccess,
  ): Promise<void> {
    const session = await sessions.sealSession({ who, provider, browser });
    const inLanguage = pages.for(request);
    const view = accountView({ session, who, provider }, await grants.list(who), {
      issuer,
      canRevoke: state.isShared,
      revoked,
      t: inLanguage.t,
    });
    inLanguage.send(response, 200, inLanguage.account(view), { formAction: [], script: 'reader' });
  }

  async function revoke({ who }: AccountSession, chosen: string | undefined): Promise<RevokedAccess | undefined> {
    // A revocation in the memory of this process would be lost with it, and a token that was revoked would be valid again.
    if (!state.isShared || chosen === undefined) return undefined;
    if (chosen === 'all') {
      await grants.revokeAll(who);
      return { everythingUntil: now() };
    }
    const grant = (await grants.list(who)).find(({ id }) => id === chosen);
    if (grant === undefined) return undefined;
    await grants.revoke(grant);
    return { clientName: grant.client.name };
  }

  return {
    show: (request, response, session) => showPage(request, response, session),
    revoke: async (request, response, session, chosen) =>
      showPage(request, response, session, await revoke(session, chosen)),
  };
}
