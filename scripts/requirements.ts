/** What the authorization server and `/mcp` must do, by number, and which tests say so. */
import { globSync, readFileSync } from 'node:fs';

export type Level = 'MUST' | 'SHOULD' | 'MAY';

/** `NUMBER LEVEL what it asks for`, in the order of the table. Sources: RFCs 6749, 6750, 7009, 7591, 7636, 8252, 8414, 8707, 9207, 9700, 9728; MCP. */
const LIST = `
META-01 MUST the metadata document is public JSON, without redirect or credentials
META-02 MUST one spelling of the issuer everywhere
META-03 MUST the issuer comes from the configuration, never from the request
META-04 MUST every field that clients rely on is there
META-05 MUST only authentication methods that work are listed
META-06 MUST only endpoints that work are listed
META-07 SHOULD offline_access is listed here, and not by the resource
META-08 SHOULD the OpenID alias is a whole document or is not there
META-09 SHOULD the aliases that older clients ask for give the same document
META-10 SHOULD metadata may be cached, read across origins, and not written
META-11 MUST a protocol version header changes nothing
META-12 MUST the endpoints at the root of older clients run the same handlers
PRM-01 MUST resource metadata with and without the path, public
PRM-02 MUST resource, authorization server, bearer method and scopes
PRM-03 MUST the endpoint is /mcp, with or without a slash
PRM-04 MUST there is no metadata of resources that do not exist
PRM-05 SHOULD the resource has a name
CLI-01 MUST a client_id that is not one of ours is refused, and never redirected
CLI-02 MUST what a client_id seals, and that the secret is not in it
CLI-03 MUST ids and secrets survive form encoding
CLI-04 MUST a client_id is short enough for URLs
CLI-05 MUST several redirect URIs and presets in one client
CLI-06 MUST earlier keys still open, unknown keys are refused alike
CLI-07 SHOULD a client can be shut out
AUTHZ-01 MUST client and redirect URI are judged before everything else
AUTHZ-02 MUST faults of these two are shown, not redirected
AUTHZ-03 MUST all other faults go to the redirect URI, with state and iss
AUTHZ-04 SHOULD a defective request of a client that registered itself is shown first
AUTHZ-05 MUST GET shows, POST submits, HEAD does nothing, no CORS
AUTHZ-06 MUST empty parameters are absent, unknown ones ignored
AUTHZ-07 MUST repeated parameters are refused
AUTHZ-08 MUST parameters that change the question are refused
AUTHZ-10 MUST redirect URIs are compared as strings
AUTHZ-11 MUST the port of a loopback redirect URI is free
AUTHZ-12 MUST which redirect URIs can be registered
AUTHZ-13 MUST answers keep the query of the redirect URI
AUTHZ-20 MUST state comes back as it was
AUTHZ-21 MUST PKCE with S256, for every client
AUTHZ-22 MUST the resource is ours, in any of its known spellings
AUTHZ-23 MUST scope: what was asked for, tolerantly read, within what may be had
AUTHZ-24 MUST iss in every answer
FORM-01 MUST who asks, where it goes, which servers see the password; nothing hostile in it
FORM-02 MUST no sign-in from another page, browser or time
FORM-03 MUST every page forbids scripts, frames, caches and referrers
FORM-04 MUST the redirect after the form passes in a browser
FORM-05 MUST 303 after the form
FORM-06 MUST both logins are tried live, once, within a limit
FORM-07 MUST guessing passwords is throttled before the mail server is asked
FORM-08 SHOULD an unknown user and a wrong password look alike
FORM-09 MUST input is bounded; any password that mail servers take works
FORM-10 SHOULD password managers and screen readers work
CODE-01 MUST what a code seals, for 60 seconds
CODE-02 MUST a code is used once
CODE-03 SHOULD a second use ends the grant
CODE-04 MUST a wrong request does not use a code up, but guessing ends
CODE-05 SHOULD codes fit into URLs
TOK-01 MUST POST of a form and nothing else
TOK-02 MUST one way of client authentication
TOK-03 MUST the secret is asked for on every grant
TOK-04 MUST invalid_client is a 401
TOK-05 MUST the right status and error for each fault
TOK-06 MUST nothing is cached
TOK-07 MUST a code belongs to its client
TOK-08 MUST a redirect URI that is sent is the one of the code
TOK-09 MUST the code verifier
TOK-10 MUST a resource that is sent is the one of the grant
TOK-11 MUST the fields of the answer
TOK-12 SHOULD a refresh token without asking for it
TOK-13 MUST throttled by client, and by client and address, not by address alone
REF-01 MUST refresh tokens are rotated, or public clients get none
REF-02 MUST a stolen refresh token ends the grant; a retry does not
REF-03 MUST a refresh may narrow the scope, never widen it
REF-04 MUST the client is judged again at each refresh
REF-05 SHOULD the mailbox login is tried again at a refresh
REF-06 MUST a grant ends, used or not
REF-07 MUST no other grants
REV-01 MUST revocation with the authentication of the token endpoint
REV-02 MUST revocation tells nothing about tokens
REV-03 MUST revocation takes effect everywhere, or is not offered
REV-04 MUST a refresh token takes its grant along, an access token itself
REV-05 MUST revocations are kept until the token would have ended, by id
INT-01 MAY introspection (left out)
BEAR-01 MUST a token for every request, before the body is read
BEAR-02 MUST the challenge of a request without a token
BEAR-03 MUST the same answer to every bad token
BEAR-04 MUST a missing scope is a 403 that names all that is needed; a policy is not
BEAR-05 MUST the token is in the header and nowhere else
BEAR-06 MUST what is checked inside the token
BEAR-07 MUST a refused mailbox login is a 401 before any result
BEAR-08 MUST token and header are bounded
BEAR-09 MUST nothing secret is logged
JWE-01 MUST one algorithm
JWE-02 MUST no compression
JWE-03 MUST a key for each type
JWE-04 MUST fresh nonces, real keys
JWE-05 MUST only the one compact spelling
JWE-06 MUST every fault looks the same
JWE-07 SHOULD code that needs only claims does not hold the password
CORS-01 MUST browsers may call what is for them
CORS-02 MUST no CORS on the form
HOST-01 MUST foreign origins are refused first
HOST-02 MUST foreign hosts are refused
HOST-03 MUST forwarded headers count only from configured proxies
HOST-04 MUST loopback by default on http
HTTP-01 MUST answers are application/json or text/event-stream
HTTP-02 SHOULD Accept is read leniently
HTTP-03 MUST sizes, depth, time and concurrency are bounded
HTTP-04 MUST GET and DELETE are 405; there are no sessions
MCP-01 MUST the era comes from the body
MCP-02 MUST headers agree with the body
MCP-03 MUST an unsupported version is named, with those supported
MCP-04 MUST a modern envelope is whole
MCP-05 MUST unknown methods are 404 with -32601
MCP-06 MUST server/discover
MCP-07 MUST modern results carry their type and how long they hold
MCP-08 MUST equal permits see equal lists
MCP-09 MUST no promise of list changes
MCP-10 MUST faults of a call are results that a model can read
MCP-11 MUST a client that has gone ends the work, but never half of a send
MCP-12 MUST nothing is sent to the client unasked
MCP-13 MUST initialize of the older eras
MCP-14 MUST a missing version header means 2025-03-26; batches only there
MCP-15 SHOULD a switch for clients whose header and body disagree
MCP-16 MUST nothing of a message travels in headers
MCP-17 SHOULD annotations are true
CIMD-01 MUST offered together with none
CIMD-02 MUST which URLs can be a client_id
CIMD-03 MUST the document is fetched from public addresses, bounded, without redirects
CIMD-04 MUST what the document has to say
CIMD-05 MUST its redirect URIs match like all others
CIMD-06 SHOULD documents are cached for a while, and errors are not
CIMD-07 MUST only hosts that are trusted
CIMD-08 MUST mail servers come from the operator
DCR-01 MAY registration, as RFC 7591 has it
DCR-02 MUST nothing is stored: the client_id is the client
DCR-03 MUST all redirect URIs or none
DCR-04 MUST which metadata counts
DCR-05 MUST off by default, throttled
DCR-06 MUST an expired client is told to register again
`;

