/**
 * Writes how each known client is connected: with the URL alone where the operator accepts dynamic clients, else with a client id. On the page of a
 * client that was just minted, the steps have its id and secret.
 */
import { type DynamicClients, isOpenToDynamicClients, isTrusted } from '../client/dynamic-clients.ts';
import { PRESETS } from '../client/presets.ts';
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
  steps(connection: Connection): StepView[];
}

/** The name of the connection in a client. */
const NAME = 'mail';
/** In the place of what is not known on a page for all. */
const PLACEHOLDERS: Credentials = { id: 'YOUR_CLIENT_ID', secret: 'YOUR_CLIENT_SECRET' };

const CLIENTS: readonly KnownClient[] = [
  {
    preset: 'claude',
    title: 'Claude',
    documentHost: 'claude.ai',
    steps: ({ url, credentials }) => [
      {
        text: 'In Claude: Settings, Connectors, “Add custom connector”. It then appears in Claude on the desktop and on the phone too.',
        link: { text: 'Open the connectors of Claude', url: 'https://claude.ai/settings/connectors' },
      },
      { text: 'Any name, for example Mail. As the remote MCP server URL:', code: url },
      ...(credentials ? [{ text: 'Under “Advanced settings”, paste your client ID and client secret.' }] : []),
      { text: 'Add it, press “Connect”, and sign in.' },
    ],
  },
  {
    preset: 'claude-code',
    title: 'Claude Code',
    documentHost: 'claude.ai',
    steps: ({ url, credentials }) => [
      {
        text: credentials ? 'In a terminal, with your client ID (it has no secret):' : 'In a terminal:',
        code: `claude mcp add --transport http ${credentials ? `--client-id ${credentials.id} ` : ''}${NAME} ${url}`,
      },
      { text: 'Sign in:', code: `claude mcp login ${NAME}` },
    ],
  },
  {
    preset: 'chatgpt',
    title: 'ChatGPT',
    documentHost: 'chatgpt.com',
    steps: ({ url, credentials }) => [
      {
        text: 'On the web: Settings, Apps, Advanced settings. Switch on “Developer mode”, then choose “Create app”.',
        link: { text: 'Open the apps of ChatGPT', url: 'https://chatgpt.com/#settings/Connectors' },
      },
      { text: 'Any name, for example Mail. Authentication: OAuth. As the MCP server URL:', code: url },
      ...(credentials
        ? [
            {
              text: 'In the advanced settings of the authentication choose a user-defined OAuth client, and paste your client ID, and your client secret if you have one.',
            },
          ]
        : []),
      { text: 'Create it, and sign in.' },
    ],
  },
  {
    preset: 'vscode',
    title: 'VS Code',
    documentHost: 'vscode.dev',
    steps: ({ url, credentials }) => {
      const server = { name: NAME, type: 'http', url };
      return [
        {
          text: 'Add it by this link:',
          link: {
            text: 'Add to VS Code',
            url: `vscode:mcp/install?${encodeURIComponent(JSON.stringify(server))}`,
          },
        },
        {
          text: 'Or in .vscode/mcp.json:',
          code: json({ servers: { [NAME]: { type: 'http', url } } }),
        },
        {
          text: credentials
            ? 'Start it. Where VS Code asks for a client ID, paste yours; leave the secret empty. Then sign in.'
            : 'Start it, and sign in.',
        },
      ];
    },
  },
  {
    preset: 'cursor',
    title: 'Cursor',
    steps: ({ url, credentials }) => {
      const server = { url, ...(credentials && { auth: cursorAuth(credentials) }) };
      const config = encodeURIComponent(Buffer.from(JSON.stringify(server)).toString('base64'));
      const link = {
        text: 'Add to Cursor',
        url: `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${config}`,
      };
      const inFile = { code: json({ mcpServers: { [NAME]: server } }) };
      return [
        ...(credentials
          ? [
              {
                ...inFile,
                text:
                  credentials === PLACEHOLDERS
                    ? 'In ~/.cursor/mcp.json, with your client ID. Leave out the secret if you have none:'
                    : 'In ~/.cursor/mcp.json, with your client ID:',
              },
            ]
          : [
              { text: 'Add it by this link:', link },
              { ...inFile, text: 'Or in ~/.cursor/mcp.json:' },
            ]),
        { text: 'In the settings of Cursor, under MCP, press “Connect” beside it, and sign in.' },
      ];
    },
  },
  {
    preset: 'codex',
    title: 'Codex',
    documentHost: 'chatgpt.com',
    steps: ({ url, credentials }) => [
      {
        text: credentials
          ? 'In a terminal, with your client ID (it has no secret). The sign-in begins by itself:'
          : 'In a terminal. The sign-in begins by itself:',
        code: `codex mcp add ${NAME} --url ${url}${credentials ? ` --oauth-client-id ${credentials.id}` : ''}`,
      },
      { text: 'To sign in again later:', code: `codex mcp login ${NAME}` },
    ],
  },
];

/** @returns the steps of each client, in the order of the page; the last entry is for all other clients */
export function clientSteps(url: string, dynamicClients: DynamicClients | undefined): ClientSteps[] {
  const known = CLIENTS.map(({ preset, title, documentHost, steps }): ClientSteps => {
    const needsId = !isOpenTo({ preset, documentHost }, dynamicClients);
    return { id: preset, title, needsId, steps: steps({ url, credentials: needsId ? PLACEHOLDERS : undefined }) };
  });
  const needsId = !dynamicClients?.acceptsRegistration;
  const others = {
    id: 'other',
    title: 'Other applications',
    needsId,
    steps: [
      { text: 'Any MCP client that connects over HTTP and signs in with OAuth can be used. The URL:', code: url },
      {
        text: needsId
          ? 'Paste your client ID where it asks for one. It has to be made for this application: say which one it is.'
          : 'It registers by itself, and asks you to sign in.',
      },
    ],
  };
  return [...known, others];
}

/**
 * The steps of a client that was just minted, for the applications that it is for.
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
    title: titles.length > 0 ? titles.join(', ') : 'Other applications',
    steps: [
      { text: 'As the URL of the MCP server, over HTTP:', code: url },
      {
        text: `Where it asks for a client ID, paste the one above${credentials.secret === null ? '' : ', and the client secret'}. Then sign in.`,
      },
    ],
  };
  return [
    ...known.map(({ preset, title, steps }) => ({ id: preset, title, steps: steps({ url, credentials }) })),
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
