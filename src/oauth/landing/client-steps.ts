/** Writes how each known client is connected: with the URL alone where the operator accepts dynamic clients, else with a client id. */
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
  needsId: boolean;
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
/** In the place of a client id in what is copied. */
const ID = 'YOUR_CLIENT_ID';
const SECRET = 'YOUR_CLIENT_SECRET';

const CLIENTS: readonly KnownClient[] = [
  {
    preset: 'claude',
    title: 'Claude',
    documentHost: 'claude.ai',
    steps: ({ url, needsId }) => [
      {
        text: 'In Claude: Settings, Connectors, “Add custom connector”. It then appears in Claude on the desktop and on the phone too.',
        link: { text: 'Open the connectors of Claude', url: 'https://claude.ai/settings/connectors' },
      },
      { text: 'Any name, for example Mail. As the remote MCP server URL:', code: url },
      ...(needsId ? [{ text: 'Under “Advanced settings”, paste your client ID and client secret.' }] : []),
      { text: 'Add it, press “Connect”, and sign in.' },
    ],
  },
  {
    preset: 'claude-code',
    title: 'Claude Code',
    documentHost: 'claude.ai',
    steps: ({ url, needsId }) => [
      {
        text: needsId ? 'In a terminal, with your client ID (it has no secret):' : 'In a terminal:',
        code: `claude mcp add --transport http ${needsId ? `--client-id ${ID} ` : ''}${NAME} ${url}`,
      },
      { text: 'Sign in:', code: `claude mcp login ${NAME}` },
    ],
  },
  {
    preset: 'chatgpt',
    title: 'ChatGPT',
    documentHost: 'chatgpt.com',
    steps: ({ url, needsId }) => [
      {
        text: 'On the web: Settings, Apps, Advanced settings. Switch on “Developer mode”, then choose “Create app”.',
        link: { text: 'Open the apps of ChatGPT', url: 'https://chatgpt.com/#settings/Connectors' },
      },
      { text: 'Any name, for example Mail. Authentication: OAuth. As the MCP server URL:', code: url },
      ...(needsId
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
    steps: ({ url, needsId }) => {
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
          text: needsId
            ? 'Start it. Where VS Code asks for a client ID, paste yours; leave the secret empty. Then sign in.'
            : 'Start it, and sign in.',
        },
      ];
    },
  },
  {
    preset: 'cursor',
    title: 'Cursor',
    steps: ({ url, needsId }) => {
      const server = { url, ...(needsId && { auth: { CLIENT_ID: ID, CLIENT_SECRET: SECRET } }) };
      const config = encodeURIComponent(Buffer.from(JSON.stringify(server)).toString('base64'));
      const link = {
        text: 'Add to Cursor',
        url: `cursor://anysphere.cursor-deeplink/mcp/install?name=${NAME}&config=${config}`,
      };
      const inFile = { code: json({ mcpServers: { [NAME]: server } }) };
      return [
        ...(needsId
          ? [{ ...inFile, text: 'In ~/.cursor/mcp.json, with your client ID. Leave out the secret if you have none:' }]
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
    steps: ({ url, needsId }) => [
      {
        text: needsId
          ? 'In a terminal, with your client ID (it has no secret). The sign-in begins by itself:'
          : 'In a terminal. The sign-in begins by itself:',
        code: `codex mcp add ${NAME} --url ${url}${needsId ? ` --oauth-client-id ${ID}` : ''}`,
      },
      { text: 'To sign in again later:', code: `codex mcp login ${NAME}` },
    ],
  },
];

/** @returns the steps of each client, in the order of the page; the last entry is for all other clients */
export function clientSteps(url: string, dynamicClients: DynamicClients | undefined): ClientSteps[] {
  const known = CLIENTS.map(({ preset, title, documentHost, steps }): ClientSteps => {
    const needsId = !isOpenTo({ preset, documentHost }, dynamicClients);
    return { id: preset, title, needsId, steps: steps({ url, needsId }) };
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