export interface Requirement {
  id: string;
  level: Level;
  rule: string;
  /** Names of the tests that carry the number, as `file: name`. */
  tests: string[];
}

/** All requirements with their tests, found by their numbers in the names of tests. */
export function requirements(): Requirement[] {
  const names = testNames();
  return LIST.trim()
    .split('\n')
    .map((line) => {
      const [, id = '', level = '', rule = ''] = /^(\S+) (\S+) (.+)$/.exec(line) ?? [];
      if (level !== 'MUST' && level !== 'SHOULD' && level !== 'MAY') throw new Error(`Not a requirement: ${line}`);
      const carries = new RegExp(`\\b${id}\\b`);
      return { id, level, rule, tests: names.filter((name) => carries.test(name)) };
    });
}

/** A string that carries a number, outside of comments: the name of a test, or of a row of test.each. */
const NUMBERED = /(['"`])((?:(?!\1).)*\b[A-Z]{2,5}-\d{2}\b(?:(?!\1).)*)\1/g;

function testNames(): string[] {
  const root = new URL('../test/', import.meta.url).pathname;
  return globSync('**/*.test.ts', { cwd: root })
    .sort()
    .flatMap((file) => {
      const source = readFileSync(`${root}${file}`, 'utf8');
      const lines = source.split('\n').filter((line) => !/^\s*(\*|\/[/*])/.test(line));
      return [...lines.join('\n').matchAll(NUMBERED)].map((match) => `${file}: ${match[2]}`);
    });
}

/** The table of docs/requirements.md. */
export function requirementTable(all: readonly Requirement[]): string {
  const rows = all.map(({ id, level, rule, tests }) => {
    const files = [...new Set(tests.map((name) => name.split(':', 1)[0] ?? ''))];
    const told = files.map((file) => `[${file}](../test/${file})`).join(', ');
    return `| ${id} | ${level} | ${rule} | ${told || '—'} |`;
  });
  return ['| Number | Level | What it asks for | Tests |', '|---|---|---|---|', ...rows].join('\n');
}
