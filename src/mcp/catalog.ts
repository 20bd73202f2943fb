/**
 * Decides which tools a grant may list and call, and checks each call: policy, scopes, consent, arguments and result.
 *
 * Invariant: every call of a tool passes the catalog.
 */
import { ToolError } from '../errors.ts';
import type { Permit } from '../policy.ts';
import { withoutAbsentTools } from './absent-tools.ts';
import { createArgumentReader } from './argument-reader.ts';
import { createLists } from './lists.ts';
import { createOutgoing } from './outgoing.ts';
import {
  isAllowed,
  isGranted,
  isOffered,
  isTagOffered,
  notGranted,
  PermissionError,
  withNeeds,
} from './permit/permit.ts';
import type { Rights, Tool, ToolKind, Use } from './tool.ts';
import { type ToolListing, toListing } from './tool-listing.ts';

export interface Catalog<Session> {
  /** The tools that a permit allows, in the order of their declaration, without unlisted ones. */
  list(permit: Permit): ToolListing[];
  /** The same list as JSON: the same bytes for equal permits (MCP-08). */
  listJson(permit: Permit): string;
  /** False for a tool that the operator does not allow: for this permit it does not exist. */
  has(name: string, permit: Permit): boolean;
  /**
   * Runs a tool and checks its arguments and its result against its schemas.
   *
   * @throws {OAuthError} `insufficient_scope` if a scope is missing that the owner could grant
   * @throws {ToolError} if the arguments are invalid, or the operator or the owner does not allow what they ask for
   */
  call(name: string, args: unknown, permit: Permit, session: Session): Promise<Record<string, unknown>>;
}

/** The published schemas are computed here, once. */
export function createCatalog<Session>(tools: readonly Tool<Session>[]): Catalog<Session> {
  const byName = new Map(
    tools.map((tool) => [
      tool.name,
      {
        tool,
        listing: toListing(tool),
        readArguments: createArgumentReader(tool),
        outgoing: createOutgoing(tool.output),
      },
    ]),
  );
  const listFor = createLists([...byName.values()]);

  function usedTool({ tool: name, isForGood }: Use): ToolKind {
    const entry = byName.get(name);
    if (entry === undefined) throw new Error(`A tool uses ${name}, which does not exist`);
    return isForGood ? { ...entry.tool, isUndoable: false } : entry.tool;
  }

  /** @throws as Rights.require(), for the tool itself and all its uses together */
  function requireAll(own: Tool<Session>, uses: readonly Use[], permit: Permit): void {
    const forbidden = uses.find((use) => !isUseOffered(permit, usedTool(use), use));
    if (forbidden !== undefined) throw notOffered(forbidden);
    const needed = [own, ...uses.map(usedTool)];
    if (needed.some((tool) => !isGranted(permit, tool))) throw notGranted(permit, needed.flatMap(withNeeds));
  }

  const rightsOf = (own: Tool<Session>, permit: Permit): Rights => ({
    allows: (use) => isUseOffered(permit, usedTool(use), use) && isGranted(permit, usedTool(use)),
    require: (uses) => requireAll(own, uses, permit),
  });

  const withKnownTools = (error: unknown, permit: Permit) =>
    withoutAbsent(error, (name) => {
      const tool = byName.get(name)?.tool;
      return tool !== undefined && !isAllowed(permit, tool);
    });

  return {
    list: (permit) => listFor(permit).listings,
    listJson: (permit) => listFor(permit).json,
    has(name, { policy }) {
      const entry = byName.get(name);
      return entry !== undefined && isOffered(policy, entry.tool);
    },
    async call(name, args, permit, session) {
      const entry = byName.get(name);
      if (entry === undefined || !isOffered(permit.policy, entry.tool)) throw unknownTool(name);
      const { tool, readArguments, outgoing } = entry;
      // Permissions are checked before argument errors are reported; valid arguments can add uses.
      const read = readArguments(args);
      requireAll(tool, read.success ? (tool.alsoDoes?.(read.data) ?? []) : [], permit);
      if (!read.success) throw withKnownTools(read.error, permit);
      const result = await tool.run(read.data, session, rightsOf(tool, permit)).catch((error: unknown) => {
        throw withKnownTools(error, permit);
      });
      return outgoing(tool.output.parse(result));
    },
  };
}

/** The error without the names of tools that the connection does not have. A refusal for want of permission names what was refused. */
function withoutAbsent(error: unknown, isAbsent: (name: string) => boolean): unknown {
  if (!(error instanceof ToolError) || error instanceof PermissionError) return error;
  const { message, cause, details } = error;
  const sentence = withoutAbsentTools(message, isAbsent) ?? message;
  return sentence === message ? error : new ToolError(sentence, { cause, ...(details !== undefined && { details }) });
}

function isUseOffered({ policy }: Permit, tool: Parameters<typeof isOffered>[1], { tag }: Use): boolean {
  return isOffered(policy, tool) && (tag === undefined || isTagOffered(policy, tag));
}

function unknownTool(name: string): ToolError {
  return new ToolError(`There is no tool named ${JSON.stringify(name.slice(0, 64))}.`);
}

function notOffered({ tool, tag }: Use): PermissionError {
  const what = tag === undefined ? `does what ${tool} does` : `uses ${tag}`;
  return new PermissionError(
    `Nothing was done: with these arguments the call ${what}, which the operator of this server does not allow on this connection.`,
  );
}
