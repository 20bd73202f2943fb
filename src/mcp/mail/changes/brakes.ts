/** Decides which changes have to be asked for a second time: those of many messages, and those by query into the trash or junk. */

/** Messages that a call changes without `dry_run: false`. */
export const MAX_UNASKED = 100;

/** True if a call is answered by a plan. @param isDiscarding true if the messages would go to the trash or to junk */
export function isHeld({
  dryRun,
  count,
  isByQuery,
  isDiscarding,
}: {
  dryRun: boolean | undefined;
  count: number;
  isByQuery: boolean;
  isDiscarding: boolean;
}): boolean {
  if (dryRun !== undefined) return dryRun;
  return count > 0 && (count > MAX_UNASKED || (isByQuery && isDiscarding));
}
