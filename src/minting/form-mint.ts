/** Mints what the form at `/admin` describes, after a probe of the mail servers, and probes them alone. */
import type { Servers } from '../account.ts';
import { type Probe, probeServers } from '../mail/probe/probe.ts';
import type { NewClient } from '../oauth/client/mint-client.ts';
import type { Keyring } from '../oauth/sealed/jwe.ts';
import { createTokens } from '../oauth/sealed/sealed-types.ts';
import type { State } from '../state/state.ts';
import { type Fault, toFlagName } from './flag-table.ts';
import type { GivenFlags } from './generate-command.ts';
import { type Flags, type Limits, type Minted, mint, mintConnection, readFlags, toMintingFaults } from './mint.ts';
import { readServers } from './server-flags.ts';

export interface FormMintServices {
  keyring: Keyring;
  now: () => Date;
  state: State;
  /** Default: the real one. */
  probe?: typeof probeServers;
}

/** A mail server that can be used. */
export interface Tried {
  id: 'imap' | 'smtp';
  address: string;
  passed: string;
}

interface Refused {
  faults: readonly Fault[];
  tried?: readonly Tried[];
}

/** `jti` is for the log. */
export type FormMinted = { jti: string; servers: Servers } & (
  | { client: NewClient; minted: Minted }
  | { connection: string }
);

export interface FormMint {
  mint(flags: GivenFlags): Promise<FormMinted | Refused>;
  check(flags: GivenFlags): Promise<Refused>;
}

/** A stolen admin token shall not become a scanner of the network behind the server. Minting without a probe is not limited. */
const MAX_PROBES_PER_HOUR = 60;

const NOT_TRIED: Fault = {
  flag: 'probe',
  sentence: `The servers were not tried: ${MAX_PROBES_PER_HOUR} times in an hour are the most. To mint without trying them, add --no-probe.`,
};
const NOT_MINTED: Fault = {
  flag: 'probe',
  sentence: 'Nothing was minted. To mint without trying the servers, add --no-probe.',
};

export function createFormMint({ keyring, now, state, probe = probeServers }: FormMintServices): FormMint {
  async function tryServers(servers: Servers): Promise<Required<Refused>> {
    if ('missive' in servers) return { faults: [], tried: [] };
    const { count } = await state.count('admin:probes', 3600);
    if (count > MAX_PROBES_PER_HOUR) return { faults: [NOT_TRIED], tried: [] };
    const probes = await probe(servers);
    return { faults: probes.flatMap(faultsOf), tried: probes.flatMap(triedOf) };
  }

  async function seal(flags: Flags, limits: Limits): Promise<FormMinted> {
    const tokens = createTokens(keyring);
    const { servers } = flags;
    if (flags.connection) {
      const connection = await mintConnection(keyring, flags, limits, now());
      return { connection, servers, jti: (await tokens.connection.inspect(connection)).jti };
    }
    const { client, minted } = await mint(keyring, flags, limits, now());
    return { client, minted, servers, jti: (await tokens.client.inspect(minted.clientId)).jti };
  }

  return {
    async mint(flags) {
      const { parsed, limits, faults } = readFlags(flags, { now: now(), nameOf: toFlagName });
      if (parsed === undefined) return { faults };
      const sealed = await seal(parsed, limits).catch((error: unknown) => ({ faults: toMintingFaults(error) }));
      if ('faults' in sealed || !parsed.probe) return sealed;
      const tried = await tryServers(parsed.servers);
      if (tried.faults.length === 0) return sealed;
      return { ...tried, faults: tried.faults.includes(NOT_TRIED) ? tried.faults : [...tried.faults, NOT_MINTED] };
    },
    async check(flags) {
      const { servers, faults } = readServers(flags);
      return servers === undefined ? { faults } : tryServers(servers);
    },
  };
}

function faultsOf({ service, fault }: Probe): Fault[] {
  if (fault === undefined) return [];
  return [{ flag: service === 'imap' ? 'imapHost' : 'smtpHost', sentence: `${fault.sentence} ${fault.remedy}` }];
}

function triedOf({ service, server, passed, fault }: Probe): Tried[] {
  if (fault !== undefined) return [];
  return [{ id: service, address: `${server.host}:${server.port}`, passed: `${passed.join(', ')}.` }];
}
