/** Generates requests to /mcp that cost a server without limits much time or memory. Each is built when it is needed, as it may be long. */

export interface HostileRequest {
  name: string;
  headers?: Record<string, string>;
  body(): string;
}

const MAX_BYTES = 12 * 1024 * 1024;

/** About as long as the server accepts. */
const LONG_BYTES = 11_500_000;

const callOf = (name: string, args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(name)},"arguments":${args}}}`;

/** A call whose arguments repeat one piece up to the length. */
const filled = (open: string, piece: string, close: string, bytes = LONG_BYTES): string =>
  callOf('list_mailboxes', `${open}${piece.repeat(Math.floor(bytes / Buffer.byteLength(piece)))}${close}`);

const numbered = (count: number, entry: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => entry(index)).join(',');

/** Bodies with many JSON values, or deeply nested ones: refused before they are parsed. */
export const manyValues: readonly HostileRequest[] = [
  { name: 'empty objects', body: () => filled('{"a":[', '{},', '{}]}') },
  { name: 'empty objects, and nothing else', body: () => `{"a":[${'{},'.repeat(LONG_BYTES / 3)}{}]}` },
  { name: 'empty lists', body: () => filled('{"a":[', '[],', '[]]}') },
  { name: 'zeros', body: () => filled('{"a":[', '0,', '0]}') },
  { name: 'empty texts', body: () => filled('{"a":[', '"",', '""]}') },
  { name: 'texts of an escaped quote', body: () => filled('{"a":[', '"\\"",', '""]}') },
  { name: 'the same key again and again', body: () => filled('{', '"a":{},', '"a":1}') },
  { name: 'different keys', body: () => callOf('list_mailboxes', `{${numbered(600_000, (n) => `"k${n}":{}`)}}`) },
  { name: 'number-like keys', body: () => callOf('list_mailboxes', `{${numbered(800_000, (n) => `"${n * 7}":1`)}}`) },
  { name: 'space between values', body: () => filled('{"a":[', ' {} ,', '{}]}') },
  { name: 'lists in lists', body: () => filled('{"a":', '[', '') },
  { name: 'objects in objects', body: () => filled('{"a":', '{"a":', '') },
  { name: 'nested lists side by side', body: () => filled('{"a":[', `${'['.repeat(30)}${']'.repeat(30)},`, '1]}') },
  {
    name: 'a batch of calls with empty objects',
    body: () => `[${numbered(20, () => filled('{"a":[', '{},', '{}]}', LONG_BYTES / 20))}]`,
  },
  {
    name: 'an envelope of empty objects',
    body: () => `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"a":[${'{},'.repeat(3_800_000)}1]}}}`,
  },
];

/** Bodies of few values and many bytes: read, and parsed without delay to others. */
export const longTexts: readonly HostileRequest[] = [
  { name: 'one long text', body: () => filled('{"a":"', 'x', '"}') },
  { name: 'a text of escapes', body: () => filled('{"a":"', '\\u0041', '"}') },
  { name: 'a text of escaped line breaks', body: () => filled('{"a":"', '\\n', '"}') },
  { name: 'a text of escaped backslashes', body: () => filled('{"a":"', '\\\\', '"}') },
  { name: 'a text of wide characters', body: () => filled('{"a":"', '漢', '"}') },
  { name: 'a long text with one wide character', body: () => filled('{"a":"漢', 'x', '"}') },
  { name: 'a long key', body: () => filled('{"', 'k', '":1}') },
  { name: 'a long number', body: () => filled('{"a":', '1', '}') },
  { name: 'space', body: () => filled('{', ' ', '}') },
  {
    name: 'long keys',
    body: () => callOf('list_mailboxes', `{${numbered(9_000, (n) => `"${'k'.repeat(1_200)}${n}":1`)}}`),
  },
  {
    name: 'a tool with a long name',
    body: () => callOf('x'.repeat(LONG_BYTES), '{}'),
  },
  {
    name: 'an id that is long',
    body: () => `{"jsonrpc":"2.0","id":"${'1'.repeat(LONG_BYTES)}","method":"tools/list"}`,
  },
  { name: 'a method that is long', body: () => `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(LONG_BYTES)}"}` },
  { name: 'text that is no JSON', body: () => 'x'.repeat(LONG_BYTES) },
];

