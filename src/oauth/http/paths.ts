/** Where the endpoints are. The root forms are those that clients of MCP 2025-03-26 make up; they run the same handlers. */

export const authorizePaths: readonly [string, ...string[]] = ['/oauth/authorize', '/authorize'];

export const tokenPaths: readonly [string, ...string[]] = ['/oauth/token', '/token'];

/** Where the owner of a mailbox finds what they have granted. */
export const accountPath = '/account';

export const revocationPaths: readonly [string, ...string[]] = ['/oauth/revoke', '/revoke'];

export const registrationPaths: readonly [string, ...string[]] = ['/oauth/register', '/register'];

/** RFC 8414 §3. */
export const authorizationServerMetadataPath = '/.well-known/oauth-authorization-server';

/** The same for clients that take the URL of `/mcp` for the issuer. */
export const authorizationServerMetadataAliases: readonly string[] = [`${authorizationServerMetadataPath}/mcp`];

/** Where clients look that know OpenID Connect only; RFC 8414 §5 and OpenID Connect Discovery §4 put `/mcp` in different places. */
export const openidConfigurationPaths: readonly string[] = [
  '/.well-known/openid-configuration',
  '/.well-known/openid-configuration/mcp',
  '/mcp/.well-known/openid-configuration',
];

export const keySetPath = '/oauth/jwks';

/** RFC 9728 §3.1: with the path of the resource, and without for clients that look at the root first. */
export const protectedResourceMetadataPaths: readonly string[] = [
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp',
];
