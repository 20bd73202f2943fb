/**
 * Lists known MCP clients and their redirect URIs. A client_id contains preset names only: a URI that is added here applies to minted clients too.
 */

export interface Preset {
  /** For display. */
  title: string;
  /** Loopback URIs match with any port (RFC 8252 §7.3). */
  redirectUris: readonly string[];
  /** The client appends a path segment of its own to its redirect URIs, or none. */
  appendsId?: true;
  /** `public`: the client sends no secret. `either`: it depends on the configuration. */
  kind: 'confidential' | 'public' | 'either';
}

const KNOWN: Record<string, Preset> = {
  claude: {
    title: 'Claude',
    redirectUris: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
    kind: 'confidential',
  },
  'claude-code': {
    title: 'Claude Code',
    redirectUris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    kind: 'public',
  },
  chatgpt: {
    title: 'ChatGPT',
    redirectUris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    kind: 'either',
  },
  vscode: {
    title: 'VS Code',
    redirectUris: [
      'https://vscode.dev/redirect',
      'https://insiders.vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ],
    kind: 'public',
  },
  cursor: {
    title: 'Cursor',
    redirectUris: [
      'http://localhost:8787/callback',
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
    ],
    kind: 'either',
  },
  inspector: {
    title: 'MCP Inspector',
    redirectUris: [
      'http://localhost:6274/oauth/callback',
      'http://localhost:6274/oauth/callback/debug',
      'http://127.0.0.1:6276/oauth/callback',
    ],
    kind: 'either',
  },
  'gemini-cli': { title: 'Gemini CLI', redirectUris: ['http://localhost/oauth/callback'], kind: 'either' },
  'mcp-remote': { title: 'mcp-remote', redirectUris: ['http://localhost/oauth/callback'], kind: 'either' },
  goose: { title: 'Goose', redirectUris: ['http://127.0.0.1/oauth_callback'], kind: 'public' },
  codex: { title: 'Codex', redirectUris: ['http://127.0.0.1/callback'], appendsId: true, kind: 'public' },
  opencode: { title: 'OpenCode', redirectUris: ['http://127.0.0.1/mcp/oauth/callback'], kind: 'either' },
  // Self-hosted: `--redirect-uri` names its callback.
  librechat: { title: 'LibreChat', redirectUris: [], kind: 'confidential' },
  conformance: { title: 'MCP conformance suite', redirectUris: ['http://127.0.0.1/callback'], kind: 'either' },
};

// `toString` is the name of no preset.
Object.setPrototypeOf(KNOWN, null);

export const PRESETS: Readonly<Record<string, Preset>> = KNOWN;

/** Hosts of known clients' metadata documents that are not hosts of redirect URIs. */
export const DOCUMENT_HOSTS: readonly string[] = ['goose-docs.ai', 'opencode.ai', 'zed.dev'];

/** Used by `generate` when neither a preset nor a redirect URI is named. */
export const DEFAULT_PRESETS: readonly string[] = ['claude', 'inspector'];
