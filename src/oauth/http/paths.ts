/** Where the endpoints are. The root forms are those that clients of MCP 2025-03-26 make up; they run the same handlers. */

export const AUTHORIZE_PATHS: readonly [string, ...string[]] = ['/oauth/authorize', '/authorize'];

export const TOKEN_PATHS: readonly [string, ...string[]] = ['/oauth/token', '/token'];

/** Where the owner of a mailbox finds what they have granted. */
export const ACCOUNT_PATH = '/account';

export const REVOCATION_PATHS: readonly [string, ...string[]] = ['/oauth/revoke', '/revoke'];

export const REGISTRATION_PATHS: readonly [string, ...string[]] = ['/oauth/register', '/register'];

/** RFC 8414 §3. */
export const AUTHORIZATION_SERVER_METADATA_PATH = '/.well-known/oauth-authorization-server';

/** The same for clients that take the URL of `/mcp` for the issuer. */
export const AUTHORIZATION_SERVER_METADATA_ALIASES: readonly string[] = [`${AUTHORIZATION_SERVER_METADATA_PATH}/mcp`];

/** Where clients look that know OpenID Connect only; RFC 8414 §5 and OpenID Connect Discovery §4 put `/mcp` in different places. */
export const OPENID_CONFIGURATION_PATHS: readonly string[] = [
  '/.well-known/openid-configuration',
  '/.well-known/openid-configuration/mcp',
  '/mcp/.well-known/openid-configuration',
];

export const KEY_SET_PATH = '/oauth/jwks';

/** RFC 9728 §3.1: with the path of the resource, and without for clients that look at the root first. */
export const PROTECTED_RESOURCE_METADATA_PATHS: readonly string[] = [
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp',
];
