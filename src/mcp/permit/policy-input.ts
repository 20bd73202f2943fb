/** Limits as an operator writes them → a checked Policy. Every fault is a sentence. */
import { z } from 'zod';
import { quoteName } from '../../mail/imap/mailbox-name.ts';
import { METHODS, type Method, type Policy } from '../../policy.ts';
import { folderEntry } from './folders.ts';
import { isOffered, type ToolKind } from './permit.ts';
import { recipientEntry } from './recipients.ts';

/** What is absent is not limited. */
export interface PolicyInput {
  /** Names of methods, or `read` and `write` for several. */
  methods?: readonly string[] | undefined;
  tags?: readonly string[] | undefined;
  tools?: readonly string[] | undefined;
  recipients?: readonly string[] | undefined;
  folders?: readonly string[] | undefined;
  /** Decimal. */
  maxSendsPerHour?: string | undefined;
  /** ISO 8601: a date, which begins at midnight UTC, or a time with its zone. */
  expiresAt?: string | undefined;
}

/** What the two words of the seed stand for. */
export const METHOD_GROUPS: Readonly<Record<string, readonly Method[]>> = {
  read: ['list', 'get', 'search'],
  write: ['create', 'update', 'delete', 'send'],
};

/**
 * @param tools all that there are, which tags and names have to fit
 * @param nameOf what the operator calls a limit: `--methods`, `config.methods`
 * @returns all faults at once; the policy counts only if there are none
 */
export function readPolicy(
  input: PolicyInput,
  { tools, now, nameOf }: { tools: readonly ToolKind[]; now: Date; nameOf: (limit: keyof PolicyInput) => string },
): { policy: Policy; expiresAt: Date | undefined; faults: string[] } {
  const faults: string[] = [];

  /** A list without repetitions, in the order given. */
  function list<T extends string>(limit: keyof PolicyInput, read: (text: string) => readonly T[] | string) {
    const given = input[limit];
    if (given === undefined || typeof given === 'string') return undefined;
    if (given.length === 0) faults.push(`${nameOf(limit)} names nothing. Leave it out to have no such limit.`);
    const values = given.flatMap((text) => {
      const value = read(text);
      if (typeof value !== 'string') return value;
      faults.push(`${nameOf(limit)}: ${value}`);
      return [];
    });
    return [...new Set(values)];
  }
  const oneOf = (what: string, known: readonly string[]) => (text: string) =>
    known.includes(text) ? [text] : `there is no ${what} ${quoteName(text)}. Known are: ${known.join(', ')}.`;
  const entry = (read: (text: string) => string | undefined, must: string) => (text: string) => {
    const value = read(text);
    return value === undefined ? `${quoteName(text)} must be ${must}.` : [value];
  };

  const policy = withoutAbsent({
    methods: list('methods', methodsOf),
    tags: list('tags', oneOf('tag', [...new Set(tools.flatMap(({ tags }) => tags))])),
    tools: list(
      'tools',
      oneOf(
        'tool',
        tools.map(({ name }) => name),
      ),
    ),
    folders: list('folders', entry(folderEntry, 'the name of a mailbox, or end in /* for all below it')),
    recipients: list('recipients', entry(recipientEntry, 'an address or @ with a domain')),
    max_sends_per_hour: maxSends(),
  });
  const expiresAt = expiry();
  if (faults.length === 0 && !tools.some((tool) => isOffered(policy, tool))) {
    const limits = (['methods', 'tags', 'tools'] as const).filter((limit) => input[limit] !== undefined);
    faults.push(`${limits.map(nameOf).join(', ')}: no tool is left.`);
  }
  return { policy, expiresAt, faults };

  function maxSends(): number | undefined {
    const given = input.maxSendsPerHour;
    if (given === undefined || /^\d{1,6}$/.test(given)) return given === undefined ? undefined : Number(given);
    faults.push(`${nameOf('maxSendsPerHour')} must be a whole number, 0 or more.`);
    return undefined;
  }

  function expiry(): Date | undefined {
    const given = input.expiresAt;
    if (given === undefined) return undefined;
    if (!IsoTime.safeParse(given).success) {
      faults.push(`${nameOf('expiresAt')} must be a time such as 2027-01-31 or 2027-01-31T12:00:00Z.`);
    } else if (new Date(given) <= now) faults.push(`${nameOf('expiresAt')} is in the past.`);
    return new Date(given);
  }
}

const IsoTime = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

function methodsOf(text: string): readonly Method[] | string {
  const single = METHODS.filter((method) => method === text);
  if (single.length > 0) return single;
  const group = Object.hasOwn(METHOD_GROUPS, text) ? METHOD_GROUPS[text] : undefined;
  const known = [...Object.keys(METHOD_GROUPS), ...METHODS].join(', ');
  return group ?? `there is no method ${quoteName(text)}. Known are: ${known}.`;
}

function withoutAbsent(policy: { [Limit in keyof Policy]: Policy[Limit] | undefined }): Policy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}
