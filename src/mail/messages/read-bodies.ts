/** Fetches the text parts of a message until enough of them is converted. */
import { bytesOf } from '../imap/data-formats.ts';
import { fetchByUid, peek } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { Body, BodyPlan } from '../mime/body.ts';
import { type ConversionOptions, createBodyConversion, type WantedRange } from '../mime/body-conversion.ts';

type PartBytes = ReadonlyMap<BodyPlan['wanted'][number], Buffer>;

/** @param prefetched bytes of wanted parts that are known already */
export async function readBodies(
  imap: ImapConnection,
  uid: number,
  { plan, prefetched }: { plan: BodyPlan; prefetched: PartBytes },
  options: ConversionOptions,
): Promise<Body> {
  const conversion = createBodyConversion(plan, options);
  const warnings = new Set<string>();
  for (let wanted = conversion.next(); wanted.length > 0; wanted = conversion.next()) {
    const { bytes, isMissing } = await fetchTexts(imap, uid, wanted, prefetched);
    if (isMissing) warnings.add(BODY_WARNING);
    await conversion.convert(wanted, bytes);
  }
  const body = conversion.body();
  return { ...body, warnings: [...body.warnings, ...warnings] };
}

/** Fetches the parts that were not prefetched, in one command. */
async function fetchTexts(
  imap: ImapConnection,
  uid: number,
  wanted: readonly WantedRange[],
  prefetched: PartBytes,
): Promise<{ bytes: PartBytes; isMissing: boolean }> {
  const others = wanted.filter(({ part }) => !prefetched.has(part));
  if (others.length === 0) return { bytes: prefetched, isMissing: false };
  const items = others.map(({ part, maxBytes }) => peek(part.number, [0, maxBytes]));
  const names = others.map(({ part }) => `BODY[${part.number}]`);
  const found = (await fetchByUid(imap, [uid], items, names)).get(uid);
  const rest = others.map(
    ({ part }) => [part, bytesOf(found?.get(`BODY[${part.number}]`)) ?? Buffer.alloc(0)] as const,
  );
  return { bytes: new Map([...prefetched, ...rest]), isMissing: found === undefined };
}

const BODY_WARNING = 'The mail server did not give the body.';
