/** How known MCP clients sign in and call tools, as observed: redirect URIs, scopes, secrets and peculiarities. */
import { callAtOnce, fullHandshake, mismatched, modern, withoutVersion } from './conversations.ts';
import type { Discovered, Flow, NewClient } from './replay.ts';

export interface KnownClient {
  name: string;
  /** The flags with which the operator mints its registration. */
  flags: { preset: string[]; public?: boolean; redirectUri?: string[] };
  flows: Flow[];
  /** Its registration request (RFC 7591); absent if it has none, or none was observed. */
  registers?: NewClient;
}

/** The registration request of most clients. */
const publicClient = (client_name: string, ...redirect_uris: string[]): NewClient => ({
  client_name,
  redirect_uris,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
});

const withAllScopes = ({ resource, scopes }: Discovered) => ({ scope: scopes, resource });

/** The scope of the challenge, and `offline_access` to request a refresh token. */
const asTheSdk = ({ resource, challengeScope }: Discovered) => ({
  scope: `${challengeScope} offline_access`,
  prompt: 'consent',
  resource,
});

/** Defaults of most clients: they send `resource`, request all scopes, and begin with initialize. */
const flow = (title: string, redirectUri: string, more: Partial<Flow> = {}): Flow => ({
  title,
  redirectUri,
  asks: withAllScopes,
  namesResource: true,
  conversation: fullHandshake,
  ...more,
});

const claudeAi = 'https://claude.ai/api/mcp/auth_callback';
const claudeCom = 'https://claude.com/api/mcp/auth_callback';
const claude = {
  endpoints: 'root',
  secret: 'post',
  userAgent: 'python-httpx/0.28.1',
  refreshesTwice: true,
} as const;

const chatgpt = 'https://chatgpt.com/connector_platform_oauth_redirect';
const chatgptOwn = 'https://chatgpt.com/connector/oauth/Ab3dEf6hIj';
const openai = { userAgent: 'openai-mcp/1.0.0' };

const vscode = ['https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect', 'http://127.0.0.1/'];
const cursorScheme = 'cursor://anysphere.cursor-mcp/oauth/callback';
const cursorWeb = 'https://www.cursor.com/agents/mcp/oauth/callback';
const inspectorPage = 'http://localhost:6274/oauth/callback';
const inspectorTerminal = 'http://127.0.0.1:6276/oauth/callback';
const page = { page: 'http://localhost:6274' };

