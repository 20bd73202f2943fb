/** How MCP clients that run at their vendor, or on a server of their user, sign in and call tools, as observed. */
import { callAtOnce, mismatched, newerHeader, withNulls, withoutVersion } from './conversations.ts';
import { asTheSdk, flow, type KnownClient, publicClient } from './known-client.ts';

const claudeAi = 'https://claude.ai/api/mcp/auth_callback';
const claudeCom = 'https://claude.com/api/mcp/auth_callback';
const claude = {
  endpoints: 'root',
  secret: 'post',
  userAgent: 'python-httpx/0.28.1',
  refreshes: 'twice at once',
} as const;
const claudeGrants = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'];

const chatgpt = 'https://chatgpt.com/connector_platform_oauth_redirect';
const chatgptOwn = 'https://chatgpt.com/connector/oauth/Ab3dEf6hIj';
const openai = { userAgent: 'openai-mcp/1.0.0' };
const chatgptDocument = {
  client_uri: 'https://chatgpt.com',
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
  token_endpoint_auth_signing_alg: 'RS256',
  jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
};

const grok = 'https://grok.com/connectors-oauth-exchange-code/';
const grokConsole = 'https://console.x.ai/connectors-oauth-exchange-code/';

const dify = 'http://localhost/console/api/mcp/oauth/callback';
const libreChat = 'https://chat.example/api/mcp/mail/oauth/callback';
const libreChatAtHome = 'http://localhost:3080/api/mcp/mail/oauth/callback';
const n8n = 'https://oauth.n8n.cloud/oauth2/callback';

export const hostedClients: KnownClient[] = [
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
      flow('refreshes a minute after an answer that was lost', claudeAi, { ...claude, refreshes: 'again later' }),
    ],
  },
  {
    name: 'Claude without a secret',
    flags: { preset: ['claude'], public: true },
    registers: publicClient('Claude', claudeAi),
    document: {
      ...publicClient('Claude', claudeAi),
      client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
      client_uri: 'https://claude.ai',
      logo_uri: 'https://claude.ai/images/claude_app_icon.png',
      grant_types: claudeGrants,
    },
    flows: [
      flow('has a grant type that the server does not know, and names the resource twice', claudeAi, {
        ...{ userAgent: claude.userAgent, startsWith: 'metadata' },
        namesResource: 'twice',
      }),
      flow('refreshes on two ways that share one grant', claudeAi, { refreshes: 'in a second window' }),
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
      flow('has a state of 1,000 characters', chatgpt, { ...openai, secret: 'post', state: '4f'.repeat(500) }),
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
    document: {
      ...publicClient('ChatGPT', chatgpt),
      ...chatgptDocument,
      client_id: 'https://chatgpt.com/oauth/client.json',
    },
    flows: [
      flow('has one redirect URI', chatgpt, openai),
      flow('fills optional fields with null', chatgpt, { ...openai, conversation: withNulls }),
    ],
  },
  {
    name: 'ChatGPT with a document for each connection',
    flags: { preset: ['chatgpt'], public: true, redirectUri: [chatgptOwn] },
    registers: publicClient('ChatGPT', chatgptOwn),
    document: {
      ...publicClient('ChatGPT', chatgptOwn),
      ...chatgptDocument,
      client_id: 'https://chatgpt.com/oauth/Ab3dEf6hIj/client.json',
    },
    flows: [flow('has its own redirect URI', chatgptOwn, openai)],
  },
  {
    name: 'Grok',
    flags: { public: true, redirectUri: [grok, grokConsole] },
    document: { ...publicClient('Grok', grok, grokConsole), client_id: 'https://grok.com/oauth/mcp-client.json' },
    trustedHosts: 'grok.com,console.x.ai',
    flows: [
      flow('has a redirect URI that ends with a slash', grok),
      flow('redirects to the console', grokConsole, { asks: asTheSdk }),
    ],
  },
  {
    name: 'Dify',
    flags: { redirectUri: [dify] },
    flows: [flow('fills optional fields with null', dify, { secret: 'basic', conversation: withNulls })],
  },
  {
    name: 'LibreChat',
    flags: { preset: ['librechat'], redirectUri: [libreChat] },
    flows: [flow('redirects to the host of its operator', libreChat, { secret: 'post' })],
  },
  {
    name: 'LibreChat on the computer of its user',
    flags: { preset: ['librechat'], redirectUri: [libreChatAtHome] },
    registers: {
      ...publicClient('LibreChat MCP Client', libreChatAtHome),
      token_endpoint_auth_method: 'client_secret_basic',
      client_uri: 'http://localhost:3080',
      logo_uri: '',
      contacts: [],
    },
    flows: [flow('prefers Basic', libreChatAtHome, { secret: 'basic', refreshes: 'twice at once' })],
  },
  {
    name: 'SparkyFitness',
    flags: { redirectUri: ['https://fit.example/api/mcp/callback'] },
    flows: [
      flow(
        'sends the header of a version after it has negotiated an earlier one',
        'https://fit.example/api/mcp/callback',
        {
          secret: 'post',
          conversation: newerHeader,
        },
      ),
    ],
  },
  {
    name: 'n8n',
    flags: { redirectUri: [n8n] },
    flows: [flow('requests one scope', n8n, { secret: 'basic', asks: () => ({ scope: 'mail.read' }) })],
  },
];
