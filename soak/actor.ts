/** Defines what a simulated person acts with, and the three outcomes of a call. */
import { randomBytes } from 'node:crypto';
import { ToolError, UpstreamError } from '../src/errors.ts';
import type { Model } from './model.ts';

export type Call = (tool: string, args: Record<string, unknown>) => Promise<Record<string, unknown>>;

export interface Actor {
  self: number;
  other: number;
  /** Address of `other`. */
  address: string;
  call: Call;
  /** Runs the check after the last fault, with the tools of a new process. */
  checkLater(check: (callAgain: Call) => Promise<void>): void;
  model: Model;
  /** As SoakServers.imapRestartSteps(). */
  imapRestartSteps(): number;
  random(): number;
}

export const newSubject = (first = 't') => `${first}${randomBytes(8).toString('hex')}`;

export interface Result {
  result: Record<string, unknown>;
}

/** The result of a call; `nothing` if no change was made; `unknown` if that is uncertain. */
export type Outcome = Result | 'nothing' | 'unknown';

/** @throws any error other than UpstreamError and ToolError, which is a bug */
export async function outcomeOf(call: Promise<Record<string, unknown>>): Promise<Outcome> {
  try {
    return { result: await call };
  } catch (error) {
    if (error instanceof UpstreamError) return error.fault === 'unknown_outcome' ? 'unknown' : 'nothing';
    if (error instanceof ToolError) return 'nothing';
    throw error;
  }
}

/** Folders that messages are moved into. The last two are made by the first move there. */
export const FOLDERS = ['INBOX', 'Archive', 'Trash', 'Junk', 'Made', 'Made/Deeper'];

/**
 * Where a message may be if it is not known whether it was moved. A server that ends during MOVE may leave the message in both (RFC 6851 §3.3); the
 * error says to check both.
 *
 * @param stepsBefore imapRestartSteps() before the call
 */
export function eitherFolder(actor: Actor, stepsBefore: number, [from, to]: readonly [string, string]): string[][] {
  const mayBeInBoth = stepsBefore % 2 === 1 || actor.imapRestartSteps() !== stepsBefore;
  return [[from], [to], ...(mayBeInBoth ? [[from, to]] : [])];
}
