import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { originGuard } from '../src/origin-guard.ts';

const issuer = 'https://mail.example.com';

/** What the guard says to each origin; 401 is what stands behind it. */
async function answersTo(origins: string[], { isLocal = false, allowed = [] as string[] } = {}) {
  const app = express();
  app.all('/mcp', originGuard({ issuer, isLocal, allowedOrigins: new Set(allowed) }), (_request, response) => {
    response.status(401).end();
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const statuses = origins.map(async (origin) => {
    const headers: Record<string, string> = origin === '' ? {} : { origin };
    const { status } = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers });
    return [origin, status] as const;
  });
  const answers = Object.fromEntries(await Promise.all(statuses));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return answers;
}

describe('Origin', () => {
  test('HOST-01 ours may call, and so may programs, which send none', async () => {
    expect(await answersTo([issuer, ''])).toEqual({ [issuer]: 401, '': 401 });
  });

  test('HOST-01 no other may, null and loopback included, and none that only looks like ours', async () => {
    const foreign = [
      'https://evil.example',
      'null',
      'http://mail.example.com',
      'https://mail.example.com:8443',
      'https://mail.example.com.evil.example',
      'https://sub.mail.example.com',
      'https://mail.example.com/',
      'http://localhost:6274',
      'http://127.0.0.1:6274',
    ];
    expect(await answersTo(foreign)).toEqual(Object.fromEntries(foreign.map((origin) => [origin, 403])));
  });

  test('HOST-01 those that the operator lists may, and only byte by byte', async () => {
    const allowed = ['https://app.example.com', 'http://tool.example:8080', 'vscode-file://vscode-app'];
    const near = ['https://app.example.com:444', 'http://app.example.com', 'https://x.app.example.com', 'null'];
    expect(await answersTo([...allowed, ...near], { allowed })).toEqual({
      ...Object.fromEntries(allowed.map((origin) => [origin, 401])),
      ...Object.fromEntries(near.map((origin) => [origin, 403])),
    });
  });

  test('HOST-01 null may if it is listed', async () => {
    expect(await answersTo(['null'], { allowed: ['null'] })).toEqual({ null: 401 });
  });

  test('HOST-01 pages on this machine may call a local server, and nobody who borrows the name', async () => {
    const pages = ['http://localhost:6274', 'https://127.0.0.1', 'http://[::1]:8080'];
    const others = ['http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'ftp://localhost', 'null'];
    expect(await answersTo([...pages, ...others], { isLocal: true })).toEqual({
      ...Object.fromEntries(pages.map((origin) => [origin, 401])),
      ...Object.fromEntries(others.map((origin) => [origin, 403])),
    });
  });
});
