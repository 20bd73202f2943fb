/** Where the endpoints are. The root forms are those that clients of MCP 2025-03-26 make up; they run the same handlers. */

export const authorizePaths: readonly [string, ...string[]] = ['/oauth/authorize', '/authorize'];

export const tokenPaths: readonly [string, ...string[]] = ['/oauth/token', '/token'];

/** Where the owner of a mailbox finds what they have granted. */
export const accountPath = '/account';

export const revocationPaths: readonly [string, ...string[]] = ['/oauth/revoke', '/revoke'];

export const registrationPaths: readonly [string, ...string[]] = ['/oauth/register', '/register'];

/** The second form is for clients that take the URL of `/mcp` for the issuer. */
export const authorizationServerMetadataPaths: readonly string[] = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/oauth-authorization-server/mcp',
];

/** RFC 9728 §3.1: with the path of the resource, and without for clients that look at the root first. */
export const protectedResourceMetadataPaths: readonly string[] = [
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp',
];
