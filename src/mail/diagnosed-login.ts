/** Finds out why a login does not come about, with a probe of the server beside it. */
import { UpstreamError } from '../errors.ts';
import type { LoginProblem, MailServer } from './account.ts';
import type { MailService, Probe, ProbeFault, ProbeOptions } from './probe/probe.ts';

export type ProbeLogin = (service: MailService, server: MailServer, options: ProbeOptions) => Promise<Probe>;

/** A login that is probed once the server is silent for so long, before it has received credentials. */
const QUIET_MS = 1_500;
/** A shorter probe finds nothing. */
const MIN_PROBE_MS = 500;

/** The login did not come about because of this fault. */
export class ProbedError extends Error {
  override name = 'ProbedError';
  readonly fault: ProbeFault;

  constructor(fault: ProbeFault, cause?: unknown) {
    super(fault.sentence, { cause });
    this.fault = fault;
  }
}

interface Subject extends ProbeOptions {
  service: MailService;
  server: MailServer;
  /** For login and probe together. */
  totalMs: number;
  /** Absent: nothing is probed. */
  probe: ProbeLogin | undefined;
  /** What the login has. */
  kind: 'password' | 'token';
}

/**
 * Runs a login. If nothing but other settings would help, it ends as soon as the server has shown that.
 *
 * @param login gets a function to call when the credentials are about to be sent
 * @throws {ProbedError} if a probe has found the reason; otherwise what the login throws
 */
export async function diagnosedLogin<T>(
  { service, server, tls, totalMs, probe, kind }: Subject,
  login: (onLogin: () => void) => Promise<T>,
): Promise<T> {
  const endsAt = performance.now() + totalMs;
  const startProbe = async (): Promise<ProbeFault | undefined> => {
    const leftMs = endsAt - performance.now();
    if (probe === undefined || leftMs < MIN_PROBE_MS) return undefined;
    return (await probe(service, server, { ...(tls && { tls }), login: kind, totalMs: Math.min(4_500, leftMs) })).fault;
  };
  let isSent = false;
  const attempt = login(() => {
    isSent = true;
  });
  const ended = attempt.then(
    () => undefined,
    () => undefined,
  );
  let probing: Promise<ProbeFault | undefined> | undefined;
  if (probe !== undefined && (await firstOf(ended, QUIET_MS)) === 'quiet' && !isSent) {
    probing = startProbe();
    const fault = await Promise.race([probing, ended]);
    // A login that has gone on meanwhile knows more.
    if (fault?.kind === 'setup' && !isSent) throw new ProbedError(fault);
  }
  return attempt.catch(async (error: unknown) => {
    if (isSent || !(error instanceof UpstreamError)) throw error;
    const fault = await (probing ?? startProbe());
    throw fault === undefined ? error : new ProbedError(fault, error);
  });
}

async function firstOf(ended: Promise<void>, ms: number): Promise<'quiet' | undefined> {
  const { promise, resolve } = Promise.withResolvers<'quiet'>();
  const timer = setTimeout(() => resolve('quiet'), ms);
  return Promise.race([ended.then(() => undefined), promise]).finally(() => clearTimeout(timer));
}

/** The fault of a login that a probe has explained. */
export function problemOfProbe({ service, code, kind }: ProbeFault): LoginProblem {
  return { service, fault: FAULT_OF_PROBE[code] ?? (kind === 'setup' ? 'misconfigured' : 'unreachable'), cause: code };
}

const FAULT_OF_PROBE: Readonly<Partial<Record<ProbeFault['code'], LoginProblem['fault']>>> = {
  certificate_expired: 'certificate',
  certificate_early: 'certificate',
  certificate_name: 'certificate',
  certificate_self_signed: 'certificate',
  certificate_unknown_ca: 'certificate',
  certificate_other: 'certificate',
  no_starttls: 'no_starttls',
  no_auth: 'unsupported',
  no_tokens: 'no_tokens',
  no_answer: 'timeout',
  silent: 'timeout',
  turned_away: 'refused',
};
