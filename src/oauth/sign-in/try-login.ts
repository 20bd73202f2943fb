/** Tries a login that a person has typed into a form: not too often, and on the real servers. */
import type { Request } from 'express';
import type { Account, LoginProblem } from '../../account.ts';
import type { Client } from '../client/client.ts';
import type { OAuthServices } from '../services.ts';
import { createSignInThrottle } from './throttle.ts';

/** Right if it has neither to wait nor any faults. */
export interface LoginResult {
  /** 0: the servers were asked. */
  waitSeconds: number;
  faults: readonly LoginProblem[];
}

/** @returns a function that counts the attempt and makes it; `only` as in VerifyLogin */
export function loginCheck(services: OAuthServices) {
  const { log, verifyLogin } = services;
  const throttle = createSignInThrottle(services);

  return async function tryLogin(
    request: Request,
    client: Pick<Client, 'jti'>,
    account: Account,
    options: { only?: 'imap' } = {},
  ): Promise<LoginResult> {
    const attempt = await throttle.attempt({ clientJti: client.jti, account, address: request.ip });
    if (attempt.waitSeconds > 0) {
      log.info({ client: client.jti, waitSeconds: attempt.waitSeconds }, 'sign-in has to wait');
      return { waitSeconds: attempt.waitSeconds, faults: [] };
    }
    const faults = await verifyLogin(account, options);
    if (faults.length > 0) log.info({ client: client.jti, faults }, 'sign-in refused by the servers');
    else await attempt.succeeded();
    return { waitSeconds: 0, faults };
  };
}
