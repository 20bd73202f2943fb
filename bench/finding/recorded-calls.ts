/** Measures a tool call 30 ms away from the mail server, and the same IMAP commands without the server under test. */
import type { MailAccount } from '../../src/mail/account.ts';
import { startDelayProxy } from '../../test/support/servers/proxies.ts';
import type { TestServers } from '../../test/support/servers/servers.ts';
import { LATENCY_MS } from '../bench-context.ts';
import { measurePair } from '../measure.ts';
import { plainRow, type Row, ratioRow } from '../row.ts';
import type { BenchServer } from '../server.ts';
import { connectRaw, isLogin } from './raw-exchange.ts';

/** A call of a tool, repeated without change. */
export interface FindingCall {
  name: string;
  tool: { name: string; arguments: Record<string, unknown> };
  /** Round trips to the mail server that it may take. */
  maxRoundTrips: number;
  /** False if its time is not judged, because the server has work to do with what it reads. */
  isTimeJudged?: false;
}

const MAX_RATIO = 1.1;
const WARM_UPS = 100;
const ITEM = 9;

interface Setting {
  server: BenchServer;
  servers: TestServers;
  rounds: number;
}

/** Two rows for each call: its time, compared with the exchange alone, and its round trips. */
export async function measureCalls(
  { server, servers, rounds }: Setting,
  account: MailAccount,
  calls: readonly FindingCall[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const finding of calls) {
    const sent: string[] = [];
    // In cleartext, so that the commands can be read.
    await using proxy = await startDelayProxy({
      target: { host: servers.imap.host, port: servers.imap.starttlsPort },
      delayMs: LATENCY_MS,
      onClientData: (chunk, isNewRoundTrip) => {
        const before = isNewRoundTrip ? '' : (sent.pop() ?? '');
        sent.push(before + chunk.toString('latin1'));
      },
    });
    const far = { host: proxy.host, port: proxy.port, security: 'cleartext' as const };
    const where: MailAccount = { ...account, imap: { ...account.imap, server: far } };
    const nearby = await server.connect(account);
    // Enough calls for the code to be compiled.
    for (let n = 0; n < WARM_UPS; n += 1) await nearby('tools/call', finding.tool);
    const call = await server.connect(where);
    const run = () => call('tools/call', finding.tool);
    await run();
    await run();
    const before = sent.length;
    await run();
    const roundTrips = sent.slice(before);
    if (proxy.accepted() !== 1) throw new Error(`${finding.name}: the call takes more than one connection.`);
    using raw = await connectRaw(where);
    await raw.send(sent.slice(0, before).filter((written) => !isLogin(written)));
    const [ours, theirs] = await measurePair(rounds, run, () => raw.send(roundTrips));
    const { isTimeJudged = true } = finding;
    const row = { item: ITEM, unit: 'ms', ours: ours.p50, yardstick: theirs.p50 };
    rows.push(ratioRow({ ...row, name: `${finding.name}, ${LATENCY_MS} ms away` }, isTimeJudged ? MAX_RATIO : null));
    const counted = { item: ITEM, name: '… round trips', unit: '', ours: roundTrips.length };
    rows.push(plainRow(counted, finding.maxRoundTrips));
  }
  return rows;
}
