/** Puts into sentences why a sign-in at a provider gives no access. */
import { UpstreamError } from '../../errors.ts';
import type { ProviderSignIn } from '../../mail/account.ts';
import { en, type Language, type Sentence } from '../pages/languages/en.ts';
import { ProviderRefusal, type RefusalReason } from './approval.ts';
import { type Actor, microsoftActor } from './microsoft-codes.ts';
import { providerOf } from './providers.ts';

/** @throws {unknown} the error itself if a provider is not its reason */
export function refusalSentence(error: unknown, signIn: ProviderSignIn): Sentence {
  const { title: provider } = providerOf(signIn);
  const reason = error instanceof ProviderRefusal ? error.reason : undefined;
  if (reason) return ({ providerRefusals }) => providerRefusals[SENTENCES[reason]]({ provider, code: '' });
  // The browser has come back for the only time. From the page, the account owner can leave for the provider once more.
  if (error instanceof UpstreamError && error.service === 'Redis')
    return ({ providerRefusals }) => providerRefusals.noState;
  if (!(error instanceof UpstreamError) || error.service !== 'Provider') throw error;
  const { code = '', message } = error;
  const key = reasonOf(error) ?? keyOf(message, { provider, code });
  return key === undefined ? () => message : ({ providerRefusals }) => providerRefusals[key]({ provider, code });
}

type SentenceKey = Exclude<keyof Language['providerRefusals'], 'noState'>;

/** @returns the key of a sentence, by the sentence in English; `undefined` for one that is for operators alone */
const keyOf = (message: string, values: { provider: string; code: string }): SentenceKey | undefined =>
  SENTENCE_KEYS.find((key) => en.providerRefusals[key](values) === message);

/** Codes of RFC 6749 §4.1.2.1; of Microsoft those whose sentence does not follow from who has to do something. */
const SENTENCE_OF_CODE: ReadonlyMap<string, SentenceKey> = new Map(
  Object.entries({
    ...{ access_denied: 'denied', AADSTS65004: 'denied' },
    ...{ server_error: 'failed', temporarily_unavailable: 'failed' },
    ...{ AADSTS16000: 'otherTenant', AADSTS50020: 'otherTenant', AADSTS500208: 'otherTenant' },
    ...{ AADSTS50034: 'otherTenant', AADSTS90072: 'otherTenant' },
  } as const),
);

const SENTENCE_OF_ACTOR: Readonly<Record<Actor, SentenceKey>> = {
  operator: 'refusesRequests',
  administrator: 'administrator',
  rule: 'forbidden',
  owner: 'ended',
  time: 'outage',
};

const SENTENCES: Readonly<Record<RefusalReason, SentenceKey>> = {
  other_tenant: 'otherTenant',
  missing_scope: 'missingScope',
  wrong_audience: 'wrongAudience',
  no_refresh_token: 'noRefreshToken',
  no_room: 'noRoom',
  too_long: 'tooLong',
  denied: 'denied',
  administrator: 'administrator',
  failed: 'failed',
};

const SENTENCE_KEYS = [
  ...Object.values(SENTENCES),
  ...([
    'notAllowed',
    'outage',
    'unreachable',
    'timeout',
    'refusesRequests',
    'notAcceptable',
    'needsRedis',
    'notRegistered',
    'otherCallback',
  ] as const),
];

/** Why the provider has sent the browser back without a code, or has not accepted the code. */
function reasonOf({ fault, code = '' }: UpstreamError): SentenceKey | undefined {
  if (fault !== 'refused' && fault !== 'credentials') return undefined;
  const actor = microsoftActor(code);
  const known = SENTENCE_OF_CODE.get(code) ?? (actor && SENTENCE_OF_ACTOR[actor]);
  return known ?? (fault === 'credentials' ? 'ended' : undefined);
}
