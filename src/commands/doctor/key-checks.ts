/** Checks the settings, and whether the key decrypts a client id. */
import { ConfigError } from '../../errors.ts';
import { type Client, unsealClient } from '../../oauth/client/client.ts';
import { createKeyring } from '../../oauth/sealed/jwe.ts';
import { createTokens } from '../../oauth/sealed/sealed-types.ts';
import { type Config, readKeys, readServerConfig } from '../../settings/config.ts';
import type { Check } from './check.ts';

/** @returns the settings too, if a server would start with them */
export function checkSettings(env: NodeJS.ProcessEnv): { checks: Check[]; config: Config | undefined } {
  try {
    const config = readServerConfig(env);
    return { checks: [{ name: 'settings', status: 'ok', says: `a server for ${config.issuer} would start.` }], config };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const checks = error.message.split('\n').map((line): Check => {
      return { name: 'settings', status: 'failed', says: `${line}.`, remedy: 'See docs/configuration.md.' };
    });
    return { checks, config: undefined };
  }
}

/** @returns the client too, if the key decrypts it, whether it is still valid or not */
export async function checkClient(
  clientId: string,
  env: NodeJS.ProcessEnv,
  now: Date,
): Promise<{ check: Check; client: Client | undefined }> {
  const name = 'client id';
  const failed = (says: string, remedy: string): { check: Check; client: undefined } => ({
    check: { name, status: 'failed', says, remedy },
    client: undefined,
  });
  const tokens = createTokens(createKeyring(readKeys(env)));
  const content = await tokens.client.inspect(clientId).catch(() => undefined);
  if (content === undefined) {
    return failed(
      'no key decrypts it: it was minted with another ENCRYPTION_KEY, or is not complete.',
      'Put the key it was minted with into ENCRYPTION_KEYS_PREVIOUS, or mint the client again.',
    );
  }
  const client = await unsealClient(tokens, clientId, now).catch(() => undefined);
  if (client === undefined) {
    return failed(
      'the key decrypts it, but it has expired, was sealed before TOKENS_NOT_BEFORE, or lacks the signature that MINTING_PUBLIC_KEY requires.',
      'Mint the client again.',
    );
  }
  const ends = client.expiresAt === null ? '' : `, valid until ${client.expiresAt.toISOString()}`;
  return { check: { name, status: 'ok', says: `the key decrypts it (${client.jti}${ends}).` }, client };
}
