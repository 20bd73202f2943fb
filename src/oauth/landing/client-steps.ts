/**
 * Writes how each known client is connected: with the URL alone where the operator accepts dynamic clients, else with a client id. On the page of a
 * client that was just minted, the steps have its id and secret.
 */
import { type DynamicClients, isOpenToDynamicClients, isTrusted } from '../client/dynamic-clients.ts';
import { PRESETS } from '../client/presets.ts';
import { en, type Language } from '../pages/languages/en.ts';
import type { ClientStepsView, StepView } from '../pages/views.ts';

export interface ClientSteps extends ClientStepsView {
  /** True if the URL alone does not suffice. */
  needsId: boolean;
}

/** The values in the steps of one connection. */
interface Connection {
  url: string;
  /** Absent: the URL alone suffices. */
  credentials: Credentials | undefined;
}

interface Credentials {
  id: string;
  /** Null: the client has none. */
  secret: string | null;
}

interface KnownClient {
  /** A name of PRESETS. */
  preset: string;
  title: string;
  /** The host of its metadata document; absent if it has none and registers. */
  documentHost?: string;
  steps(connection: Connection, words: Language['steps']): StepView[];
}

/** The name of the connection in a client. */
const NAME = 'mail';
const CURSOR_FILE = '~/.cursor/mcp.json';
/** In the place of what is not known on a page for all. */
const PLACEHOLDERS: Credentials = { id: 'YOUR_CLIENT_ID', secret: 'YOUR_CLIENT_SECRET' };

const CLIENTS: readonly KnownClient[] = [
  {
    preset: 'claude',
    title: 'Claude',
    documentHost: 'claude.ai',
    steps: ({ url, credentials }, words) => [
      {
        text: words.claudeOpen,
        link: { text: words.claudeLink, url: 'https://claude.ai/settings/connectors' },
      },
      { text: words.claudeUrl, code: url },
      ...(credentials ? [{ text: words.claudeCredentials }] : []),
      { text: words.claudeConnect },
    ],
  },
  {
    preset: 'claude-code',
    title: 'Claude Code',
    documentHost: 'claude.ai',
    steps: ({ url, credentials }, words) => [
      {
        text: credentials ? words.terminalWithId : words.terminal,
        code: `claude mcp add --transport http ${credentials ? `--client-id ${credentials.id} ` : ''}${NAME} ${url}`,
      },
      { text: words.signIn, code: `claude mcp login ${NAME}` },
    ],
  },
  {
    preset: 'chatgpt',
    title: 'ChatGPT',
    documentHost: 'chatgpt.com',
    steps: ({ url, credentials }, words) => [
      {
        text: words.chatgptOpen,
        link: { text: words.chatgptLink, url: 'https://chatgpt.com/#settings/Connectors' },
      },
      { text: words.chatgptUrl, code: url },
      ...(credentials
        ? [
            {
              text: words.chatgptCredentials,
            },
          ]
        : []),
      { text: words.chatgptCreate },
    ],
  },
  {
    preset: 'vscode',
    title: 'VS Code',
    documentHost: 'vscode.dev',
    steps: ({ url, credentials }, words) => {
      const server = { name: NAME, type: 'http', url };
      return [
        {
          text: words.byLink,
          link: {
            text: words.addTo({ client: 'VS Code' }),
            url: `vscode:mcp/install?${encodeURIComponent(JSON.stringify(server))}`,
          },
        },
        {
          text: words.orIn({ file: '.vscode/mcp.json' }),
          code: json({ servers: { [NAME]: { type: 'http', url } } }),
        },
        {
          text: credentials ? words.vscodeStartWithId : words.vscodeStart,
        },
      ];
    },
  },
  {
    preset: 'cursor',
    title: 'Cursor',
    steps: ({ url, credentials }, words) => {
      const server = { url, ...(credentials && { auth: cursorAuth(credentials) }) };
      const config = encodeURIComponent(Buffer.from(JSON.stringify(server)).toString('base64'));
      const link = {
        text: words.addTo({ client: 'Cursor' }),
        url: `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${config}`,
      };
      const inFile = { code: json({ mcpServers: { [NAME]: server } }) };
      return [
        ...(credentials
          ? [
              {
                ...inFile,
                text: (credentials === PLACEHOLDERS ? words.cursorWithIdAndSecret : words.cursorWithId)({
                  file: CURSOR_FILE,
                }),
              },
            ]
          : [
              { text: words.byLink, link },
              { ...inFile, text: words.orIn({ file: CURSOR_FILE }) },
            ]),
        { text: words.cursorConnect },
      ];
    },
  },
  {
    preset: 'codex',
    title: 'Codex',
    documentHost: 'chatgpt.com',
    steps: ({ url, credentials }, words) => [
      {
        text: credentials ? words.codexWithId : words.codex,
        code: `codex mcp add ${NAME} --url ${url}${credentials ? ` --oauth-client-id ${credentials.id}` : ''}`,
      },
      { text: words.again, code: `codex mcp login ${NAME}` },
    ],
  },
];

