import { describe, expect, test } from 'vitest';
import { createFetchFile } from '../../src/web/fetch-file.ts';
import { startDocumentServer, toLoopback } from '../support/servers/document-server.ts';

describe('MSV-02 a file behind a link', () => {
  test('is fetched with no cookie, no credentials and no Referer', async () => {
    await using server = await startDocumentServer();
    server.answer((_, response) => void response.end('bytes'));
    expect(String(await createFetchFile(toLoopback())(`${server.url('/f')}?a=1`, 10))).toBe('bytes');
    const [request] = server.requests;
    expect([request?.method, request?.url]).toEqual(['GET', '/f?a=1']);
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  test.each([301, 302, 307, 404, 500])(
    'is not there with the status %i, and no redirect is followed',
    async (status) => {
      await using server = await startDocumentServer();
      server.answer((_, response) => void response.writeHead(status, { Location: '/other' }).end());
      await expect(createFetchFile(toLoopback())(server.url('/f'), 10)).rejects.toThrow('could not be fetched');
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each([[{ 'Content-Length': '11' }], [{}]])('is too large: %j', async (headers) => {
    await using server = await startDocumentServer();
    server.answer((_, response) => void response.writeHead(200, headers).end('12345678901'));
    await expect(createFetchFile(toLoopback())(server.url('/f'), 10)).rejects.toThrow('too large');
  });

  test('is not fetched from an address that is not public, over http, or too slowly', async () => {
    await using server = await startDocumentServer();
    server.answer((_, response) => void response.writeHead(200).write('1'));
    const says = 'could not be fetched';
    const { ca, resolve } = toLoopback();
    await expect(createFetchFile({ ca, resolve })(server.url('/f'), 10)).rejects.toThrow(says);
    await expect(createFetchFile(toLoopback())(server.url('/f').replace('https', 'http'), 10)).rejects.toThrow(says);
    expect(server.requests).toEqual([]);
    await expect(createFetchFile({ ...toLoopback(), timeoutMs: 300 })(server.url('/f'), 10)).rejects.toThrow(says);
  });
});