/** Bodies that are longer than the server accepts. */
export const tooLong: readonly HostileRequest[] = [
  { name: 'a text beyond the limit', body: () => filled('{"a":"', 'x', '"}', MAX_BYTES + 1) },
  { name: 'space beyond the limit', body: () => `${' '.repeat(MAX_BYTES)}{}` },
  { name: 'a text of escapes beyond the limit', body: () => filled('{"a":"', '\\n', '"}', MAX_BYTES + 1) },
];

/** Address lists whose parsing takes long, of at most `length` characters. */
export const hostileAddressLists: Readonly<Record<string, (length: number) => string>> = {
  'nested comments': (n) => `${'('.repeat(n / 2 - 8)}${')'.repeat(n / 2 - 8)}a@b.example`,
  'comments that are not closed': (n) => `${'('.repeat(n - 12)}a@b.example`,
  'comments that were not opened': (n) => `a@b.example ${')'.repeat(n - 12)}`,
  'comments side by side': (n) => `${'()'.repeat(n / 2 - 6)}a@b.example`,
  'comments of backslashes': (n) => `(${'\\\\'.repeat(n / 2 - 8)})a@b.example`,
  'comments and quotes in turn': (n) => `${'("'.repeat(n / 2 - 6)}a@b.example`,
  'quotes that are not closed': (n) => `"${'\\"'.repeat(n / 2 - 8)}a@b.example`,
  quotes: (n) => `${'""'.repeat(n / 2 - 6)}a@b.example`,
  backslashes: (n) => `"${'\\'.repeat(n - 16)}a@b.example`,
  groups: (n) => `${'g:'.repeat(n / 2 - 8)}a@b.example;`,
  'empty groups': (n) => `${'g:;'.repeat(n / 3 - 4)}a@b.example`,
  commas: (n) => ','.repeat(n),
  'names and commas': (n) => 'a,'.repeat(n / 2),
  semicolons: (n) => ';'.repeat(n),
  'opening angle brackets': (n) => `${'<'.repeat(n - 12)}a@b.example`,
  'closing angle brackets': (n) => `a@b.example ${'>'.repeat(n - 12)}`,
  'pairs of angle brackets': (n) => '<>'.repeat(n / 2),
  'at signs': (n) => '@'.repeat(n),
  'short addresses': (n) => 'a@b.c,'.repeat(n / 6),
  'addresses with names': (n) => '"A B" <a@b.example>, '.repeat(n / 21),
  'addresses with names that are not delimited': (n) => 'A B a@b.example, '.repeat(n / 17),
  'encoded words': (n) => `${'=?utf-8?Q?=41?= '.repeat(n / 16 - 1)}<a@b.example>`,
  'square brackets': (n) => `a@${'['.repeat(n - 4)}`,
  dots: (n) => `${'a.'.repeat(n / 2 - 8)}a@b.example`,
  'labels of a domain': (n) => `a@${'b.'.repeat(n / 2 - 8)}example`,
  'a word without spaces': (n) => `${'a'.repeat(n - 10)}@b.example`,
  spaces: (n) => `a@b.example${' '.repeat(n - 12)}`,
  'wide letters': (n) => `a@${'ü'.repeat(n - 16)}.example`,
};

/** Calls of the sending tool with such lists. */
export const hostileAddresses: readonly HostileRequest[] = Object.entries(hostileAddressLists).map(
  ([name, listOf]) => ({
    name: `to: ${name}`,
    body: () => callOf('send_mail_message', JSON.stringify({ to: listOf(32_000), subject: 'x', text_body: 'x' })),
  }),
);

/** Drafts whose text takes long to encode. */
export const longDrafts: readonly HostileRequest[] = (
  [
    ['line breaks', '\\n'],
    ['returns', '\\r'],
    ['wide characters', '漢'],
    ['characters of two units', '😀'],
    ['lines', 'A line of a letter that is as long as such lines are.\\n'],
    ['one line', 'x'],
    ['spaces', ' '],
    ['equals signs', '='],
  ] as const
).map(([name, piece]) => ({
  name: `a draft of ${name}`,
  body: () => {
    const characters = JSON.parse(`"${piece}"`).length;
    const text = piece.repeat(Math.floor(Math.min(4_900_000 / characters, 11_000_000 / Buffer.byteLength(piece))));
    return callOf('create_draft_mail_message', `{"to":"","subject":"x","text_body":"${text}"}`);
  },
}));
