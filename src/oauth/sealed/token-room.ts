/** How much fits into an access token, which travels in a header with every request (BEAR-08). */

/**
 * In bytes of JSON, for a token of less than 4 KiB: what is left after the header of the JWE, base64url and 166 bytes of claims that are not
 * known yet. One login of the longest values fits beside mail servers with the longest names, and nothing else then.
 */
const maxBytes = 2820;

/** @param content of the token, but for `sub`, `gid`, `granted_at` and what each sealed thing says about itself */
export function fitsIntoAccessToken(content: object): boolean {
  return Buffer.byteLength(JSON.stringify(content)) <= maxBytes;
}
