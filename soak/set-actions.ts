/** Defines the random actions on sets of messages: by `uids`, by `query` and after a plan, with what the answer says of each, and undone at times. */
import { z } from 'zod';
import { type Actor, eitherFolder, FOLDERS, outcomeOf } from './actor.ts';

const MAX_MESSAGES = 6;
const KEYWORDS = ['SoakA', 'SoakB'];

const Uids = z.string().optional();
const Undo = z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) })).nullable();
const Answer = z.object({
  moved: z.number().optional(),
  deleted: z.number().optional(),
  changed: z.number().optional(),
  not_found: Uids,
  not_moved: Uids,
  not_changed: Uids,
  unknown: Uids,
  undo: Undo.optional(),
});
type Answer = z.output<typeof Answer>;

interface FoundSet {
  folder: string;
  /** Subjects by UID. */
  subjects: Map<number, string>;
  query: string;
}

const Row = z.object({ uid: z.number(), subject: z.string() });

/** Messages of one folder that certainly exist; null if the search failed or none has arrived yet. */
async function findSet({ self, call, model, random }: Actor): Promise<FoundSet | null> {
  const first = model.pick(self, random, () => true);
  if (first === undefined) return null;
  const { folder } = first;
  const picked = [...new Set([first.subject, ...model.pickIn(self, folder, Math.floor(random() * MAX_MESSAGES))])];
  const found = await outcomeOf(call('search_mail_messages', { folder, query: queryOf(picked) }));
  if (typeof found === 'string') return null;
  const rows = z.array(Row).parse(found.result.messages);
  if (rows.length < picked.length && folder !== 'INBOX')
    throw new Error(`some of ${picked} were not found in ${folder}`);
  const subjects = new Map(rows.map(({ uid, subject }) => [uid, subject]));
  const isFree = !picked.some((subject) => rows.filter((row) => row.subject === subject).length > 1);
  if (!isFree) throw new Error(`one of ${picked} is in ${folder} twice`);
  // Not those that have not arrived yet: they may arrive before the query is used.
  const query = `(${queryOf([...subjects.values()])}) newer_than:2d`;
  return rows.length === 0 ? null : { folder, subjects, query };
}

const queryOf = (subjects: readonly string[]): string => subjects.map((subject) => `subject:${subject}`).join(' OR ');

/** Names the messages by UID, by query, or as a plan has named them; null if the plan failed. */
async function nameSet(
  { call, random }: Actor,
  tool: string,
  { folder, subjects, query }: FoundSet,
  args: Record<string, unknown>,
): Promise<Record<string, unknown> | null> {
  const kind = random();
  if (kind < 0.4) return { folder, uids: [...subjects.keys()].join() };
  if (kind < 0.7) return { folder, query, dry_run: false };
  const plan = await outcomeOf(call(tool, { folder, query, ...args, dry_run: true }));
  if (typeof plan === 'string') return null;
  const { uids, uid_validity } = plan.result;
  return { folder, uids, uid_validity };
}

