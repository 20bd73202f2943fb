import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { originGuard } from '../../src/app/origin-guard.ts';

const issuer = 'https://mail.example.com';

interface Profile {
  isLocal?: boolean;
  allowed?: string[];
}

/** @returns the status for each value of the header; 401 is the response of the handler behind the guard */
async function answersTo(header: 'origin' | 'host', values: string[], { isLocal = false, allowed = [] }: Profile = {}) {
  const app = express();
  app.all('/mcp', originGuard({ issuer, isLocal, allowedOrigins: new Set(allowed) }), (_request, response) => {
    response.status(401).end();
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const statuses = values.map(async (value) => {
    // fetch would set its own Host.
    const headers = { host: 'mail.example.com', ...(value !== '' && { [header]: value }) };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers });
      sent.once('response', (response) => resolve(response.resume().statusCode)).once('error', reject);
      sent.end();
    });
    return [value, status] as const;
  });
  const answers = Object.fromEntries(await Promise.all(statuses));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return answers;
}

describe('Origin', () => {
  test('HOST-01 our origin may call, and so may programs, which send no Origin', async () => {
    expect(await answersTo('origin', [issuer, ''])).toEqual({ [issuer]: 401, '': 401 });
  });

  test('HOST-01 no other origin may call: null, loopback and lookalikes are refused', async () => {
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
    expect(await answersTo('origin', foreign)).toEqual(Object.fromEntries(foreign.map((origin) => [origin, 403])));
  });

  test('HOST-01 origins that the operator lists may call, compared byte by byte', async () => {
    const allowed = ['https://app.example.com', 'http://tool.example:8080', 'vscode-file://vscode-app'];
    const near = ['https://app.example.com:444', 'http://app.example.com', 'https://x.app.example.com', 'null'];
    expect(await answersTo('origin', [...allowed, ...near], { allowed })).toEqual({
      ...Object.fromEntries(allowed.map((origin) => [origin, 401])),
      ...Object.fromEntries(near.map((origin) => [origin, 403])),
    });
  });

  test('HOST-01 the origin null may call if it is listed', async () => {
    expect(await answersTo('origin', ['null'], { allowed: ['null'] })).toEqual({ null: 401 });
  });

  test('HOST-01 pages on this machine may call a local server; hosts with a similar name may not', async () => {
    const pages = ['http://localhost:6274', 'https://127.0.0.1', 'http://[::1]:8080'];
    const others = ['http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'ftp://localhost', 'null'];
    expect(await answersTo('origin', [...pages, ...others], { isLocal: true })).toEqual({
      ...Object.fromEntries(pages.map((origin) => [origin, 401])),
      ...Object.fromEntries(others.map((origin) => [origin, 403])),
    });
  });
});

describe('Host', () => {
  const own = ['mail.example.com', 'MAIL.example.com', 'mail.example.com:443'];
  const foreign = ['evil.example', 'mail.example.com.evil.example', 'mail.example.com:8443', 'localhost.evil.example'];
  const loopback = ['localhost', 'localhost:3000', '127.0.0.1:3000', '[::1]:3000'];
  const all = (status: number, hosts: string[]) => Object.fromEntries(hosts.map((host) => [host, status]));

  test('HOST-02 only our host is served, which prevents DNS rebinding', async () => {
    expect(await answersTo('host', [...own, ...foreign, ...loopback])).toEqual({
      ...all(401, own),
      ...all(421, [...foreign, ...loopback]),
    });
  });

  test('HOST-02 a local server may be called by any loopback address', async () => {
    expect(await answersTo('host', [...own, ...foreign, ...loopback], { isLocal: true })).toEqual({
      ...all(401, [...own, ...loopback]),
      ...all(421, foreign),
    });
  });
});
