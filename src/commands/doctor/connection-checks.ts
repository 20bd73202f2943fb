/** Finds the connections of the settings, and the issuers at which each is used. */
import type { Servers } from '../../account.ts';
import { ConfigError } from '../../errors.ts';
import { readDynamicClients, readHostConnections, settingOf } from '../../oauth/client/dynamic-clients.ts';
import { createKeyring } from '../../oauth/sealed/jwe.ts';
import type { Config } from '../../settings/config.ts';
import type { Check } from './check.ts';

export interface FoundServers {
  servers: Servers;
  issuers: readonly [string, ...string[]];
}

/** @returns what is equal at several issuers once */
export async function findConnections(config: Config, now: Date): Promise<{ checks: Check[]; found: FoundServers[] }> {
  const keyring = createKeyring(config.keys);
  const says = 'the key decrypts it.';
  const ofDefault = (await readDynamicClients(config.dynamicClients, keyring, now))?.connections ?? [];
  const checks: Check[] = ofDefault.length === 0 ? [] : [{ name: 'DEFAULT_CONNECTION', status: 'ok', says }];
  const found = ofDefault.map(({ servers }): FoundServers => ({ servers, issuers: [config.issuer] }));
  const { protocol } = new URL(config.issuer);
  const byHost = await readHostConnections(config.connections?.byHost ?? new Map(), { keyring, now });
  for (const [host, { servers }] of byHost) {
    checks.push({ name: settingOf(host), status: 'ok', says });
    found.push({ servers, issuers: [`${protocol}//${host}`] });
  }
  return { checks, found: merged(found) };
}

function merged(all: readonly FoundServers[]): FoundServers[] {
  const byServers = Map.groupBy(all, ({ servers }) => JSON.stringify(servers));
  return [...byServers.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const issuers = [first, ...others].flatMap((one) => one.issuers);
    const [issuer = '', ...further] = new Set(issuers);
    return [{ servers: first.servers, issuers: [issuer, ...further] as const }];
  });
}

/** @returns a check for each sentence of the error. @throws any other error */
export function configFaults(name: string, error: unknown): Check[] {
  if (!(error instanceof ConfigError)) throw error;
  return error.message.split('\n').map((says): Check => ({ name, status: 'failed', says }));
}