/** @returns the steps of each client, in the order of the page; the last entry is for all other clients */
export function clientSteps(
  url: string,
  dynamicClients: DynamicClients | undefined,
  { steps: words }: Language,
): ClientSteps[] {
  const known = CLIENTS.map(({ preset, title, documentHost, steps }): ClientSteps => {
    const needsId = !isOpenTo({ preset, documentHost }, dynamicClients);
    return {
      id: preset,
      title,
      needsId,
      steps: steps({ url, credentials: needsId ? PLACEHOLDERS : undefined }, words),
    };
  });
  const needsId = !dynamicClients?.acceptsRegistration;
  const others = {
    id: 'other',
    title: words.others,
    needsId,
    steps: [{ text: words.othersUrl, code: url }, { text: needsId ? words.othersWithId : words.othersRegister }],
  };
  return [...known, others];
}

/**
 * The steps of a client that was just minted, for the applications that it is for. In English, as all of `/admin`.
 *
 * @param presets names of PRESETS
 */
export function mintedClientSteps(
  url: string,
  credentials: Credentials,
  presets: readonly string[],
): ClientStepsView[] {
  const known = CLIENTS.filter(({ preset }) => presets.includes(preset));
  const others = presets.filter((preset) => known.every((client) => client.preset !== preset));
  const titles = others.flatMap((preset) => PRESETS[preset]?.title ?? []);
  const ofOthers = {
    id: 'other',
    title: titles.length > 0 ? titles.join(', ') : en.steps.others,
    steps: [
      { text: 'As the URL of the MCP server, over HTTP:', code: url },
      {
        text: `Where it asks for a client ID, paste the one above${credentials.secret === null ? '' : ', and the client secret'}. Then sign in.`,
      },
    ],
  };
  return [
    ...known.map(({ preset, title, steps }) => ({ id: preset, title, steps: steps({ url, credentials }, en.steps) })),
    ...(known.length === 0 || others.length > 0 ? [ofOthers] : []),
  ];
}

const cursorAuth = ({ id, secret }: Credentials) => ({
  CLIENT_ID: id,
  ...(secret !== null && { CLIENT_SECRET: secret }),
});

/** Whether the client can name or register itself: where its document, or one of its redirect URIs, is accepted. */
function isOpenTo(
  { preset, documentHost }: { preset: string; documentHost: string | undefined },
  dynamicClients: DynamicClients | undefined,
): boolean {
  if (dynamicClients === undefined) return false;
  const { acceptsRegistration, acceptsDocuments, trustedHosts } = dynamicClients;
  const redirectUris = PRESETS[preset]?.redirectUris ?? [];
  const isRedirected = redirectUris.some((uri) => isOpenToDynamicClients(uri, trustedHosts));
  const hasDocument = documentHost !== undefined && isTrusted(trustedHosts, documentHost);
  return isRedirected && (acceptsRegistration || (acceptsDocuments && hasDocument));
}

const json = (value: object): string => JSON.stringify(value, null, 2);
