/** Shares the result of a probe between requests for a short time, so that strangers at a sign-in page cause no more than one. */
import type { MailServer } from '../account.ts';
import { type MailService, type Probe, type ProbeOptions, probeServer } from './probe.ts';

const KEPT_MS = 10_000;
/** Servers come from the operator, so there are few. */
const MAX_KEPT = 100;

export function createSharedProbe(now: () => Date, probe: typeof probeServer = probeServer): typeof probeServer {
  const kept = new Map<string, { until: number; result: Promise<Probe> }>();
  return (service: MailService, server: MailServer, options: ProbeOptions = {}) => {
    const key = JSON.stringify([service, server.host, server.port, server.security, options.login]);
    const time = now().getTime();
    const known = kept.get(key);
    if (known !== undefined && known.until > time) return known.result;
    const result = probe(service, server, options);
    kept.delete(key);
    kept.set(key, { until: time + KEPT_MS, result });
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return result;
  };
}
