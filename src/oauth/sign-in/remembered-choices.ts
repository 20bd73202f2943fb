/**
 * Remembers in a cookie what the account owner last left on for a client, so that a page that asks for more does not tick what was unticked. The cookie
 * also proves that its login has succeeded in this browser.
 */
import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { hasPower, POWERS, type Power } from '../../policy.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { type ChoicesPayload, createTokens, SEALED_TYPES } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { type Choices, parseRecipients } from './consent-choices.ts';
import { type Logins, loginsOf } from './logins.ts';

/** Cookies for further clients replace the oldest. All of them together fit beside other headers into what proxies allow. */
const MAX_COOKIES = 5;

/** What a page shows before anything was submitted. */
interface FirstChoices {
  choices: Choices;
  /** Powers that the page marks as new. They are not ticked. */
  added: readonly Power[];
}

/** The powers that a page offers. */
interface Offer {
  client: { jti: string };
  offered: readonly Power[];
  /** Those that are left out where everything is asked for, unless they were left on before. */
  cautious: readonly Power[];
  /** True if the client asks for everything, as clients do that were asked for nothing in particular. */
  isWhole: boolean;
}

export interface RememberedChoices {
  /**
   * What is ticked: what was last left on, if this browser knows that. Otherwise everything but the cautious powers, or reading alone if the client
   * asks for a part, which it does when a call needs more than was granted.
   */
  firstChoices(request: Request, offer: Offer): Promise<FirstChoices>;
  /** Sets the cookie of the client. Powers that were not offered stay as they were. */
  keep(
    request: Request,
    response: Response,
    signedIn: { client: { jti: string }; offered: readonly Power[]; choices: Choices; account: Logins },
  ): Promise<void>;
  /** @returns an id of the browser if every login of the account has succeeded in it */
  browserOf(request: Request, account: Logins): Promise<string | undefined>;
}

export function createRememberedChoices({
  issuer,
  keyring,
  now,
}: Pick<OAuthServices, 'issuer' | 'keyring' | 'now'>): RememberedChoices {
  const secure = issuer.startsWith('https:');
  const options = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;
  const prefix = secure ? '__Host-mail-mcp-choices-' : 'mail-mcp-choices-';
  const { choices: sealer } = createTokens(keyring);
  const nameOf = ({ jti }: { jti: string }): string => prefix + sha256(jti).slice(0, 16);

  /** One hash for each login. */
  const hashesUnder = (key: Keyring['current'], account: Logins): string[] =>
    loginsOf(account).map((login) =>
      createHmac('sha256', key.derive('login-of-browser'))
        .update(JSON.stringify(login))
        .digest('base64url')
        .slice(0, 22),
    );

  /** The valid cookies of a request, by name. */
  async function read(request: Request): Promise<Map<string, ChoicesPayload & { iat: number }>> {
    const pairs = (request.headers.cookie ?? '').split('; ').filter((pair) => pair.startsWith(prefix));
    const found = await Promise.all(
      pairs.slice(0, 2 * MAX_COOKIES).map(async (pair) => {
        const [name = '', value = ''] = pair.split('=');
        const content = await sealer.unseal(value, now()).catch(() => undefined);
        return content !== undefined && nameOf({ jti: content.client }) === name ? [[name, content] as const] : [];
      }),
    );
    return new Map(found.flat());
  }

  return {
    firstChoices: async (request, offer) => firstChoices(offer, (await read(request)).get(nameOf(offer.client))),

    async keep(request, response, { client, offered, choices, account }) {
      const all = await read(request);
      const before = all.get(nameOf(client));
      const recipients = offered.includes('send') ? parseRecipients(choices.recipients) : (before?.recipients ?? []);
      const isLeft = (power: Power) => (offered.includes(power) ? choices : before)?.powers.includes(power) ?? false;
      const payload: ChoicesPayload = {
        client: client.jti,
        powers: POWERS.filter(isLeft),
        ...(recipients.length > 0 && { recipients }),
        end: choices.end,
        login_hashes: hashesUnder(keyring.current, account),
      };
      const value = await sealer.seal(payload, now());
      response.cookie(nameOf(client), value, { ...options, maxAge: SEALED_TYPES.choices.lifetimeSeconds * 1000 });
      const others = [...all].filter(([name]) => name !== nameOf(client)).sort(([, a], [, b]) => b.iat - a.iat);
      for (const [name] of others.slice(MAX_COOKIES - 1)) response.clearCookie(name, options);
    },

    async browserOf(request, account) {
      // Each key has sealed the cookies of its time.
      const wanted = keyring.all.map((key) => hashesUnder(key, account));
      const cookies = [...(await read(request)).values()];
      const known = cookies.find(({ login_hashes: hashes }) =>
        wanted.some((logins) => logins.every((hash) => hashes.includes(hash))),
      );
      return known && `${known.client} ${known.iat}`;
    },
  };
}

/** @param known what was last left on, if this browser knows that */
function firstChoices({ offered, cautious, isWhole }: Offer, known: ChoicesPayload | undefined): FirstChoices {
  const isUsual = (power: Power) => (isWhole ? !cautious.includes(power) : power === 'read');
  const isOn = (power: Power) => (known ? hasPower(known.powers, power) : isUsual(power));
  const isNew = (power: Power) => !isOn(power) && (known !== undefined || !isWhole);
  const choices: Choices = {
    powers: offered.filter(isOn),
    recipients: offered.includes('send') ? (known?.recipients ?? []).join(', ') : '',
    end: known?.end ?? 'revoked',
  };
  return { choices, added: offered.filter(isNew) };
}
