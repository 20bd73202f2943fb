/** Lists the paths of the endpoints. Paths at the root are the defaults that clients of MCP 2025-03-26 assume; they have the same handlers. */

export const AUTHORIZE_PATHS: readonly [string, ...string[]] = ['/oauth/authorize', '/authorize'];

/** What connections have in front of their own paths (RFC 8414 §3.1, path form): `/c/<sealed connection>`. */
export const CONNECTION_PREFIX = '/c/';

/** A path of this issuer, for links on its pages: an issuer may have a path of its own. */
export const pathIn = (issuer: string, path: string): string => basePathOf(issuer) + path;

/** The path of the issuer: that of a connection, or empty. */
export const basePathOf = (issuer: string): string => new URL(issuer).pathname.replace(/\/$/, '');

/** Where known providers send the browser back to. Other issuers have paths of their own below it. */
export const UPSTREAM_CALLBACK_PATH = '/oauth/upstream/callback';

export const isUpstreamCallback = (path: string): boolean =>
  path === UPSTREAM_CALLBACK_PATH || path.startsWith(`${UPSTREAM_CALLBACK_PATH}/`);

export const TOKEN_PATHS: readonly [string, ...string[]] = ['/oauth/token', '/token'];

/** The page on which an account owner lists and revokes grants. */
export const ACCOUNT_PATH = '/account';

/** The page on which the operator mints clients. */
export const ADMIN_PATH = '/admin';

export const REVOCATION_PATHS: readonly [string, ...string[]] = ['/oauth/revoke', '/revoke'];

export const REGISTRATION_PATHS: readonly [string, ...string[]] = ['/oauth/register', '/register'];

/** RFC 8414 §3. */
export const AUTHORIZATION_SERVER_METADATA_PATH = '/.well-known/oauth-authorization-server';

/** For clients that use the URL of `/mcp` as the issuer. */
export const AUTHORIZATION_SERVER_METADATA_ALIASES: readonly string[] = [`${AUTHORIZATION_SERVER_METADATA_PATH}/mcp`];

/** For clients that support OpenID Connect only; RFC 8414 §5 and OpenID Connect Discovery §4 put `/mcp` in different places. */
export const OPENID_CONFIGURATION_PATHS: readonly string[] = [
  '/.well-known/openid-configuration',
  '/.well-known/openid-configuration/mcp',
  '/mcp/.well-known/openid-configuration',
];

export const KEY_SET_PATH = '/oauth/jwks';

/** RFC 9728 §3.1, for the URL of the server alone; that of `/mcp` ends in `/mcp`. */
export const PROTECTED_RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource';

/** The page for people who have the URL of the server. */
export const LANDING_PATH = '/';

/** The paths of the MCP endpoint: the last one is in the URL of the server, which is often pasted in the place of that of `/mcp`. */
export const MCP_PATHS: readonly [string, ...string[]] = ['/mcp', '/mcp/', LANDING_PATH];

export const ICON_PATH = '/favicon.svg';

/** What browsers and phones request when no page names an icon. All browsers read a PNG in the place of an ICO. */
export const PNG_ICON_PATHS: readonly [string, ...string[]] = ['/icon.png', '/favicon.ico', '/apple-touch-icon.png'];

/** The logo of the operator; it is the `src` in views/brand.eta. */
export const LOGO_PATH = '/operator-logo';

export const ROBOTS_PATH = '/robots.txt';
