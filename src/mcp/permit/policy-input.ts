/** Reads the limits of a policy as an operator writes them, and reports each fault as a sentence. */
import { z } from 'zod';
import { quoteName } from '../../mail/mailbox-name.ts';
import { METHODS, type Method, type Policy } from '../../policy.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import type { ToolKind } from '../tool.ts';
import { folderEntry } from './folders.ts';
import { isOffered } from './permit.ts';
import { recipientEntry } from './recipients.ts';

/** The limits as written by the operator. A limit that is absent does not apply. */
export interface PolicyInput {
  /** Names of methods, or `read` and `write` for several. */
  methods?: readonly string[] | undefined;
  tags?: readonly string[] | undefined;
  tools?: readonly string[] | undefined;
  recipients?: readonly string[] | undefined;
  folders?: readonly string[] | undefined;
  /** Decimal. */
  maxSendsPerHour?: string | undefined;
  /** Decimal. */
  maxChangesPerHour?: string | undefined;
  /** ISO 8601: a date, which begins at midnight UTC, or a time with its zone. */
  expiresAt?: string | undefined;
}

type Limit = keyof PolicyInput;

/** What is wrong with a limit: a sentence that begins with its name. */
export interface LimitFault {
  limit: Limit;
  sentence: string;
}

/** Groups of methods that an operator can name by one word. */
export const METHOD_GROUPS: Readonly<Record<string, readonly Method[]>> = {
  read: ['list', 'get', 'search'],
  write: ['create', 'update', 'delete', 'send'],
};

/**
 * Parses the limits and checks that they leave at least one tool.
 *
 * @param tools all tools; tags and names are checked against them
 * @param nameOf the operator's name for a limit: `--methods`, `config.methods`
 * @returns all faults together; the policy is valid only if there are none
 */
export function readPolicy(
  input: PolicyInput,
  { tools, now, nameOf }: { tools: readonly ToolKind[]; now: Date; nameOf: (limit: Limit) => string },
): { policy: Policy; expiresAt: Date | undefined; faults: LimitFault[] } {
  const read = new LimitReader(input, nameOf);
  const tags = [...new Set(tools.flatMap((tool) => tool.tags))];
  const names = tools.map(({ name }) => name);
  const policy = withoutAbsent({
    methods: read.list('methods', methodsOf),
    tags: read.list('tags', oneOf('tag', tags)),
    tools: read.list('tools', oneOf('tool', names)),
    folders: read.list('folders', entry(folderEntry, 'the name of a mailbox, or end in /* for all below it')),
    recipients: read.list('recipients', entry(recipientEntry, 'an address or @ with a domain')),
    max_sends_per_hour: read.count('maxSendsPerHour'),
    max_changes_per_hour: read.count('maxChangesPerHour'),
  });
  const expiresAt = read.expiresAt(now);
  if (read.faults.length === 0 && !tools.some((tool) => isOffered(policy, tool))) {
    const limits = (['methods', 'tags', 'tools'] as const).filter((limit) => input[limit] !== undefined);
    read.faults.push({ limit: limits[0] ?? 'methods', sentence: `${limits.map(nameOf).join(', ')}: no tool is left.` });
  }
  return { policy, expiresAt, faults: read.faults };
}

/** Reads one limit after another, and collects the faults. */
class LimitReader {
  readonly faults: LimitFault[] = [];
  readonly #input: PolicyInput;
  readonly #nameOf: (limit: Limit) => string;

  constructor(input: PolicyInput, nameOf: (limit: Limit) => string) {
    this.#input = input;
    this.#nameOf = nameOf;
  }

  /**
   * A list without repetitions, in the order given; undefined if it is absent.
   *
   * @param read returns the values of one element, or a fault
   */
  list<T extends string>(limit: Limit, read: (text: string) => readonly T[] | string): T[] | undefined {
    const given = this.#input[limit];
    if (given === undefined || typeof given === 'string') return undefined;
    if (given.length === 0) {
      this.#report(limit, ' names nothing. Leave it out to have no such limit.');
    }
    const values = given.flatMap((text) => {
      const value = read(text);
      if (typeof value !== 'string') return value;
      this.#report(limit, `: ${value}`);
      return [];
    });
    return [...new Set(values)];
  }

  count(limit: 'maxSendsPerHour' | 'maxChangesPerHour'): number | undefined {
    const given = this.#input[limit];
    if (given === undefined) return undefined;
    if (/^0*[1-9]\d{0,5}$/.test(given)) return Number(given);
    const without = limit === 'maxSendsPerHour' ? 'read, create, update, delete' : 'read, create, send';
    const instead = /^0+$/.test(given) ? ` To allow none, set ${this.#nameOf('methods')} to ${without}.` : '';
    this.#report(limit, ` must be a whole number, 1 to 999999.${instead}`);
    return undefined;
  }

  expiresAt(now: Date): Date | undefined {
    const given = this.#input.expiresAt;
    if (given === undefined) return undefined;
    if (!IsoTime.safeParse(given).success) {
      this.#report('expiresAt', ' must be a time such as 2027-01-31 or 2027-01-31T12:00:00Z.');
    } else if (new Date(given) <= now) this.#report('expiresAt', ' is in the past.');
    return new Date(given);
  }

  /** @param rest the sentence after the name of the limit */
  #report(limit: Limit, rest: string): void {
    this.faults.push({ limit, sentence: this.#nameOf(limit) + rest });
  }
}

const IsoTime = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

const oneOf = (what: string, known: readonly string[]) => (text: string) =>
  known.includes(text) ? [text] : unknown(what, text, known);

const unknown = (what: string, text: string, known: readonly string[]): string =>
  `there is no ${what} ${quoteName(text)}.${didYouMean(text, known)} Known are: ${known.join(', ')}.`;

const entry = (read: (text: string) => string | undefined, must: string) => (text: string) => {
  const value = read(text);
  return value === undefined ? `${quoteName(text)} must be ${must}.` : [value];
};

function methodsOf(text: string): readonly Method[] | string {
  const single = METHODS.filter((method) => method === text);
  if (single.length > 0) return single;
  const group = Object.hasOwn(METHOD_GROUPS, text) ? METHOD_GROUPS[text] : undefined;
  return group ?? unknown('method', text, [...Object.keys(METHOD_GROUPS), ...METHODS]);
}

function withoutAbsent(policy: { [Limit in keyof Policy]: Policy[Limit] | undefined }): Policy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}
