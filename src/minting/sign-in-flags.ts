/** Reads how account owners sign in from the flags of `generate`: with a password, or at an OpenID provider. */
import { z } from 'zod';
import { PROVIDERS, ProviderSignIn } from '../mail/account.ts';
import { knownProviderOf } from '../oauth/upstream/providers.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const WRONG_ISSUER =
  '--upstream-issuer must be the issuer identifier of the provider: an https URL without user name, password and query.';
const WRONG_SCOPE = '--upstream-scope must be scopes of the provider, one in each, such as imap; 10 at most.';
const WRONG_TENANT = '--upstream-tenant must be tenant ids of Microsoft, or domains of Google; 20 at most.';

/** Visible ASCII without blanks (RFC 6749 §3.3, appendix A). */
const Word = (sentence: string) =>
  z
    .string(sentence)
    .trim()
    .regex(/^[\x21-\x7e]{1,300}$/, sentence);

export const SignInFlags = z.object({
  signIn: z.enum(PROVIDERS, `--sign-in must be one of ${PROVIDERS.join(', ')}.`).optional(),
  upstreamIssuer: Word(WRONG_ISSUER).refine(isIssuer, WRONG_ISSUER).optional(),
  upstreamClientId: Word('--upstream-client-id must be the client id of this server at the provider.').optional(),
  upstreamClientSecret: Word('--upstream-client-secret must be the client secret at the provider.').optional(),
  upstreamTenant: z.array(Word(WRONG_TENANT)).max(20, WRONG_TENANT).default([]),
  upstreamScope: z.array(Word(WRONG_SCOPE)).max(10, WRONG_SCOPE).default([]),
});
type SignInFlags = z.output<typeof SignInFlags>;

/** A sentence by the flag that is wrong beside the others. */
export function signInFaults(flags: SignInFlags): { flag: keyof SignInFlags; sentence: string }[] {
  const { signIn, upstreamIssuer, upstreamClientId, upstreamClientSecret, upstreamTenant, upstreamScope } = flags;
  const fault = (flag: keyof SignInFlags, isWrong: boolean, sentence: string) => (isWrong ? [{ flag, sentence }] : []);
  if (signIn === undefined) {
    const given = [upstreamIssuer, upstreamClientId, upstreamClientSecret, ...upstreamTenant, ...upstreamScope];
    return fault(
      'signIn',
      given.some((value) => value !== undefined),
      'The flags of --upstream require --sign-in.',
    );
  }
  const isOpenid = signIn === 'openid';
  const known = upstreamIssuer === undefined ? undefined : knownProviderOf(upstreamIssuer);
  return [
    ...fault(
      'upstreamIssuer',
      isOpenid && upstreamIssuer === undefined,
      '--sign-in=openid requires --upstream-issuer.',
    ),
    ...fault(
      'upstreamClientId',
      isOpenid && upstreamClientId === undefined,
      '--sign-in=openid requires --upstream-client-id.',
    ),
    ...fault('upstreamScope', isOpenid && upstreamScope.length === 0, '--sign-in=openid requires --upstream-scope.'),
    ...fault(
      'upstreamIssuer',
      isOpenid && known !== undefined,
      `--upstream-issuer is known to this server: take --sign-in=${known}, which is for the mail servers of that provider alone.`,
    ),
    ...fault('upstreamIssuer', !isOpenid && upstreamIssuer !== undefined, '--upstream-issuer is for --sign-in=openid.'),
    ...fault('upstreamScope', !isOpenid && upstreamScope.length > 0, '--upstream-scope is for --sign-in=openid.'),
    ...fault(
      'upstreamTenant',
      upstreamTenant.length > 0 && signIn !== 'microsoft' && signIn !== 'google',
      '--upstream-tenant is for --sign-in=microsoft and --sign-in=google.',
    ),
    ...fault(
      'upstreamClientSecret',
      upstreamClientSecret !== undefined && upstreamClientId === undefined,
      '--upstream-client-secret requires --upstream-client-id.',
    ),
  ];
}

/** @param flags without faults */
export function signInOf(flags: SignInFlags): ProviderSignIn | undefined {
  const {
    signIn: provider,
    upstreamIssuer,
    upstreamClientId,
    upstreamClientSecret,
    upstreamTenant,
    upstreamScope,
  } = flags;
  if (provider === undefined) return undefined;
  return ProviderSignIn.parse({
    provider,
    ...(upstreamIssuer !== undefined && { issuer: upstreamIssuer }),
    ...(upstreamClientId !== undefined && { clientId: upstreamClientId }),
    ...(upstreamClientSecret !== undefined && { clientSecret: upstreamClientSecret }),
    ...(upstreamTenant.length > 0 && { tenants: upstreamTenant }),
    ...(upstreamScope.length > 0 && { scopes: upstreamScope }),
  });
}

/** Plain http is allowed for a test server on this machine only. What a parser would drop or repair is refused. */
function isIssuer(text: string): boolean {
  if (!/^https?:\/\/[^/?#\\@]+(\/[^?#\\]*)?$/.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || LOOPBACK.test(hostname);
}
