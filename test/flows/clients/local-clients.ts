/** How MCP clients that run on the computer of their user sign in and call tools, as observed. */
import { initializesTwice, listsResourcesToo, modern } from './conversations.ts';
import { asTheSdk, flow, type KnownClient, publicClient } from './known-client.ts';
import type { Flow } from './replay.ts';

/** Published without a port, which the client chooses for each sign-in (RFC 8252 §7.3). */
const anyPort = ['http://127.0.0.1/callback', 'http://localhost/callback'];

const vscode = ['https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect', 'http://127.0.0.1/'];
const cursorScheme = 'cursor://anysphere.cursor-mcp/oauth/callback';
const cursorWeb = 'https://www.cursor.com/agents/mcp/oauth/callback';
const inspectorPage = 'http://localhost:6274/oauth/callback';
const inspectorTerminal = 'http://127.0.0.1:6276/oauth/callback';
const page = { page: 'http://localhost:6274' };

const codex: Partial<Flow> = {
  startsWith: 'get',
  userAgent: 'codex-mcp-client/0.171.0',
  conversation: listsResourcesToo,
  asks: ({ resource, scopes }) => ({ scope: `${scopes} offline_access`, resource }),
  refreshScope: ({ scopes }) => `${scopes} offline_access`,
};
const codexCallback = 'http://127.0.0.1:63546/callback';
/** Ends with a hash of the server's URL, as in earlier versions, and today where the metadata does not announce `iss`. */
const codexOwn = 'http://127.0.0.1:38195/callback/v1cQdLpM-8gE';
const codexMetadata = { client_uri: 'https://chatgpt.com/codex', application_type: 'native' };

const opencode = 'http://127.0.0.1:19876/mcp/oauth/callback';
const opencodeMetadata = { client_uri: 'https://opencode.ai', application_type: 'native' };

