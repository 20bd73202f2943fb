/** How known MCP clients sign in and what they say then, as far as it has been seen: redirect URIs, scopes, secrets, and their peculiarities. */
import { callAtOnce, fullHandshake, mismatched, modern, withoutVersion } from './conversations.ts';
import type { Discovered, Flow } from './replay.ts';

export interface KnownClient {
  name: string;
  /** How the operator mints its registration. */
  flags: { preset: string[]; public?: boolean; redirectUri?: string[] };
  flows: Flow[];
}

/** What the official SDK asks for: the challenged scope, with the wish for a refresh token where the server lists that. */
const asTheSdk = ({ resource, challengeScope }: Discovered) => ({
  scope: `${challengeScope} offline_access`,
  prompt: 'consent',
  resource,
});

const withAllScopes = ({ resource, scopes }: Discovered) => ({ scope: scopes, resource });
const withResource = ({ resource }: Discovered) => ({ resource });

const claude = {
  endpoints: 'root',
  secret: 'post',
  userAgent: 'python-httpx/0.28.1',
} as const;

export const knownClients: KnownClient[] = [
  {
    name: 'Claude on the web, desktop and phone',
    flags: { preset: ['claude'] },
    flows: [
      {
        ...claude,
        title: 'guesses the endpoints, asks for a scope with a leading blank, and leaves out the version',
        redirectUri: 'https://claude.ai/api/mcp/auth_callback',
        asks: () => ({ scope: ' offline_access' }),
        conversation: withoutVersion,
      },
      {
        ...claude,
        title: 'asks for a scope of its own and begins with the call',
        redirectUri: 'https://claude.com/api/mcp/auth_callback',
        asks: ({ resource }) => ({ scope: 'claudeai', resource }),
        namesResource: true,
        conversation: callAtOnce,
      },
      {
        ...claude,
        title: 'has the header of one era and the body of the other',
        redirectUri: 'https://claude.ai/api/mcp/auth_callback',
        asks: ({ resource, challengeScope }) => ({ scope: challengeScope, resource }),
        namesResource: true,
        conversation: mismatched,
      },
    ],
  },
  {
    name: 'Claude Code',
    flags: { preset: ['claude-code'] },
    flows: [
      {
        title: 'listens on any port of localhost',
        redirectUri: 'http://localhost:53184/callback',
        asks: asTheSdk,
        namesResource: true,
        conversation: fullHandshake,
      },
      {
        title: 'listens on any port of 127.0.0.1 and speaks 2026-07-28',
        redirectUri: 'http://127.0.0.1:3118/callback',
        asks: asTheSdk,
        namesResource: true,
        conversation: modern,
      },
    ],
  },
  {
    name: 'ChatGPT',
    flags: { preset: ['chatgpt'], redirectUri: ['https://chatgpt.com/connector/oauth/Ab3dEf6hIj'] },
    flows: [
      {
        title: 'has a long state, and its one callback because iss is promised',
        redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
        secret: 'post',
        state: `oauth_s_${'4f'.repeat(256)}_`,
        asks: withAllScopes,
        namesResource: true,
        userAgent: 'openai-mcp/1.0.0',
        conversation: fullHandshake,
      },
      {
        title: 'leaves out the scope when it connects again',
        redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
        secret: 'basic',
        asks: withResource,
        namesResource: true,
        userAgent: 'openai-mcp/1.0.0',
        conversation: callAtOnce,
      },
      {
        title: 'has a callback for one connection alone',
        redirectUri: 'https://chatgpt.com/connector/oauth/Ab3dEf6hIj',
        secret: 'post',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'ChatGPT without a secret',
    flags: { preset: ['chatgpt'], public: true },
    flows: [
      {
        title: 'has its one callback',
        redirectUri: 'https://chatgpt.com/connector_platform_oauth_redirect',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'VS Code',
    flags: { preset: ['vscode'] },
    flows: [
      ['is called back through a page', 'https://vscode.dev/redirect'],
      ['is called back through a page of the next version', 'https://insiders.vscode.dev/redirect'],
      ['listens on its port, with an empty path', 'http://127.0.0.1:33418/'],
      ['listens on another port in a second window', 'http://127.0.0.1:50917/'],
    ].map(([title = '', redirectUri = '']) => ({
      title,
      redirectUri,
      asks: withAllScopes,
      namesResource: true,
      conversation: fullHandshake,
    })),
  },
  {
    name: 'Cursor',
    flags: { preset: ['cursor'], public: true },
    flows: [
      ['listens on its port', 'http://localhost:8787/callback'],
      ['is called back by its own scheme', 'cursor://anysphere.cursor-mcp/oauth/callback'],
      ['is called back on the web', 'https://www.cursor.com/agents/mcp/oauth/callback'],
    ].map(([title = '', redirectUri = '']) => ({
      title,
      redirectUri,
      asks: withAllScopes,
      namesResource: true,
      conversation: fullHandshake,
    })),
  },
  {
    name: 'Cursor with a secret',
    flags: { preset: ['cursor'] },
    flows: [
      {
        title: 'is called back by its own scheme',
        redirectUri: 'cursor://anysphere.cursor-mcp/oauth/callback',
        secret: 'basic',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'MCP Inspector 1, a page',
    flags: { preset: ['inspector'] },
    flows: [
      ['signs in', 'http://localhost:6274/oauth/callback'],
      ['signs in step by step', 'http://localhost:6274/oauth/callback/debug'],
    ].map(([title = '', redirectUri = '']) => ({
      title,
      redirectUri,
      secret: 'basic',
      page: 'http://localhost:6274',
      asks: withAllScopes,
      namesResource: true,
      conversation: fullHandshake,
    })),
  },
  {
    name: 'MCP Inspector 2',
    flags: { preset: ['inspector'], public: true },
    flows: [
      {
        title: 'is a page',
        redirectUri: 'http://localhost:6274/oauth/callback',
        page: 'http://localhost:6274',
        asks: asTheSdk,
        namesResource: true,
        conversation: modern,
      },
      {
        title: 'runs in a terminal',
        redirectUri: 'http://127.0.0.1:6276/oauth/callback',
        asks: asTheSdk,
        namesResource: true,
        conversation: modern,
      },
    ],
  },
  {
    name: 'mcp-remote',
    flags: { preset: ['mcp-remote'] },
    flows: [
      {
        title: 'listens on a port that it computes from our URL',
        redirectUri: 'http://localhost:21044/oauth/callback',
        secret: 'basic',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'Gemini CLI',
    flags: { preset: ['gemini-cli'] },
    flows: [
      {
        title: 'names the resource and sends the secret in the body',
        redirectUri: 'http://localhost:7777/oauth/callback',
        secret: 'post',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'Goose',
    flags: { preset: ['goose'] },
    flows: [
      {
        title: 'has an underscore in its path',
        redirectUri: 'http://127.0.0.1:49611/oauth_callback',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'Codex',
    flags: { preset: ['codex'] },
    flows: [
      {
        title: 'listens on any port',
        redirectUri: 'http://127.0.0.1:5555/callback',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'OpenCode',
    flags: { preset: ['opencode'] },
    flows: [
      {
        title: 'has a deeper path',
        redirectUri: 'http://127.0.0.1:19876/mcp/oauth/callback',
        secret: 'post',
        asks: withAllScopes,
        namesResource: true,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'Kiro',
    flags: { preset: [], redirectUri: ['http://localhost/kiro/mail'] },
    flows: [
      {
        title: 'listens where its owner says',
        redirectUri: 'http://localhost:49153/kiro/mail',
        secret: 'post',
        asks: withAllScopes,
        conversation: fullHandshake,
      },
    ],
  },
  {
    name: 'LibreChat',
    flags: { preset: [], redirectUri: ['https://chat.example/api/mcp/mail/oauth/callback'] },
    flows: [
      {
        title: 'is called back on the host of its owner',
        redirectUri: 'https://chat.example/api/mcp/mail/oauth/callback',
        secret: 'post',
        asks: withAllScopes,
        conversation: fullHandshake,
      },
    ],
  },
];
