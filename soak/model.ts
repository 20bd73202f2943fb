/** What each mailbox must contain, kept beside the calls that change it. */

/** One person's copies of one message. `alternatives`: the folders it may be in at the end; one alternative means certainty. */
interface Expected {
  owner: number;
  subject: string;
  alternatives: string[][];
}

export interface Model {
  /** @param alternatives lists of folders, one of which has to be true */
  expect(owner: number, subject: string, ...alternatives: string[][]): void;
  /** From here on pick() does not give it. */
  reserve(owner: number, subject: string): void;
  /** A message of this person that is certainly in exactly one folder, or undefined if there is none. */
  pick(owner: number, random: () => number): { subject: string; folder: string } | undefined;
  /** @param actual folder → subjects, for each person. @returns a sentence for each difference */
  differences(actual: readonly Map<string, string[]>[]): string[];
  /** How many messages are known. */
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
      const certain = [...all.values()].flatMap(({ owner: whose, subject, alternatives: [first, ...others] }) =>
        whose === owner && others.length === 0 && first?.length === 1 && !reserved.has(keyOf(owner, subject))
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
      const strangers = actual.flatMap((folders, owner) =>
        [...folders].flatMap(([folder, subjects]) =>
          subjects
            .filter((subject) => !all.has(keyOf(owner, subject)))
            .map((subject) => `${subject} of person ${owner} is in ${folder}, and nobody put it there`),
        ),
      );
      return [...wrong, ...strangers];
    },
    size: () => all.size,
  };
}
