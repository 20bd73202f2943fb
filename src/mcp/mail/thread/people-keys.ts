/** Gives each person of a conversation a short key: the initials. Keys belong to addresses, so that a name cannot take the key of another person. */
import { ME } from '../../../mail/thread/participants.ts';
import type { Thread, ThreadMessage } from '../../../mail/thread/thread.ts';
import { personText } from '../../person-text.ts';

/** Keys by address in lower case, and the text of each person by key. */
export interface PeopleKeys {
  keyOf(person: string): string;
  /** True for a key that was given. */
  has(key: string): boolean;
  textOf(key: string): string;
}

const MAX_INITIALS = 2;

export function createPeopleKeys(
  { messages }: Pick<Thread, 'messages'>,
  me: { fullName: string; email: string },
): PeopleKeys {
  const keys = new Map<string, string>([[ME, ME]]);
  const texts = new Map<string, string>([[ME, personText({ name: me.fullName, address: me.email })]]);
  const names = namesOf(messages);
  const counts = new Map<string, number>();
  return {
    keyOf(person) {
      const known = keys.get(person);
      if (known !== undefined) return known;
      const named = names.get(person) ?? { name: '', address: person };
      const initials = initialsOf(named);
      const count = (counts.get(initials) ?? 0) + 1;
      counts.set(initials, count);
      const key = count === 1 ? initials : `${initials}${count}`;
      keys.set(person, key);
      texts.set(key, personText(named));
      return key;
    },
    has: (key) => texts.has(key),
    textOf: (key) => texts.get(key) ?? key,
  };
}

interface Named {
  name: string;
  address: string;
}

/** The name that a person uses; else the one that others use first. */
function namesOf(messages: readonly ThreadMessage[]): Map<string, Named> {
  const names = new Map<string, Named>();
  const add = (people: readonly Named[]) => {
    for (const { name, address } of people) {
      const known = names.get(address.toLowerCase());
      if (known === undefined || (known.name.trim() === '' && name.trim() !== '')) {
        names.set(address.toLowerCase(), { name, address });
      }
    }
  };
  for (const { message, counts } of messages) if (counts) add(message.from.slice(0, 1));
  for (const { message } of messages) add([...message.from, ...message.to, ...message.cc]);
  return names;
}

/** `Mara Lindqvist` and `Lindqvist, Mara` are ML, `mara.l@…` is ML, and `mara@…` is MA. */
function initialsOf({ name, address }: Named): string {
  const [, last, first] = /^\s*([^,]{1,80}),\s*([^,]{1,80})$/.exec(name) ?? [];
  const shown = last === undefined ? name.slice(0, 200) : `${first} ${last}`;
  const isName = /\p{L}/u.test(shown) && !shown.includes('@');
  const words = (isName ? shown : (address.split('@')[0] ?? '')).match(/\p{L}+/gu) ?? [];
  const [start = 'P'] = words;
  const end = words.length > 1 ? words.at(-1) : undefined;
  const letters = end === undefined ? [...start].slice(0, MAX_INITIALS) : [[...start][0], [...end][0]];
  const initials = letters.join('').toUpperCase().slice(0, MAX_INITIALS);
  // Not to be taken for the account owner.
  return initials === ME.toUpperCase() ? 'M.E.' : initials;
}
