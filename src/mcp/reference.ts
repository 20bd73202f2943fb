/** Renders the tables of tools in the documents from the declarations of the tools. */
import type { z } from 'zod';
import { powersOfTool, SCOPE_OF, withNeeds } from './permit/permit.ts';
import { METHOD_GROUPS } from './permit/policy-input.ts';
import type { Tool, ToolKind } from './tool.ts';

/** One row for each tool: parameters, first sentence of the description, scope. */
export function toolTable<Session>(tools: readonly Tool<Session>[]): string {
  const rows = tools.map(
    (tool) => `| \`${tool.name}\` | ${parameters(tool.input)} | ${firstSentence(tool)} | ${scopes(tool)} |`,
  );
  return ['| Tool | Parameters | What it does | Scope |', '|---|---|---|---|', ...rows].join('\n');
}

/** One row for each tool: the values of `--methods` and `--tags` that allow it, and the power that the owner grants. */
export function limitTable<Session>(tools: readonly Tool<Session>[]): string {
  const rows = tools.map((tool) => {
    const group = Object.keys(METHOD_GROUPS).find((name) => METHOD_GROUPS[name]?.includes(tool.method));
    const tags = tool.tags.map((tag) => `\`${tag}\``).join(', ');
    return `| \`${tool.name}\` | \`${tool.method}\`, \`${group}\` | ${tags} | ${withNeeds(tool).flatMap(powersOfTool).join(', ')} |`;
  });
  return ['| Tool | `--methods` | `--tags` | Power |', '|---|---|---|---|', ...rows].join('\n');
}

const scopes = (tool: ToolKind): string =>
  withNeeds(tool)
    .map(({ effect }) => `\`${SCOPE_OF[effect]}\``)
    .join(', ');

/** Names in the order of the schema; optional ones with a question mark. */
function parameters(input: z.ZodObject): string {
  const names = Object.entries(input.shape).map(([name, field]) =>
    field.safeParse(undefined).success ? `\`${name}\`?` : `\`${name}\``,
  );
  return names.join(', ') || '—';
}

function firstSentence<Session>({ description }: Tool<Session>): string {
  return `${description.split(/\.(?=\s|$)/)[0]}.`.replaceAll('|', '\\|');
}
