/** Records what each mailbox must contain after the calls that change it. */

/** The copies of one message in one account. `alternatives`: lists of folders, one of which must match at the end. A single list means certainty. */
interface Expected {
  owner: number;
  subject: string;
  alternatives: string[][];
}

export interface Model {
  /** @param alternatives lists of folders, one of which must be correct */
  expect(owner: number, subject: string, ...alternatives: string[][]): void;
  /** Excludes the message from pick(). */
  reserve(owner: number, subject: string): void;
  /** A message of this person that is certainly in exactly one folder; undefined if there is none. */
  pick(owner: number, random: () => number): { subject: string; folder: string } | undefined;
  /** @param actual folder → subjects, for each person. @returns a sentence for each difference */
  differences(actual: readonly Map<string, string[]>[]): string[];
  /** Number of known messages. */
  size(): number;
}

export function createModel(): Model {
  const all = new Map<string, Expected>();
  const reserved = new Set<string>();
  const keyOf = (owner: number, subject: string) => `${owner} ${subject}`;
  return {
    expect(owner, subject, ...alternatives) {
      all.set(keyOf(owner, subject), { owner, subject, alternatives });
    },
    reserve(owner, subject) {
      reserved.add(keyOf(owner, subject));
    },
    pick(owner, random) {
      const certain = [...all.values()].flatMap(({ owner: messageOwner, subject, alternatives: [first, ...others] }) =>
        messageOwner === owner && others.length === 0 && first?.length === 1 && !reserved.has(keyOf(owner, subject))
          ? [{ subject, folder: first[0] ?? '' }]
          : [],
      );
      return certain[Math.floor(random() * certain.length)];
    },
    differences(actual) {
      const wrong = [...all.values()].flatMap(({ owner, subject, alternatives }) => {
        const found = [...(actual[owner] ?? [])].flatMap(([folder, subjects]) =>
          subjects.filter((each) => each === subject).map(() => folder),
        );
        const isRight = alternatives.some((folders) => [...folders].sort().join() === [...found].sort().join());
        return isRight
          ? []
          : [`${subject} of person ${owner} is in [${found}], expected ${JSON.stringify(alternatives)}`];
      });
      const unexpected = actual.flatMap((folders, owner) =>
        [...folders].flatMap(([folder, subjects]) =>
          subjects
            .filter((subject) => !all.has(keyOf(owner, subject)))
            .map((subject) => `${subject} of person ${owner} is in ${folder}, but no call put it there`),
        ),
      );
      return [...wrong, ...unexpected];
    },
    size: () => all.size,
  };
}