function uidsIn(set: string | undefined): number[] {
  return (set ?? '').split(',').flatMap((part) => {
    const [low = 0, high = low] = part.split(':').map(Number);
    return part === '' ? [] : Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}

/** Which of the messages were changed, were not, or may have been. @throws {Error} if the answer does not account for each */
function partsOf(answer: Answer, { subjects, folder }: FoundSet, done: number) {
  const of = (set: string | undefined) => uidsIn(set).flatMap((uid) => subjects.get(uid) ?? []);
  const [unknown, unmoved, missing] = [answer.unknown, answer.not_moved, answer.not_found].map(of);
  const apart = new Set([...(unknown ?? []), ...(unmoved ?? []), ...(missing ?? [])]);
  const changed = [...subjects.values()].filter((subject) => !apart.has(subject));
  if (missing?.length !== 0) throw new Error(`${missing} were in ${folder} and were not found`);
  if (changed.length !== done)
    throw new Error(`${done} of ${[...subjects.values()]} were reported, expected ${changed}`);
  return { unknown: unknown ?? [], changed };
}

const isHeads = ({ random }: Actor): boolean => random() < 0.5;

async function moveSome(actor: Actor): Promise<void> {
  const found = await findSet(actor);
  if (found === null) return;
  const destinations = FOLDERS.filter((folder) => folder !== found.folder);
  const destination = destinations[Math.floor(actor.random() * destinations.length)] ?? 'Archive';
  const args = { destination, create: true };
  const named = await nameSet(actor, 'move_mail_message', found, args);
  if (named !== null)
    await carry(actor, found, { tool: 'move_mail_message', args: { ...named, ...args }, destination });
}

async function throwAway(actor: Actor): Promise<void> {
  const found = await findSet(actor);
  if (found === null || found.folder === 'Trash') return;
  const args = { folder: found.folder, uids: [...found.subjects.keys()] };
  await carry(actor, found, { tool: 'delete_mail_message', args, destination: 'Trash' });
}

interface Carrying {
  tool: string;
  args: Record<string, unknown>;
  destination: string;
}

async function carry(actor: Actor, found: FoundSet, { tool, args, destination }: Carrying): Promise<void> {
  const { self, model } = actor;
  const route = [found.folder, destination] as const;
  const steps = actor.imapRestartSteps();
  const outcome = await outcomeOf(actor.call(tool, args));
  if (outcome === 'nothing') return;
  if (outcome === 'unknown') {
    for (const subject of found.subjects.values()) model.expect(self, subject, ...eitherFolder(actor, steps, route));
    return;
  }
  const answer = Answer.parse(outcome.result);
  const { changed, unknown } = partsOf(answer, found, answer.moved ?? answer.deleted ?? 0);
  for (const subject of unknown) model.expect(self, subject, ...eitherFolder(actor, steps, route));
  for (const subject of changed) model.expect(self, subject, [destination]);
  if (answer.undo != null && isHeads(actor)) await carryBack(actor, answer.undo, { changed, route });
}

async function carryBack(
  actor: Actor,
  undo: NonNullable<Answer['undo']>,
  { changed, route: [from, to] }: { changed: string[]; route: readonly [string, string] },
): Promise<void> {
  const { self, model } = actor;
  for (const { tool, arguments: args } of undo) {
    const steps = actor.imapRestartSteps();
    const outcome = await outcomeOf(actor.call(tool, args));
    if (outcome === 'nothing') continue;
    const answer = outcome === 'unknown' ? null : Answer.parse(outcome.result);
    const isWhole = answer !== null && answer.moved === changed.length;
    if (answer !== null && !isWhole && answer.unknown === undefined)
      throw new Error(`undo has moved ${answer.moved} of ${changed}`);
    for (const subject of changed)
      model.expect(self, subject, ...(isWhole ? [[from]] : eitherFolder(actor, steps, [to, from])));
  }
}

async function label(actor: Actor): Promise<void> {
  const { self, model, random, call } = actor;
  const found = await findSet(actor);
  if (found === null) return;
  const keyword = KEYWORDS[Math.floor(random() * KEYWORDS.length)] ?? 'SoakA';
  const [isAdding, isLabel] = [isHeads(actor), isHeads(actor)];
  const change = { [isAdding ? 'add' : 'remove']: [isLabel ? `label:${keyword}` : keyword] };
  const named = await nameSet(actor, 'update_mail_message_flags', found, change);
  // A plan names no message if none would change.
  if (named === null || ('uids' in named && named.uids === undefined)) return;
  const subjects = [...found.subjects.values()];
  const before = new Map(subjects.map((subject) => [subject, model.hasKeyword(self, subject, keyword)]));
  const outcome = await outcomeOf(call('update_mail_message_flags', { ...named, ...change }));
  if (outcome === 'nothing') return;
  const answer = outcome === 'unknown' ? null : Answer.parse(outcome.result);
  const unsure = answer === null ? subjects : uidsIn(answer.unknown).flatMap((uid) => found.subjects.get(uid) ?? []);
  for (const subject of subjects) model.expectKeyword(self, subject, keyword, isAdding);
  for (const subject of unsure) model.expectKeyword(self, subject, keyword, undefined);
  if (answer?.not_changed !== undefined) throw new Error(`${keyword} of ${answer.not_changed} was not kept`);
  if (answer?.undo == null || !isHeads(actor)) return;
  for (const { tool, arguments: args } of answer.undo) {
    const undone = await outcomeOf(call(tool, args));
    if (undone === 'nothing') continue;
    const isWhole = undone !== 'unknown' && Answer.parse(undone.result).unknown === undefined;
    for (const subject of subjects.filter((each) => !unsure.includes(each)))
      model.expectKeyword(self, subject, keyword, isWhole ? before.get(subject) : undefined);
  }
}

export const SET_ACTIONS: readonly ((actor: Actor) => Promise<void>)[] = [moveSome, moveSome, throwAway, label, label];
