/** Records what each mailbox must contain after the calls that change it, and which keywords each message must have. */

/** The copies of one message in one account. `alternatives`: lists of folders, one of which must match at the end. A single list means certainty. */
interface Expected {
  owner: number;
  subject: string;
  alternatives: string[][];
}

export interface FoundMessage {
  subject: string;
  flags: readonly string[];
  raw: string;
}

interface Place {
  subject: string;
  folder: string;
}

export interface Model {
  /** @param alternatives lists of folders, one of which must be correct */
  expect(owner: number, subject: string, ...alternatives: string[][]): void;
  /** Excludes the message from pick(). */
  reserve(owner: number, subject: string): void;
  /** A message of this person that is certainly in exactly one folder; undefined if there is none. */
  pick(owner: number, random: () => number, isWanted: (message: Place) => boolean): Place | undefined;
  /** Up to `count` further messages that are certainly in this folder alone. */
  pickIn(owner: number, folder: string, count: number): string[];
  /** Whether a message has a keyword; undefined: not known. */
  hasKeyword(owner: number, subject: string, keyword: string): boolean | undefined;
  expectKeyword(owner: number, subject: string, keyword: string, has: boolean | undefined): void;
  /** @param actual folder → messages, for each person. @returns a sentence for each difference */
  differences(actual: readonly Map<string, FoundMessage[]>[]): string[];
  /** Number of known messages. */
  size(): number;
}

/** @param isComplete whether a message has the file that it must have */
export function createModel(isComplete: (message: FoundMessage) => boolean): Model {
  const all = new Map<string, Expected>();
  const reserved = new Set<string>();
  const keywords = new Map<string, Map<string, boolean | undefined>>();
  const keyOf = (owner: number, subject: string) => `${owner} ${subject}`;
  const certainOf = (owner: number) =>
    [...all.values()].flatMap(({ owner: messageOwner, subject, alternatives: [first, ...others] }) =>
      messageOwner === owner && others.length === 0 && first?.length === 1 && !reserved.has(keyOf(owner, subject))
        ? [{ subject, folder: first[0] ?? '' }]
        : [],
    );
  return {
    expect(owner, subject, ...alternatives) {
      all.set(keyOf(owner, subject), { owner, subject, alternatives });
    },
    reserve(owner, subject) {
      reserved.add(keyOf(owner, subject));
    },
    pick(owner, random, isWanted) {
      const certain = certainOf(owner).filter(isWanted);
      return certain[Math.floor(random() * certain.length)];
    },
    pickIn(owner, folder, count) {
      const inFolder = certainOf(owner).filter((each) => each.folder === folder);
      return inFolder.slice(Math.max(0, inFolder.length - count)).map(({ subject }) => subject);
    },
    hasKeyword(owner, subject, keyword) {
      const known = keywords.get(keyOf(owner, subject));
      return known?.has(keyword) ? known.get(keyword) : false;
    },
    expectKeyword(owner, subject, keyword, has) {
      const key = keyOf(owner, subject);
      keywords.set(key, (keywords.get(key) ?? new Map<string, boolean | undefined>()).set(keyword, has));
    },
    differences(actual) {
      const wrong = [...all.values()].flatMap(({ owner, subject, alternatives }) => {
        const found = [...(actual[owner] ?? [])].flatMap(([folder, messages]) =>
          messages.filter((each) => each.subject === subject).map(() => folder),
        );
        const isRight = alternatives.some((folders) => [...folders].sort().join() === [...found].sort().join());
        return isRight
          ? []
          : [`${subject} of person ${owner} is in [${found}], expected ${JSON.stringify(alternatives)}`];
      });
      const unexpected = actual.flatMap((folders, owner) =>
        [...folders].flatMap(([folder, messages]) =>
          messages
            .filter(({ subject }) => !all.has(keyOf(owner, subject)))
            .map(({ subject }) => `${subject} of person ${owner} is in ${folder}, but no call put it there`),
        ),
      );
      const marked = actual.flatMap((folders, owner) =>
        [...folders.values()]
          .flat()
          .flatMap(({ subject, flags }) =>
            [...(keywords.get(keyOf(owner, subject)) ?? [])]
              .filter(([keyword, has]) => has !== undefined && has !== flags.includes(keyword))
              .map(([keyword, has]) => `${subject} of person ${owner} ${has ? 'lacks' : 'has'} the keyword ${keyword}`),
          ),
      );
      const incomplete = actual.flatMap((folders, owner) =>
        [...folders.values()]
          .flat()
          .filter((message) => !isComplete(message))
          .map(({ subject }) => `${subject} of person ${owner} lacks its file`),
      );
      return [...wrong, ...unexpected, ...marked, ...incomplete];
    },
    size: () => all.size,
  };
}
