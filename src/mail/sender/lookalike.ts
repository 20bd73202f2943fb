/** Compares domains as people see them: letters of other alphabets, letters that look alike, one letter more or less, and the same name elsewhere. */
import { domainToUnicode } from 'node:url';
import { areAligned, comparableDomain, nameOfDomain } from './domains.ts';

/** Shorter names resemble each other by chance. */
const MIN_CHARS = 5;
/** Of names that are as long, two letters may differ. */
const LONG_CHARS = 12;

/**
 * Finds the known domain that another one could be taken for.
 *
 * @returns undefined if there is none, or the domain belongs to the organization of a known one
 */
export function resembledDomain(domain: string, known: readonly string[]): string | undefined {
  const asked = comparableDomain(domain);
  if (asked === '' || known.some((one) => areAligned(asked, one))) return undefined;
  return known.find((one) => resembles(asked, comparableDomain(one)));
}

/** Belongs to no organization, under any suffix (RFC 2606 §3). */
const RESERVED_NAME = 'example';

function resembles(one: string, other: string): boolean {
  if (nameOfDomain(one) === RESERVED_NAME) return false;
  const [first, second] = [shapeOf(nameOfDomain(one)), shapeOf(nameOfDomain(other))];
  if (second.length < MIN_CHARS) return first === second && shapeOf(one) === shapeOf(other);
  if (first === second || shapeOf(one).includes(shapeOf(other))) return true;
  const parts = nameOfDomain(one).split('-').map(shapeOf);
  if (parts.length > 1 && parts.includes(second)) return true;
  return isWithin(first, second, second.length >= LONG_CHARS ? 2 : 1);
}

/** Letters of other alphabets and digits that look like the Latin letter. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  ...{ а: 'a', ɑ: 'a', α: 'a', ь: 'b', с: 'c', ԁ: 'd', е: 'e', ε: 'e', ց: 'g', һ: 'h', н: 'h', і: 'i', ı: 'i', ι: 'i' },
  ...{ ј: 'j', к: 'k', κ: 'k', ӏ: 'l', м: 'm', п: 'n', η: 'n', о: 'o', ο: 'o', σ: 'o', р: 'p', ρ: 'p', ԛ: 'q', г: 'r' },
  ...{ ѕ: 's', т: 't', τ: 't', υ: 'u', ц: 'u', ѵ: 'v', ν: 'v', ѡ: 'w', ω: 'w', ԝ: 'w', х: 'x', χ: 'x', у: 'y', γ: 'y' },
  ...{ ø: 'o', ł: 'l', đ: 'd', ħ: 'h', ß: 'ss', æ: 'ae', œ: 'oe', '0': 'o', '1': 'l', '3': 'e', '5': 's' },
};

/** What a name looks like. */
function shapeOf(name: string): string {
  const latin = [...domainToUnicode(name).normalize('NFKD').toLowerCase()]
    .filter((letter) => !/[\p{M}.-]/u.test(letter))
    .map((letter) => LOOKALIKES[letter] ?? letter)
    .join('');
  return latin.replaceAll('rn', 'm').replaceAll('vv', 'w').replaceAll('cl', 'd').replaceAll('i', 'l');
}

/** True if at most so many letters have to be changed, added, left out or exchanged with their neighbour. Names have at most 63 letters. */
function isWithin(one: string, other: string, most: number): boolean {
  if (Math.abs(one.length - other.length) > most) return false;
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const isSame = one[at - 1] === other[to - 1];
      const isExchanged = at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      next.push(
        Math.min(
          (row[to] ?? 0) + 1,
          (next[to - 1] ?? 0) + 1,
          (row[to - 1] ?? 0) + (isSame ? 0 : 1),
          isExchanged ? (before[to - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return (row[other.length] ?? 0) <= most;
}