export const knownClients: KnownClient[] = [
  {
    name: 'Claude on the web, desktop and phone',
    flags: { preset: ['claude'] },
    registers: {
      ...publicClient('Claude', claudeAi, claudeCom),
      token_endpoint_auth_method: 'client_secret_post',
      scope: 'claudeai',
    },
    flows: [
      {
        ...claude,
        title: 'uses default endpoints, requests a scope with a leading blank, and omits the version',
        redirectUri: claudeAi,
        asks: () => ({ scope: ' offline_access' }),
        conversation: withoutVersion,
      },
      flow('requests an unknown scope and begins with the call', claudeCom, {
        ...claude,
        asks: ({ resource }) => ({ scope: 'claudeai', resource }),
        conversation: callAtOnce,
      }),
      flow('sends the header of one version and the body of another', claudeAi, {
        ...claude,
        asks: ({ resource, challengeScope }) => ({ scope: challengeScope, resource }),
        conversation: mismatched,
      }),
    ],
  },
  {
    name: 'Claude Code',
    flags: { preset: ['claude-code'] },
    registers: publicClient('Claude Code (mail)', 'http://localhost:53184/callback', 'http://127.0.0.1:3118/callback'),
    flows: [
      flow('listens on any port of localhost', 'http://localhost:53184/callback', { asks: asTheSdk }),
      flow('listens on any port of 127.0.0.1 and speaks 2026-07-28', 'http://127.0.0.1:3118/callback', {
        asks: asTheSdk,
        conversation: modern,
      }),
    ],
  },
  {
    name: 'ChatGPT',
    flags: { preset: ['chatgpt'], redirectUri: [chatgptOwn] },
    flows: [
      flow('has a long state, and one redirect URI because the server supports iss', chatgpt, {
        ...openai,
        secret: 'post',
        state: `oauth_s_${'4f'.repeat(256)}_`,
      }),
      flow('omits the scope when it connects again', chatgpt, {
        ...openai,
        secret: 'basic',
        asks: ({ resource }) => ({ resource }),
        conversation: callAtOnce,
      }),
      flow('has a redirect URI for each connection', chatgptOwn, { ...openai, secret: 'post' }),
    ],
  },
  {
    name: 'ChatGPT without a secret',
    flags: { preset: ['chatgpt'], public: true },
    registers: publicClient('ChatGPT', chatgpt),
    flows: [flow('has one redirect URI', chatgpt, openai)],
  },
  {
    name: 'VS Code',
    flags: { preset: ['vscode'] },
    registers: {
      ...publicClient('Visual Studio Code', ...vscode, 'http://127.0.0.1:33418/'),
      client_uri: 'https://code.visualstudio.com',
      application_type: 'native',
    },
    flows: [
      flow('redirects through a page', 'https://vscode.dev/redirect'),
      flow('redirects through a page of the Insiders version', 'https://insiders.vscode.dev/redirect'),
      flow('listens on its port, with an empty path', 'http://127.0.0.1:33418/'),
      flow('listens on another port in a second window', 'http://127.0.0.1:50917/'),
    ],
  },
  {
    name: 'Cursor',
    flags: { preset: ['cursor'], public: true },
    registers: publicClient('Cursor', 'http://localhost:8787/callback', cursorScheme, cursorWeb),
    flows: [
      flow('listens on its port', 'http://localhost:8787/callback'),
      flow('redirects to a private-use scheme', cursorScheme),
      flow('redirects to a web page', cursorWeb),
    ],
  },
  {
    name: 'Cursor with a secret',
    flags: { preset: ['cursor'] },
    flows: [flow('redirects to a private-use scheme', cursorScheme, { secret: 'basic' })],
  },
  {
    name: 'MCP Inspector 1, a page',
    flags: { preset: ['inspector'] },
    flows: [
      flow('signs in', inspectorPage, { ...page, secret: 'basic' }),
      flow('signs in step by step', `${inspectorPage}/debug`, { ...page, secret: 'basic' }),
    ],
  },
  {
    name: 'MCP Inspector 2',
    flags: { preset: ['inspector'], public: true },
    registers: {
      ...publicClient('MCP Inspector', inspectorPage, inspectorTerminal),
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      scope: 'mail.read mail.write mail.send mail.delete',
    },
    flows: [
      flow('is a page', inspectorPage, { ...page, asks: asTheSdk, conversation: modern }),
      flow('runs in a terminal', inspectorTerminal, { asks: asTheSdk, conversation: modern }),
    ],
  },
  {
    name: 'mcp-remote',
    flags: { preset: ['mcp-remote'], public: true },
    registers: {
      ...publicClient('MCP CLI Proxy', 'http://localhost:21044/oauth/callback'),
      client_uri: 'https://github.com/modelcontextprotocol/mcp-cli',
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      software_version: '0.1.38',
    },
    flows: [
      flow('listens on a port that it derives from the URL of the server', 'http://localhost:21044/oauth/callback'),
    ],
  },
  {
    name: 'mcp-remote with a secret',
    flags: { preset: ['mcp-remote'] },
    flows: [flow('prefers Basic to the body', 'http://localhost:3334/oauth/callback', { secret: 'basic' })],
  },
  {
    name: 'Gemini CLI',
    flags: { preset: ['gemini-cli'] },
    flows: [flow('sends its secret in the body', 'http://localhost:7777/oauth/callback', { secret: 'post' })],
  },
  {
    name: 'Gemini CLI without a secret',
    flags: { preset: ['gemini-cli'], public: true },
    registers: publicClient('Gemini CLI MCP Client', 'http://localhost:41077/oauth/callback'),
    flows: [flow('listens on any port', 'http://localhost:41077/oauth/callback')],
  },
  {
    name: 'Goose',
    flags: { preset: ['goose'] },
    registers: publicClient('goose', 'http://127.0.0.1:49611/oauth_callback'),
    flows: [flow('has an underscore in its path', 'http://127.0.0.1:49611/oauth_callback')],
  },
  {
    name: 'Codex',
    flags: { preset: ['codex'] },
    registers: publicClient('Codex', 'http://127.0.0.1:5555/callback'),
    flows: [flow('listens on any port', 'http://127.0.0.1:5555/callback')],
  },
  {
    name: 'OpenCode',
    flags: { preset: ['opencode'] },
    flows: [flow('has a deeper path', 'http://127.0.0.1:19876/mcp/oauth/callback', { secret: 'post' })],
  },
  {
    name: 'OpenCode without a secret',
    flags: { preset: ['opencode'], public: true },
    registers: publicClient('OpenCode', 'http://127.0.0.1:19876/mcp/oauth/callback'),
    flows: [flow('requests the scopes of the SDK', 'http://127.0.0.1:19876/mcp/oauth/callback', { asks: asTheSdk })],
  },
  {
    name: 'Kiro',
    flags: { preset: [], redirectUri: ['http://localhost/kiro/mail'] },
    flows: [flow('listens at a configured URL', 'http://localhost:49153/kiro/mail', { secret: 'post' })],
  },
  {
    name: 'LibreChat',
    flags: { preset: ['librechat'], redirectUri: ['https://chat.example/api/mcp/mail/oauth/callback'] },
    flows: [
      flow('redirects to the host of its operator', 'https://chat.example/api/mcp/mail/oauth/callback', {
        secret: 'post',
      }),
    ],
  },
];
