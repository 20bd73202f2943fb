/** What the Missive tools of one call work with. */
import type { Account } from '../account.ts';
import { expired } from '../attachments/links.ts';
import type { AttachmentStore } from '../attachments/store.ts';
import { UpstreamError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MissiveSession } from '../mcp/missive/missive-session.ts';
import { sendLimit, sendsKey } from '../mcp/permit/sends.ts';
import { createMissiveApi, type MissiveApi } from '../missive/api.ts';
import type { Quota } from '../missive/rate-limit.ts';
import type { Grant } from '../oauth/bearer/bearer.ts';
import type { State } from '../state/state.ts';

export type MissiveGrant = Pick<Grant, 'permit' | 'client' | 'subject'> & {
  account: Extract<Account, { service: 'missive' }>;
};

/** One request, as far as a session needs to know. */
export interface MissiveExchange {
  /** The client does not want the answer any more: nothing more is begun then (MCP-11). */
  cancelled: AbortSignal;
  /** Hears what each answer of Missive says about its rate limit. */
  onQuota(quota: Quota): void;
}

export function openMissiveSession(
  { account, permit, client, subject }: MissiveGrant,
  parts: {
    store: AttachmentStore;
    now: () => Date;
    log: Log;
    /** Where sent messages are counted, and whether those of all replicas are. */
    sends: { state: State; areAllCounted: boolean };
  },
  { cancelled, onQuota }: MissiveExchange,
): MissiveSession {
  const { store, now, log, sends } = parts;
  const most = permit.policy.max_sends_per_hour;
  return {
    api: untilCancelled(createMissiveApi(account, { now, onQuota }), cancelled),
    permit,
    sendLimit: sendLimit({ ...sends, most, key: sendsKey({ client, subject }), now, log }),
    fetchOwn: (url, maxBytes) => store.fetchOwn(url, 'anyone', maxBytes).catch(withoutBlame),
    now,
  };
}

function untilCancelled(api: MissiveApi, cancelled: AbortSignal): MissiveApi {
  return {
    async request(request) {
      cancelled.throwIfAborted();
      return api.request(request);
    },
  };
}

/** The login in a link is not that of whoever calls: signing in again to Missive would not help. */
function withoutBlame(error: unknown): never {
  throw error instanceof UpstreamError && error.fault === 'credentials' ? expired() : error;
}