export const localClients: KnownClient[] = [
  {
    name: 'Claude Code',
    flags: { preset: ['claude-code'] },
    registers: {
      ...publicClient('Claude Code (mail)', 'http://localhost:53184/callback', 'http://127.0.0.1:3118/callback'),
      scope: 'mail.read mail.write mail.send mail.delete offline_access',
      application_type: 'native',
    },
    document: {
      ...publicClient('Claude Code', ...anyPort),
      client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
      client_uri: 'https://claude.ai',
    },
    flows: [
      flow('listens on any port of localhost', 'http://localhost:53184/callback', { asks: asTheSdk }),
      flow('listens on any port of 127.0.0.1 and speaks 2026-07-28', 'http://127.0.0.1:3118/callback', {
        asks: asTheSdk,
        conversation: modern,
      }),
      flow('knows where the metadata is, and refreshes in two windows', 'http://localhost:53184/callback', {
        startsWith: 'metadata',
        asks: asTheSdk,
        conversation: modern,
        refreshes: 'in a second window',
      }),
    ],
  },
  {
    name: 'VS Code',
    flags: { preset: ['vscode'] },
    registers: {
      ...publicClient('Visual Studio Code', ...vscode, 'http://127.0.0.1:33418/'),
      client_uri: 'https://code.visualstudio.com',
      scope: 'openid',
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
    name: 'VS Code with a document',
    flags: { preset: ['vscode'] },
    document: {
      ...publicClient('Visual Studio Code', 'http://127.0.0.1:33418/', 'https://vscode.dev/redirect'),
      client_id: 'https://vscode.dev/oauth/client-metadata.json',
      client_uri: 'https://vscode.dev/product',
      logo_uri: 'https://code.visualstudio.com/assets/branding/code-stable.png',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      application_type: 'native',
    },
    flows: [
      flow('listens on another port than the document names', 'http://127.0.0.1:50917/'),
      flow('redirects through a page', 'https://vscode.dev/redirect'),
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
    name: 'MCP Inspector 1 without a secret',
    flags: { preset: ['inspector'], public: true },
    registers: {
      ...publicClient('MCP Inspector', inspectorPage, `${inspectorPage}/debug`),
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      scope: '',
    },
    flows: [flow('signs in', inspectorPage, page), flow('signs in step by step', `${inspectorPage}/debug`, page)],
  },
  {
    name: 'MCP Inspector 2',
    flags: { preset: ['inspector'], public: true },
    registers: {
      ...publicClient('MCP Inspector', inspectorPage, inspectorTerminal),
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      scope: 'mail.read mail.write mail.send mail.delete offline_access',
      application_type: 'native',
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
      software_version: '0.15.1',
      scope: 'mail.read mail.write mail.send mail.delete offline_access',
      application_type: 'native',
    },
    flows: [
      flow('listens on a port that it derives from the URL of the server', 'http://localhost:21044/oauth/callback'),
      flow('initializes for itself and for the program behind it', 'http://localhost:21044/oauth/callback', {
        startsWith: 'get',
        asks: asTheSdk,
        conversation: initializesTwice,
        refreshes: 'again later',
        refreshScope: ({ scopes }) => scopes,
      }),
      flow('speaks 2026-07-28', 'http://localhost:21044/oauth/callback', { asks: asTheSdk, conversation: modern }),
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
    flows: [
      flow('sends its secret in the body, and the scope when it refreshes', 'http://localhost:7777/oauth/callback', {
        secret: 'post',
        refreshScope: ({ scopes }) => scopes,
      }),
    ],
  },
  {
    name: 'Gemini CLI without a secret',
    flags: { preset: ['gemini-cli'], public: true },
    registers: publicClient('Gemini CLI MCP Client', 'http://localhost:41077/oauth/callback'),
    flows: [
      flow('listens on any port', 'http://localhost:41077/oauth/callback', { refreshScope: ({ scopes }) => scopes }),
      flow('names powers that the owner has refused when it refreshes', 'http://localhost:41077/oauth/callback', {
        isLimitedByOwner: true,
        refreshScope: ({ scopes }) => scopes,
      }),
    ],
  },
  {
    name: 'Goose',
    flags: { preset: ['goose'] },
    registers: publicClient('goose', 'http://127.0.0.1:49611/oauth_callback'),
    flows: [
      flow('has an underscore in its path', 'http://127.0.0.1:49611/oauth_callback', {
        conversation: listsResourcesToo,
      }),
    ],
  },
  {
    name: 'Goose with a document',
    flags: { preset: ['goose'], public: true, redirectUri: ['http://[::1]/oauth_callback'] },
    document: {
      ...publicClient('goose', 'http://127.0.0.1/oauth_callback', 'http://[::1]/oauth_callback'),
      client_id: 'https://goose-docs.ai/oauth/client-metadata.json',
      logo_uri: 'https://goose-docs.ai/img/logo_light.png',
      code_challenge_methods_supported: ['S256'],
    },
    flows: [
      flow('listens on any port', 'http://127.0.0.1:49611/oauth_callback', { conversation: listsResourcesToo }),
      flow('listens on IPv6', 'http://[::1]:49611/oauth_callback', { conversation: listsResourcesToo }),
    ],
  },
  {
    name: 'Codex',
    flags: { preset: ['codex'] },
    registers: {
      ...publicClient('Codex', codexCallback),
      scope: 'mail.read mail.write mail.send mail.delete offline_access',
      application_type: 'native',
    },
    document: {
      ...publicClient('Codex', ...anyPort),
      ...codexMetadata,
      client_id: 'https://chatgpt.com/oauth/codex/client.json',
      token_endpoint_auth_methods_supported: ['none'],
    },
    flows: [
      flow('listens on any port, and lists resources too', codexCallback, codex),
      flow('refreshes a minute after an answer that was lost', codexCallback, { ...codex, refreshes: 'again later' }),
      flow('names the powers that were granted when it refreshes', codexCallback, {
        ...codex,
        isLimitedByOwner: true,
        refreshScope: () => 'mail.read mail.write offline_access',
      }),
    ],
  },
  {
    name: 'Codex with a redirect URI for each server',
    flags: { preset: ['codex'] },
    registers: {
      ...publicClient('Codex', codexOwn),
      scope: 'mail.read mail.write mail.send mail.delete offline_access',
      application_type: 'native',
    },
    document: {
      ...publicClient('Codex', ...anyPort.map((uri) => `${uri}/v1cQdLpM-8gE`)),
      ...codexMetadata,
      client_id: 'https://chatgpt.com/oauth/codex/v1cQdLpM-8gE/client.json',
      token_endpoint_auth_methods_supported: ['none'],
    },
    flows: [
      flow('appends an id to its path', codexOwn, codex),
      flow('refreshes in two windows', codexOwn, { ...codex, refreshes: 'in a second window' }),
    ],
  },
  {
    name: 'OpenCode',
    flags: { preset: ['opencode'] },
    flows: [
      flow('has a deeper path', opencode, { secret: 'post' }),
      flow('prefers Basic', opencode, { secret: 'basic', asks: asTheSdk }),
    ],
  },
  {
    name: 'OpenCode without a secret',
    flags: { preset: ['opencode'], public: true },
    registers: {
      ...publicClient('OpenCode', opencode),
      client_uri: 'https://opencode.ai',
      scope: 'mail.read mail.write mail.send mail.delete offline_access',
    },
    flows: [flow('requests the scopes of the SDK', opencode, { asks: asTheSdk })],
  },
  {
    name: 'OpenCode 2',
    flags: { public: true, redirectUri: anyPort },
    registers: { ...publicClient('opencode', 'http://127.0.0.1:51675/callback'), ...opencodeMetadata },
    document: {
      ...publicClient('opencode', ...anyPort),
      ...opencodeMetadata,
      client_id: 'https://opencode.ai/oauth/opencode/client.json',
      logo_uri: 'https://opencode.ai/web-app-manifest-512x512.png',
      token_endpoint_auth_methods_supported: ['none'],
    },
    flows: [flow('listens on any port', 'http://127.0.0.1:51675/callback', { asks: asTheSdk })],
  },
  {
    name: 'Zed',
    flags: { public: true, redirectUri: ['http://127.0.0.1/callback'] },
    registers: publicClient('Zed', 'http://127.0.0.1:40404/callback'),
    document: {
      ...publicClient('Zed', 'http://127.0.0.1/callback'),
      client_id: 'https://zed.dev/oauth/client-metadata.json',
      client_uri: 'https://zed.dev',
      logo_uri: 'https://cdn.zed.dev/images/logo-dark.png',
    },
    flows: [flow('listens on any port', 'http://127.0.0.1:40404/callback')],
  },
  {
    name: 'Amp',
    flags: { public: true, redirectUri: ['http://localhost/oauth/callback'] },
    registers: publicClient('Amp MCP Client (mail)', 'http://localhost:41592/oauth/callback'),
    flows: [flow('listens on its port', 'http://localhost:41592/oauth/callback')],
  },
  {
    name: 'Claude Desktop',
    flags: { preset: ['claude-code'] },
    registers: publicClient('Claude Desktop (2.19675.1)', 'http://127.0.0.1:53280/callback'),
    flows: [flow('listens on its port', 'http://127.0.0.1:53280/callback', { asks: asTheSdk })],
  },
  {
    name: 'Docker Agent',
    flags: { public: true, redirectUri: ['http://127.0.0.1/callback'] },
    flows: [flow('listens on any port', 'http://127.0.0.1:45321/callback')],
  },
  {
    name: 'Kiro',
    flags: { redirectUri: ['http://localhost/kiro/mail'] },
    flows: [flow('listens at a configured URL', 'http://localhost:49153/kiro/mail', { secret: 'post' })],
  },
];
