/** Reads the tables of docs/troubleshooting.md. */
import { readFileSync } from 'node:fs';

const DOCUMENT = new URL('../../../docs/troubleshooting.md', import.meta.url);

/** @returns the rows of the table, each as a record by the words of its head in lower case, and its first cell as `name`. Cells without backticks and emphasis */
export function documentedFaults(table: string): Record<string, string>[] {
  const [, body = ''] = readFileSync(DOCUMENT, 'utf8').split(`<!-- table: ${table} -->\n`);
  const [head = [], , ...rows] = (body.split('<!-- end -->')[0] ?? '').trim().split('\n').map(cellsOf);
  if (rows.length === 0) throw new Error(`no table ${table}`);
  return rows.map((cells) => ({
    ...Object.fromEntries(head.map((name, index) => [name.toLowerCase(), cells[index] ?? ''] as const)),
    name: cells[0] ?? '',
  }));
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('`', '').trim());
}
