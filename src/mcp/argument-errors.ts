/** Says in one sentence what is wrong with the arguments of a call, and what would be right. */
import type { z } from 'zod';
import { ToolError } from '../errors.ts';
import type { Wanted, WantedObject } from './wanted-arguments.ts';

/** More faults than these are not reported at once. */
const MAX_FAULTS = 3;

/** More names than these are not listed. */
const MAX_NAMES = 30;

/** Longer names in a call are cut. */
const MAX_NAME_CHARS = 64;

type Issue = z.core.$ZodIssue;

export function wrongArguments(tool: string, wanted: WantedObject, { issues }: z.ZodError): ToolError {
  const faults = issues.slice(0, MAX_FAULTS).flatMap((issue) => faultsOf(issue, wanted));
  return new ToolError(`Wrong arguments for ${tool}: ${[...new Set(faults)].slice(0, MAX_FAULTS).join('; ')}.`);
}

function faultsOf(issue: Issue, top: WantedObject): string[] {
  const wanted = find(top, issue.path);
  const path = issue.path.map(String).join('.');
  const at = path === '' ? '' : `${path}: `;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, MAX_FAULTS).map((key) => at + unknownName(key, wanted));
  if (path === '') return ['the arguments must be an object with the parameters by name'];
  return [at + (faultOf(issue, wanted) ?? 'is not valid')];
}

function faultOf(issue: Issue, wanted: Wanted | undefined): string | undefined {
  const about = wanted?.about === undefined ? '' : ` (${wanted.about.replace(/\.$/, '')})`;
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input !== undefined) return `must be ${expectation(wanted)}${about}`;
      return wanted?.kind === 'object' ? `is missing: ${expectation(wanted)}${about}` : `is missing${about}`;
    case 'invalid_value':
      return issue.input === undefined
        ? `is missing: ${choice(issue.values)}${about}`
        : `must be ${choice(issue.values)}`;
    case 'too_small':
      return `must ${quantity(wanted, `at least ${issue.minimum}`)}`;
    case 'too_big':
      return `must ${quantity(wanted, `at most ${issue.maximum}`)}`;
    case 'custom':
    case 'invalid_format':
      // Declarations have sentences of their own.
      return issue.message;
    default:
      return undefined;
  }
}

function choice(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1 ? `${texts[0]}` : `one of ${texts.join(', ')}`;
}

function quantity(wanted: Wanted | undefined, bound: string): string {
  if (wanted?.kind === 'text') return `have ${bound} characters`;
  return wanted?.kind === 'list' ? `have ${bound} entries` : `be ${bound}`;
}

function expectation(wanted: Wanted | undefined): string {
  switch (wanted?.kind) {
    case 'number':
      return 'a whole number such as 20';
    case 'boolean':
    case 'flag':
      return 'true or false';
    case 'text':
      return 'a text';
    case 'list':
      return `a list, each entry ${expectation(wanted.item)}`;
    case 'object':
      return `an object with ${[...wanted.members.keys()].slice(0, MAX_NAMES).join(', ')}`;
    case 'dictionary':
      return 'an object such as {"name":"text"}';
    default:
      return 'of another type';
  }
}

/** Names the parameter that is probably meant, otherwise all there are. */
function unknownName(name: string, wanted: Wanted | undefined): string {
  const names = wanted?.kind === 'object' ? [...wanted.members.keys()] : [];
  const near = nearest(name, names);
  const advice = near === undefined ? `there are ${names.slice(0, MAX_NAMES).join(', ')}` : `probably ${near} is meant`;
  return `there is no parameter ${JSON.stringify(name.slice(0, MAX_NAME_CHARS))}; ${advice}`;
}

/** The known name that differs least, if it differs little: in case, separators, one word more, or one letter in three. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const own = plain(name.slice(0, MAX_NAME_CHARS));
  if (own.length < 2) return undefined;
  const ranked = names
    .map((each) => {
      const other = plain(each);
      const isPart = own.length > 2 && other.length > 2 && (other.includes(own) || own.includes(other));
      return { each, distance: isPart ? 1 : editDistance(own, other) };
    })
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(1, Math.floor(own.length / 3)) ? best.each : undefined;
}

/** Insertions, deletions and substitutions that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...to].entries()) {
      const [above = 0, diagonal = 0, left = 0] = [row[column + 1], row[column], next[column]];
      next.push(Math.min(above + 1, left + 1, diagonal + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function find(top: WantedObject, path: readonly PropertyKey[]): Wanted | undefined {
  return path.reduce<Wanted | undefined>((wanted, step) => {
    if (wanted?.kind === 'object') return wanted.members.get(String(step));
    if (wanted?.kind === 'list') return wanted.item;
    return wanted?.kind === 'dictionary' ? wanted.value : undefined;
  }, top);
}
