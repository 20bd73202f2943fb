import type { z } from 'zod';
import { SCOPE_OF } from './policy.ts';
import type { Tool } from './tool.ts';

/** The README's table of tools, in their order, made from their declarations. */
export function toolTable<Session>(tools: readonly Tool<Session>[]): string {
  const rows = tools.map(
    (tool) =>
      `| \`${tool.name}\` | ${parameters(tool.input)} | ${firstSentence(tool)} | \`${SCOPE_OF[tool.effect]}\` |`,
  );
  return ['| Tool | Parameters | What it does | Scope |', '|---|---|---|---|', ...rows].join('\n');
}

/** Required parameters first, as the schema has them; optional ones with a question mark. */
function parameters(input: z.ZodObject): string {
  const names = Object.entries(input.shape).map(([name, field]) =>
    field.safeParse(undefined).success ? `\`${name}\`?` : `\`${name}\``,
  );
  return names.join(', ') || '—';
}

function firstSentence<Session>({ description }: Tool<Session>): string {
  return `${description.split(/\.(?=\s|$)/)[0]}.`.replaceAll('|', '\\|');
}
