/** Writes people as a model reads them and passes them back: `Ann Lee <ann@example.com>`, and `me` for the account itself. */
import type { MessageSummary } from '../../../mail/mime/summary.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { ME, personText } from '../../person-text.ts';

type Address = MessageSummary['from'][number];

/** People that a row shows of one field. */
const MAX_SHOWN = 3;

export const peopleTexts = (people: readonly Address[]): string[] => withoutEmptyGroups(people).map(personText);

/** A group without members says something only where there is no other recipient, and if it has a name. */
function withoutEmptyGroups(people: readonly Address[]): readonly Address[] {
  const mailboxes = people.filter(({ address }) => address !== '');
  return mailboxes.length === 0 ? people.filter(({ name }) => name.trim() !== '') : mailboxes;
}

interface RowPeople {
  people: readonly Address[];
  /** True if some people of the message may be missing. */
  mayBeCut: boolean;
}

/** The first people of a field, and how many more there are: `2 more`. */
export function rowPeople({ people: given, mayBeCut }: RowPeople, ownAddresses: readonly string[]): string[] {
  const people = withoutEmptyGroups(given);
  const shown = people
    .slice(0, MAX_SHOWN)
    .map((person) => (isOwnAddress(person.address, ownAddresses) ? ME : personText(person)));
  const more = people.length - shown.length;
  return more <= 0 ? shown : [...shown, mayBeCut ? `more than ${more} more` : `${more} more`];
}

/** The authors as a row shows them. @param isProven false: an own address is shown as what it is, an address that anyone can write */
export function rowAuthors(
  field: RowPeople,
  { ownAddresses, isProven }: { ownAddresses: readonly string[]; isProven: boolean },
): { from: string; claims_me: boolean } {
  const isClaimed = withoutEmptyGroups(field.people).some(({ address }) => isOwnAddress(address, ownAddresses));
  return {
    from: rowPeople(field, isProven ? ownAddresses : []).join(', '),
    claims_me: isClaimed && !isProven,
  };
}

/** The recipients of a field as a row shows them; empty if there are none but the account. */
export function rowRecipients(field: RowPeople, ownAddresses: readonly string[]): string[] {
  const hasOthers = withoutEmptyGroups(field.people).some(({ address }) => !isOwnAddress(address, ownAddresses));
  return hasOthers ? rowPeople(field, ownAddresses) : [];
}
