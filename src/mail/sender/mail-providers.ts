/** Lists domains at which anyone can have an address: two of them with similar names are no imitation, and one of them has addresses of many people. */

/** By the name before the ending. Not here: endings that the provider does not serve itself. */
const ENDINGS: Readonly<Record<string, string>> = {
  aol: 'com de co.uk fr it',
  email: 'com de',
  fastmail: 'com fm',
  freenet: 'de',
  gmail: 'com',
  gmx: 'at ch co.uk com de es fr info li net org us',
  googlemail: 'com',
  hotmail: 'at be ch co.uk com com.br de es fr it nl se',
  hushmail: 'com',
  icloud: 'com',
  laposte: 'net',
  libero: 'it',
  live: 'at be ca cn co.uk com com.au de dk fr ie it jp nl no se',
  mac: 'com',
  mail: 'com de ru',
  mailbox: 'org',
  me: 'com',
  msn: 'com',
  naver: 'com',
  orange: 'fr',
  outlook: 'at be cl co.th com com.ar com.au com.br cz de dk es fr ie in it jp kr pt sg',
  pm: 'me',
  posteo: 'at ch de net org',
  proton: 'me',
  protonmail: 'ch com',
  qq: 'com',
  rocketmail: 'com',
  seznam: 'cz',
  't-online': 'de',
  tutanota: 'com de',
  wanadoo: 'fr',
  web: 'de',
  yahoo:
    'at ca co.id co.in co.jp co.kr co.nz co.uk co.za com com.ar com.au com.br com.hk com.mx com.sg com.tr com.tw de dk es fr gr ie it no pl ro se',
  yandex: 'com ru',
  ymail: 'com',
  zoho: 'com eu in',
};

const DOMAINS: ReadonlySet<string> = new Set(
  Object.entries(ENDINGS).flatMap(([name, endings]) => endings.split(' ').map((ending) => `${name}.${ending}`)),
);

/** @param domain lower case */
export const isMailProvider = (domain: string): boolean => DOMAINS.has(domain);
