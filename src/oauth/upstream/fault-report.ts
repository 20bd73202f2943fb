/** Logs why a provider gives no access, and what the operator has to do about it. */
import { UpstreamError } from '../../errors.ts';
import { describeError, type Log } from '../../log.ts';
import type { ProviderSignIn } from '../../mail/account.ts';
import { ProviderRefusal } from './approval.ts';
import { callbackPathOf } from './callback-path.ts';
import { microsoftMeaning } from './microsoft-codes.ts';
import { registrationFault } from './sign-in-faults.ts';

/** Code of the fault of a response that came to the redirect URI of another provider. */
export const OTHER_CALLBACK = 'OTHER_CALLBACK';

/** Code of the fault of a server that is not registered at the provider. */
export const NOT_REGISTERED = 'NOT_REGISTERED';

/** @param what has failed. Nothing is logged of errors for which neither the provider nor this server is the reason */
export function reportFault(error: unknown, signIn: ProviderSignIn, { log, what }: { log: Log; what: string }): void {
  const why = error instanceof ProviderRefusal ? { reason: error.reason } : faultOf(error, signIn);
  if (why === undefined) return;
  const level = 'fault' in why && why.fault === 'refused' ? 'warn' : 'info';
  log[level]({ provider: signIn.provider, ...why, error: describeError(error) }, what);
}

function faultOf(error: unknown, signIn: ProviderSignIn) {
  if (!(error instanceof UpstreamError)) return undefined;
  const { service, fault, code = '' } = error;
  const meaning = meaningOf(code, signIn);
  return { service, fault, ...(meaning !== undefined && { meaning }) };
}

/** @returns a sentence without its end */
function meaningOf(code: string, signIn: ProviderSignIn): string | undefined {
  if (code === NOT_REGISTERED) return registrationFault(signIn);
  if (code !== OTHER_CALLBACK) return microsoftMeaning(code);
  return `the response did not come to ${callbackPathOf(signIn)}, which is the path of the redirect URI to register there`;
}
