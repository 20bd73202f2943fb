/** Names labels by their paths, which the API has in the list of labels only. */
import { z } from 'zod';
import { ToolError, UpstreamError } from '../../../errors.ts';
import { labelPathOf, type ThingLists, type ThingRow } from '../thing-lists.ts';

type Item = Record<string, unknown>;

const Label = z.union([z.string().transform((id) => ({ id })), z.looseObject({ id: z.string() })]);
const Labels = z.array(Label).catch([]);

/**
 * The conversations or responses with the path of each of their labels as its name. The list is read if there is a label, and once in a call; if it
 * cannot be read, the answer has the names.
 */
export async function withLabelPaths(items: readonly Item[], lists: ThingLists): Promise<Item[]> {
  const labels = items.map((item) => Labels.parse(item.shared_labels ?? []));
  if (labels.every((own) => own.length === 0)) return [...items];
  const rows = await lists.rows('shared_label').catch(noRows);
  const paths = new Map(rows.map((row) => [row.id, labelPathOf(row)]));
  return items.map((item, index) => {
    const named = labels[index]?.map((label) => ({ ...label, ...nameIn(paths, label.id) })) ?? [];
    return named.length === 0 ? item : { ...item, shared_labels: named };
  });
}

function nameIn(paths: ReadonlyMap<string, string>, id: string): { name?: string } {
  const path = paths.get(id) ?? '';
  return path === '' ? {} : { name: path };
}

/** The answer itself was read, or the change made. */
function noRows(error: unknown): ThingRow[] {
  if (error instanceof ToolError || error instanceof UpstreamError) return [];
  throw error;
}
