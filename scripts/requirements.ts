/** Lists the requirements of the authorization server, of `/mcp`, of unsubscribing and of running the server, and finds the tests of each. */
import { globSync, readFileSync } from 'node:fs';

type Level = 'MUST' | 'SHOULD' | 'MAY';

/** `NUMBER LEVEL requirement`, in the order of the table. Sources: RFCs 2369, 6068, 6749, 6750, 7009, 7591, 7636, 8058, 8252, 8414, 8707, 9207, 9700, 9728; MCP. */
const LIST = `
META-01 MUST the metadata document is public JSON, without redirect or credentials
META-02 MUST the issuer is spelled the same everywhere
META-03 MUST the issuer comes from the configuration, never from the request
META-04 MUST every field that clients rely on is present
META-05 MUST only authentication methods that work are listed
META-06 MUST only endpoints that work are listed
META-07 SHOULD offline_access is listed here, and not by the resource
META-08 SHOULD the OpenID alias is a complete document or absent
META-09 SHOULD the aliases that older clients request return the same document
META-10 SHOULD metadata can be cached and read across origins, and accepts no writes
META-11 MUST a protocol version header changes nothing
META-12 MUST the root endpoints of older clients run the same handlers
PRM-01 MUST resource metadata is public, with and without the path
PRM-02 MUST resource metadata names resource, authorization server, bearer method and scopes
PRM-03 MUST the endpoint is /mcp, with or without a slash
PRM-04 MUST there is no metadata for resources that do not exist
PRM-05 SHOULD the resource has a name
PRM-06 SHOULD a client that is given the base URL in place of /mcp signs in and calls tools
CONN-01 MUST each connection is an issuer of its own, by host or by path, with its own metadata and endpoints
CONN-02 MUST what one connection grants is refused at every other
CONN-03 MUST the connection alone decides about servers: minted clients are refused there
CONN-04 MUST unknown, expired and denied connections are answered with a sentence, and cost little
CONN-05 MUST the address chooses among several connections, and one that none is for is refused before a password is asked for
CONN-06 MUST after a change of the connections, what a provider has issued goes to that provider alone, and a password to servers that are for its address
CLI-01 MUST a client_id that this server did not issue is refused, and never redirected
CLI-02 MUST a client_id seals its configuration, and does not contain the secret
CLI-03 MUST ids and secrets survive form encoding
CLI-04 MUST a client_id is short enough for URLs
CLI-05 MUST one client can have several redirect URIs and presets
CLI-06 MUST earlier keys still decrypt, and unknown keys are refused alike
CLI-07 SHOULD a client can be denied
AUTHZ-01 MUST client and redirect URI are checked before everything else
AUTHZ-02 MUST errors in client or redirect URI are shown on a page, not redirected
AUTHZ-03 MUST all other errors are redirected, with state and iss
AUTHZ-04 SHOULD an error in a request of a dynamic client is shown before it is redirected
AUTHZ-05 MUST GET shows the page, POST submits it, HEAD does nothing, and there is no CORS
AUTHZ-06 MUST empty parameters count as absent, and unknown ones are ignored
AUTHZ-07 MUST repeated parameters are refused, except resource with one meaning
AUTHZ-08 MUST parameters that change the meaning of the request are refused
AUTHZ-10 MUST redirect URIs are compared as strings
AUTHZ-11 MUST a loopback redirect URI matches with any port
AUTHZ-12 MUST only https, loopback and listed private-use redirect URIs can be registered
AUTHZ-13 MUST the authorization response keeps the query of the redirect URI
AUTHZ-20 MUST state is returned unchanged
AUTHZ-21 MUST PKCE with S256 is required of every client
AUTHZ-22 MUST the resource is this server, in any of its known spellings
AUTHZ-23 MUST the scope is the requested one, parsed leniently, within what the client may have
AUTHZ-24 MUST every authorization response contains iss
FORM-01 MUST the page shows the client, where the access goes and which servers see the password, all escaped
FORM-02 MUST a sign-in from another page, another browser or an expired page is refused; the same form twice within a minute gives one grant
FORM-03 MUST every page forbids frames, caches, referrers and scripts, except one of its own, by hash, without which it works
FORM-04 MUST a browser follows the redirect after the sign-in
FORM-05 MUST a sign-in is answered with 303
FORM-06 MUST the IMAP and SMTP logins are tried at their servers, once, within a time limit
FORM-07 MUST guessing passwords is throttled before the mail server is asked, and locks no other login out
FORM-08 SHOULD an unknown user and a wrong password look alike
FORM-09 MUST input is bounded, and every password that mail servers accept works
FORM-10 SHOULD password managers and screen readers work with the page
FORM-11 MUST a page ticks what was last left on in this browser, and marks what a client asks for in addition
FORM-12 MUST what cannot be undone is not ticked at first, nor sending for an unverified client; the trash is a power of its own
FORM-13 SHOULD two fields and one button are visible without scrolling on a phone; powers and limits are one sentence, the rest is folded
FORM-14 MUST the pages for account owners are in the language that was chosen, or that the browser prefers, and a choice loses nothing that was typed but secrets
FORM-15 MUST every sentence is in every language with the same values, and none is written elsewhere
FORM-16 MUST times on the pages are in the time zone of their reader; without a script they are in UTC and say so
PAGE-01 MUST the page at / names the URL for clients and the steps of each, and says where a client id is needed
PAGE-02 MUST clients that ask for JSON or a stream at / get no page
PAGE-03 MUST a browser at any other URL gets a page that names the way
PAGE-04 SHOULD the pages name the operator as the settings say
PAGE-05 MUST every accent colour can be read in both colour schemes
PAGE-06 SHOULD icons and the logo are served, and run nothing
ADMIN-01 MUST the minting page exists only with ADMIN_TOKEN, and with a minting key says where clients are minted
ADMIN-02 MUST a session of the minting page ends by time and with the token, and nothing that was typed is lost
ADMIN-03 MUST forms of other sites mint nothing, and wrong tokens do not lock the right one out
ADMIN-04 MUST the form has every flag of generate, and says all faults beside its fields in the words of generate
ADMIN-05 MUST the page shows once what was minted, and the command on it mints the same
ADMIN-06 MUST mail servers are tried before minting, unless the operator says otherwise
SHELL-01 MUST nothing that can be typed after mail-mcp, or set as a variable, ends in a stack
SHELL-02 MUST the exit code is 0, 1 for a wrong value or a failure, 2 for a command line that cannot be read
SHELL-03 SHOULD what was mistyped is named with what was meant
SHELL-04 MUST the lines to paste after minting have the client id and the URL, and are not on stdout
SHELL-05 SHOULD the completion of a shell knows every command, flag and value
CODE-01 MUST a code seals the grant and is valid for 60 seconds
CODE-02 MUST a code is used once
CODE-03 SHOULD a second use ends the grant
CODE-04 MUST a wrong request does not use up a code, but repeated ones of its client do
CODE-05 SHOULD codes fit into URLs
TOK-01 MUST only POST with form parameters is accepted
TOK-02 MUST a request uses exactly one method of client authentication
TOK-03 MUST the secret is required for every grant type
TOK-04 MUST invalid_client is a 401
TOK-05 MUST each error has the status and code of the RFC
TOK-06 MUST no response can be cached
TOK-07 MUST a code belongs to its client
TOK-08 MUST a redirect URI, if sent, equals that of the code
TOK-09 MUST the code verifier is present and matches the challenge
TOK-10 MUST a resource, if sent, equals that of the grant
TOK-11 MUST the response has the fields of the RFC
TOK-12 SHOULD a refresh token is issued without offline_access
TOK-13 MUST failing requests are throttled by client and address, and right ones are not refused because of them
REF-01 MUST refresh tokens are rotated, or public clients get none
REF-02 MUST a used refresh token gives the same successor until that one is used and for 60 minutes more, 30 for public clients; later reuse ends the grant
REF-03 MUST a refresh never widens the scope: what was not granted is left out
REF-04 MUST the client is checked again at each refresh
REF-05 SHOULD the mailbox login is tried again at a refresh
REF-06 MUST a grant expires, whether or not it is used
REF-07 MUST other grant types are refused
REV-01 MUST revocation requires the authentication of the token endpoint
REV-02 MUST the response to a revocation reveals nothing about tokens
REV-03 MUST revocation takes effect everywhere, or is not offered
REV-04 MUST revoking a refresh token revokes its grant, revoking an access token only itself
REV-05 MUST revocations are kept by id until the token would have expired
INT-01 MAY introspection (not offered)
BEAR-01 MUST every request needs a token, which is checked before the body is read
BEAR-02 MUST a request without a token gets a challenge without an error
BEAR-03 MUST every invalid token gets the same response
BEAR-04 MUST a missing scope is a 403 that names all required scopes; a policy refusal is not
BEAR-05 MUST the token is accepted in the Authorization header only
BEAR-06 MUST type, key, issuer, audience and expiry of the token are checked
BEAR-07 MUST a refused mailbox login is a 401 before any result
BEAR-08 MUST token and header are bounded
BEAR-09 MUST nothing secret is logged
JWE-01 MUST exactly one algorithm is accepted
JWE-02 MUST compression is refused
JWE-03 MUST each type has its own key
JWE-04 MUST nonces are fresh, and keys are 32 bytes and no published sample
JWE-05 MUST only the canonical compact spelling is accepted
JWE-06 MUST every error looks the same
JWE-07 SHOULD code that needs only claims does not get the password
CORS-01 MUST browsers may call the endpoints meant for them across origins
CORS-02 MUST the sign-in page has no CORS
HOST-01 MUST foreign origins are refused before everything else
HOST-02 MUST foreign hosts are refused
HOST-03 MUST forwarded headers count only from configured proxies
HOST-04 MUST with an http URL the server listens on loopback by default
HTTP-01 MUST responses are application/json or text/event-stream
HTTP-02 SHOULD Accept is parsed leniently
HTTP-03 MUST sizes, depth, time and concurrency are bounded
HTTP-04 MUST GET and DELETE are 405; there are no sessions
MCP-01 MUST the body decides the protocol era
MCP-02 MUST headers agree with the body, except in two pairs of versions that hosted clients send (decision 44)
MCP-03 MUST the error for an unsupported version names it and those supported
MCP-04 MUST a 2026-07-28 envelope is complete; it may be absent only in one of these pairs (decision 44)
MCP-05 MUST unknown methods are 404 with -32601
MCP-06 MUST server/discover is implemented
MCP-07 MUST 2026-07-28 results contain their type and how long they may be cached
MCP-08 MUST equal permits get equal tool lists
MCP-09 MUST changes of the tool list are not announced as a capability
MCP-10 MUST errors of a call are results that a model can read
MCP-11 MUST work ends when the client disconnects, but never in the middle of a send
MCP-12 MUST no unrequested message is sent to the client
MCP-13 MUST initialize of the 2025 versions is implemented
MCP-14 MUST a missing version header means 2025-03-26; batches only there
MCP-15 SHOULD the two pairs are served by the era of the body and logged, and a setting refuses them
MCP-16 MUST no part of a message is sent in headers
MCP-17 SHOULD tool annotations are true
CIMD-01 MUST metadata documents are advertised together with the authentication method none
CIMD-02 MUST only https URLs with a path, in canonical form, can be a client_id
CIMD-03 MUST the document is fetched from public addresses only, bounded, without redirects
CIMD-04 MUST the document names itself, the client and its redirect URIs
CIMD-05 MUST the redirect URIs of a document match like all others
CIMD-06 SHOULD documents are cached for a limited time, and errors are not
CIMD-07 MUST only documents of trusted hosts are accepted, and those whose client could register as well
CIMD-08 MUST mail servers come from the operator
DCR-01 MAY registration follows RFC 7591
DCR-02 MUST nothing is stored: the client_id contains the registration
DCR-03 MUST redirect URIs that no client may have are dropped, and a request without any other is refused
DCR-04 MUST the authentication method is honoured, unknown metadata is ignored, and a field without any supported value is refused
DCR-05 MUST registration is off by default, and throttled by network
DCR-06 MUST an expired client gets 401 invalid_client, so that it registers again
UNSUB-01 MUST a URL of a message is used only if the own mail server has found that a domain of the sender or the list has signed it
UNSUB-02 MUST one-click requests reach public addresses only, over https, without redirects
UNSUB-03 MUST a request is made once, and an unknown outcome is reported as unknown
UNSUB-04 MUST a request by mail has one recipient, a subject and a text
UNSUB-05 MUST nothing is requested from senders of junk, or of mail that failed DMARC
UNSUB-06 MUST limits of recipients and messages hold, and 20 requests an hour for every connection
MSV-01 MUST the body of a Missive message keeps its characters and lines
MSV-02 MUST files for Missive come from this server, from Missive and from messages that are named, and from nowhere else
MSV-03 MUST descriptions and errors name only tools that the connection has, and parameters it may use
MSV-04 MUST unlisted tools can be called by name, and are listed where the sealed tags or tools name them
MSV-11 MUST a Missive conversation of 35 messages is read with one call and at most 4,000 tokens
MSV-12 MUST what a timeline leaves out is counted by a cursor, and returned once
MSV-13 MUST no answer of a Missive tool exceeds 20,000 tokens, and what did not fit can be had by another call
MSV-14 MUST messages of Missive come with warnings: Reply-To on another domain, links that lead elsewhere, hidden text
MSV-15 MUST the text of a file of a Missive message is read without a link, in a process that has nothing but the file
MSV-21 MUST a reply goes to those outside whom the answered message names, never to addresses of the organization, within the limits
MSV-22 MUST a call with an idempotency_key sends at most once on all replicas, and an unknown outcome stays unknown
MSV-23 MUST the two workflows of docs/missive.md take at most 4 calls and 2,500 tokens
MSV-24 MUST answers name labels by the path that every tool takes, with one request to Missive more at most
PROV-01 MUST a response of a provider is good for the browser, page and request that it was made for
PROV-02 MUST organizations are recognised by what the provider asserts, never by an address
PROV-03 MUST calls of one approval share one request at the provider, on all replicas
PROV-04 MUST a refresh token that the provider has replaced is not used again, and its notes count for their approval alone
PROV-05 MUST an outage of the provider or of Redis ends no grant
PROV-06 MUST a grant ends when the provider has ended what was approved
PROV-07 MUST a refusal of the SMTP server, and a fault of the IMAP server, ends no grant
PROV-08 MUST a message that Microsoft Graph may have accepted is not sent again
PROV-09 MUST providers that replace refresh tokens are refused where several replicas share no state, at the start where a connection is known then
PROV-10 MUST doctor finds out what is wrong with a provider without an account: metadata, registration, redirect URI, tenant
PROV-11 MUST a refresh token that is too long for a token is in the state until its grant ends; only its loss ends the grant, an outage does not
PROV-12 MUST neither the state nor the key nor a token alone opens what is stored of a provider for a grant, and without Redis nothing of it is stored
PROV-13 MUST a provider that is not known shares its redirect URI with no other, and a code is exchanged only if it came to that of its own provider
RUN-01 MUST every secret among the settings can be read from a file
RUN-02 MUST in a container the server listens on every address, and the log names the address
RUN-03 SHOULD idle connections are kept longer than reverse proxies keep them
RUN-04 MUST the packages for S3 may be absent where S3 is not set, and are asked for in one sentence where it is
RUN-05 MUST images are named by digest, and the one of the server runs without root
RUN-06 MUST compose.yaml needs two settings, and gives each service what it needs and nothing else
RUN-07 MUST with the configurations of Caddy and nginx in deploy/, sign-in, calls, long headers and the address of the client arrive
`;

export interface Requirement {
  id: string;
  level: Level;
  rule: string;
  /** Names of the tests that contain the number, as `file: name`. */
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
      const number = new RegExp(`\\b${id}\\b`);
      return { id, level, rule, tests: names.filter((name) => number.test(name)) };
    });
}

/** A string with a number, outside of comments: the name of a test, or of a row of test.each. */
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
    const links = files.map((file) => `[${file}](../test/${file})`).join(', ');
    return `| ${id} | ${level} | ${rule} | ${links || '—'} |`;
  });
  return ['| Number | Level | Requirement | Tests |', '|---|---|---|---|', ...rows].join('\n');
}
