/** Computes the claims of tokens that follow from other claims, so that the tokens need not contain them. */
import { z } from 'zod';
import { OAuthError } from '../../errors.ts';
import type { Compute } from './content.ts';
import { accountOf, subjectOfMailbox, subjectUnderKey } from './identity.ts';
import { AccessPayload, RefreshPayload } from './payloads.ts';

const RESOURCE_PATH = '/mcp';

/** The issuer whose resource the audience is. */
export const issuerOf: Compute = ({ aud }) => {
  const audience = z.string().safeParse(aud).data;
  return audience?.endsWith(RESOURCE_PATH) ? audience.slice(0, -RESOURCE_PATH.length) : audience;
};

const LoginAndServers = AccessPayload.pick({
  ...{ login: true, servers: true },
  ...{ sign_in: true, provider_hash: true, provider_token: true, approval: true, custody: true },
});

/** The subject of the login at the servers, under the key that seals the token. */
export const subjectOfLogin: Compute = (content, key) => {
  const { login, servers, ...facts } = LoginAndServers.parse(content);
  try {
    return subjectUnderKey(key, accountOf(login, servers, facts));
  } catch (error) {
    // A login of another service than the servers has no subject.
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
};

/** The subject of the mailbox, under the key that seals the token. */
export const subjectOfMailboxId: Compute = ({ mailbox }, key) => {
  const id = RefreshPayload.shape.mailbox.parse(mailbox);
  return id && subjectOfMailbox(key, id);
};
