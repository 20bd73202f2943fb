/** Ids of the initial rows of the stand-in for Missive. */
const of = (kind: string) => (number: number) =>
  `${kind.padEnd(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;

const organization = of('0a9');
const user = of('05e4');
const team = of('7ea');
const book = of('b00c');
const group = of('96');
const contact = of('c047');
const label = of('1abe');
const conversation = of('c044');
const message = of('3e55');
const comment = of('c033');
const draft = of('d4af');
const post = of('9057');
const task = of('7a5c');
const response = of('4e59');
const account = of('acc0');
const hook = of('400c');
const report = of('4e90');

export const ids = {
  /** Belongs to no row. */
  unknown: of('dead')(1),
  organization: organization(1),
  otherOrganization: organization(2),
  /** The owner of the API token. */
  ana: user(1),
  bo: user(2),
  support: team(1),
  sales: team(2),
  enterpriseLeads: book(1),
  vipProspects: book(2),
  privateBook: book(3),
  vipGroup: group(1),
  exampleCompany: group(2),
  max: contact(1),
  lea: contact(2),
  supportLabel: label(1),
  urgent: label(2),
  escalated: label(3),
  engineering: label(4),
  /** Jane Doe asks for an offer. */
  prospect: conversation(1),
  /** The team's comments mention a database outage. */
  outage: conversation(2),
  closed: conversation(3),
  guest: conversation(4),
  older: conversation(5),
  janesMessage: message(1),
  ourReply: message(2),
  outageMessage: message(3),
  comment,
  message,
  conversation,
  contact,
  draft: draft(1),
  post: post(1),
  task: task(1),
  subtask: task(2),
  thanks: response(1),
  imported: response(2),
  customChannel: account(1),
  hook: hook(1),
  report: report(1),
} as const;
