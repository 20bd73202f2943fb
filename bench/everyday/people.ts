/** Names the people and businesses of the everyday mailbox. All of them are invented. */

/** Another address of the account owner. */
export const WORKSHOP = 'Fabricius Organs <workshop@example.test>';

/** The account owner. */
export const OWNER = {
  name: 'Nele Fabricius',
  email: 'nele.fabricius@example.test',
  identities: [WORKSHOP],
  timeZone: 'Europe/Berlin',
};

export const NELE = `${OWNER.name} <${OWNER.email}>`;

/** Who writes to the owner, as in a header. */
export const PEOPLE = {
  ruxandra: 'Ruxandra Popa <ruxandra.popa@example.test>',
  olamide: 'Olamide Berg <olamide.berg@example.test>',
  mattias: 'Mattias Sjö <mattias@example.test>',
  beatriz: 'Beatriz Salgado <b.salgado@example.test>',
  dmytro: 'Dmytro Hrytsenko <d.hrytsenko@example.test>',
  ewa: 'Ewa Łuczak <ewa.luczak@example.test>',
  hiroto: 'Hiroto Ando <hiroto.ando@example.test>',
  gudrun: 'Gudrun Aalto <g.aalto@example.test>',
  tamsin: 'Tamsin Okafor <tamsin.okafor@example.test>',
  philippa: 'Philippa Njoroge <philippa@example.test>',
  casper: 'Casper Thorup <casper.thorup@example.test>',
} as const;

/** The name of a person without the address. */
export const nameOf = (person: string): string => person.replace(/ <.*/, '');
