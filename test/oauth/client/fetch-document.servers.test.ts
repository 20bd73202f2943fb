import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { OAuthError } from '../../../src/errors.ts';
import { documentFetcher, type FetchDocument } from '../../../src/oauth/client/fetch-document.ts';
import { isPublic } from '../../../src/web/public-address.ts';
import { createLoopbackFetch, startDocumentServer } from '../../support/servers/document-server.ts';
import { testServers } from '../../support/servers/servers.ts';

const codeOf = (fetchDocument: FetchDocument, url: string) =>
  fetchDocument(url).then(
    () => 'fetched',
    (error: unknown) => (error instanceof OAuthError ? error.code : error),
  );

const at =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('fetching a client metadata document', () => {
  test('CIMD-03 sends its own User-Agent, no cookie and no credentials, and accepts JSON only', async () => {
    await using server = await startDocumentServer();
    const url = server.publish({ client_name: 'Example' });
    expect(JSON.parse((await createLoopbackFetch()(url)).text)).toEqual({ client_id: url, client_name: 'Example' });
    expect(server.requests[0]?.headers).toEqual({
      host: server.host,
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'mail-mcp',
      connection: 'close',
    });
  });

  test('CIMD-03 by default, no server on this computer is connected to', async () => {
    await using server = await startDocumentServer();
    const url = server.publish({});
    expect(await codeOf(createLoopbackFetch({ isAllowed: isPublic }), url)).toBe('temporarily_unavailable');
    expect(server.connections()).toBe(0);
  });

  test('CIMD-03 in production, names of this computer are not resolved', async () => {
    await using server = await startDocumentServer();
    server.publish({});
    for (const host of ['localhost', 'localhost.', hostname()]) {
      const url = `https://${host}:${server.port}/client.json`;
      expect(await codeOf(documentFetcher(), url)).toBe('temporarily_unavailable');
    }
    expect(server.connections()).toBe(0);
  });

  test.each([
    ['after a public one', ['127.0.0.1', '10.0.0.1']],
    ['before a public one', ['169.254.169.254', '127.0.0.1']],
    ['of the other family', ['127.0.0.1', '::1']],
  ])('CIMD-03 a host with a forbidden address %s is not connected to', async (_, addresses) => {
    await using server = await startDocumentServer();
    const fetchDocument = createLoopbackFetch({ resolve: at(...addresses) });
    expect(await codeOf(fetchDocument, server.publish({}))).toBe('temporarily_unavailable');
    expect(server.connections()).toBe(0);
  });

  test('CIMD-03 a host without an address is not connected to', async () => {
    await using server = await startDocumentServer();
    expect(await codeOf(createLoopbackFetch({ resolve: at() }), server.publish({}))).toBe('temporarily_unavailable');
  });

  test.each(['127.0.0.1', '[::1]', '0x7f.1', '2130706433'])(
    'CIMD-03 a host that is the address %s is never connected to',
    async (host) => {
      await using server = await startDocumentServer();
      const url = `https://${host}:${server.port}/client.json`;
      const fetchDocument = createLoopbackFetch({ isAllowed: () => true });
      expect(await codeOf(fetchDocument, url)).toBe('temporarily_unavailable');
      expect(server.connections()).toBe(0);
    },
  );

  test('CIMD-03 a name that resolves to another address after the check leads to the checked one', async () => {
    await using checked = await startDocumentServer();
    await using inner = await startDocumentServer({ address: '127.0.0.2', port: checked.port });
    const answers = [at('127.0.0.1'), at('127.0.0.2')];
    let asked = 0;
    const resolve = () => (answers[asked++] ?? at('127.0.0.2'))();
    await createLoopbackFetch({ resolve })(checked.publish({}));
    expect(asked).toBe(1);
    expect(checked.connections()).toBe(1);
    expect(inner.connections()).toBe(0);
  });

  test('CIMD-03 every fetch is checked anew', async () => {
    await using server = await startDocumentServer();
    const answers = [at('127.0.0.1'), at('10.0.0.1')];
    const fetchDocument = createLoopbackFetch({ resolve: () => (answers.shift() ?? at())() });
    expect(await codeOf(fetchDocument, server.publish({}))).toBe('fetched');
    expect(await codeOf(fetchDocument, server.url())).toBe('temporarily_unavailable');
    expect(server.connections()).toBe(1);
  });

  test.each([301, 302, 303, 307, 308])('CIMD-03 a redirect with %i is not followed', async (status) => {
    await using server = await startDocumentServer();
    server.answer((_, response) => void response.writeHead(status, { Location: '/other.json' }).end());
    expect(await codeOf(createLoopbackFetch(), server.url())).toBe('invalid_client');
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    [201, 'invalid_client'],
    [204, 'invalid_client'],
    [206, 'invalid_client'],
    [401, 'invalid_client'],
    [404, 'invalid_client'],
    [410, 'invalid_client'],
    [429, 'temporarily_unavailable'],
    [500, 'temporarily_unavailable'],
    [503, 'temporarily_unavailable'],
  ])('CIMD-03 the status %i is %s', async (status, code) => {
    await using server = await startDocumentServer();
    server.answer((_, response) => void response.writeHead(status, { 'Content-Type': 'application/json' }).end());
    expect(await codeOf(createLoopbackFetch(), server.url())).toBe(code);
  });

  test.each([
    ['application/json', 'fetched'],
    ['application/json; charset=utf-8', 'fetched'],
    ['Application/JSON', 'fetched'],
    ['application/client+json', 'fetched'],
    ['text/json', 'invalid_client'],
    ['text/html', 'invalid_client'],
    ['application/jsonp', 'invalid_client'],
    ['text/html; x=application/json', 'invalid_client'],
    [undefined, 'invalid_client'],
  ])('CIMD-03 a document of type %s: %s', async (type, outcome) => {
    await using server = await startDocumentServer();
    server.answer((_, response) => {
      if (type !== undefined) response.setHeader('Content-Type', type);
      response.end('{}');
    });
    expect(await codeOf(createLoopbackFetch(), server.url())).toBe(outcome);
  });

  test.each([
    ['as long as allowed', 5 * 1024, 'fetched'],
    ['a byte longer', 5 * 1024 + 1, 'invalid_client'],
    ['a megabyte', 1024 * 1024, 'invalid_client'],
  ])('CIMD-03 a document %s, with its length declared or not: %s', async (_, size, outcome) => {
    await using server = await startDocumentServer();
    for (const headers of [{}, { 'Content-Length': String(size) }]) {
      server.answer((_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
        response.write('x');
        response.end('x'.repeat(size - 1));
      });
      expect(await codeOf(createLoopbackFetch(), server.url())).toBe(outcome);
    }
  });

  test('CIMD-03 a compressed document is refused without being decompressed', async () => {
    await using server = await startDocumentServer();
    server.publish({}, { 'Content-Encoding': 'gzip' });
    expect(await codeOf(createLoopbackFetch(), server.url())).toBe('invalid_client');
  });

  test.each([
    ['never answers', () => {}],
    ['never ends its document', (response: { write(text: string): unknown }) => response.write('{')],
  ])('CIMD-03 the fetch from a host that %s ends', async (_, speak) => {
    await using server = await startDocumentServer();
    server.answer((_request, response) => {
      response.setHeader('Content-Type', 'application/json');
      speak(response);
    });
    expect(await codeOf(createLoopbackFetch({ timeoutMs: 300 }), server.url())).toBe('temporarily_unavailable');
  });

  test('CIMD-03 the fetch from a name that never resolves ends', async () => {
    const fetchDocument = createLoopbackFetch({ resolve: () => new Promise(() => {}), timeoutMs: 300 });
    expect(await codeOf(fetchDocument, 'https://client.example/client.json')).toBe('temporarily_unavailable');
  });

  test('CIMD-03 a certificate of another host, or of an untrusted issuer, ends the fetch', async () => {
    const { wrongHost, selfSigned } = testServers().certificates;
    for (const pair of [wrongHost, selfSigned]) {
      await using server = await startDocumentServer({ pair });
      expect(await codeOf(createLoopbackFetch(), server.publish({}))).toBe('temporarily_unavailable');
      expect(server.requests).toHaveLength(0);
    }
  });

  test('CIMD-03 every refusal has the same description, whatever its address', async () => {
    const url = 'https://client.example/client.json';
    const refusals = [at('127.0.0.1'), at('10.0.0.1'), at(), () => Promise.reject(new Error('ENOTFOUND'))].map(
      (resolve) => createLoopbackFetch({ resolve })(url).catch((error: Error) => error.message),
    );
    expect(new Set(await Promise.all(refusals)).size).toBe(1);
  });

  test.each([
    ['nothing', {}, 0],
    ['max-age', { 'Cache-Control': 'public, max-age=3600' }, 3600],
    ['max-age and Age', { 'Cache-Control': 'max-age=3600', Age: '600' }, 3000],
    ['an Age that is none', { 'Cache-Control': 'max-age=3600', Age: 'old' }, 3600],
    ['more Age than max-age', { 'Cache-Control': 'max-age=3600', Age: '7200' }, 0],
    ['no-store', { 'Cache-Control': 'no-store, max-age=3600' }, 0],
    ['no-cache', { 'Cache-Control': 'no-cache' }, 0],
    ['Expires', { Date: 'Sat, 21 Nov 2026 12:00:00 GMT', Expires: 'Sat, 21 Nov 2026 13:00:00 GMT' }, 3600],
    ['an Expires that is none', { Expires: '0' }, 0],
  ])('CIMD-06 its headers determine how long a document is fresh: %s', async (_, headers, seconds) => {
    await using server = await startDocumentServer();
    expect(await createLoopbackFetch()(server.publish({}, headers))).toMatchObject({ freshSeconds: seconds });
  });
});
