import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { OAuthError } from '../../../src/errors.ts';
import { createErrorResponse } from '../../../src/oauth/endpoints/error-response.ts';
import { createTokenThrottle } from '../../../src/oauth/endpoints/token-throttle.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import { startOAuthApp, testKey } from '../../support/app/oauth-app.ts';
import { waitUntil } from '../../support/app/wait-until.ts';

const form = { grant_type: 'authorization_code', code: 'wrong', code_verifier: 'wrong' };

describe('the token endpoint', () => {
  test('TOK-13 TOK-05 a client that fails too often has to wait, by an OAuth error, and other clients do not', async () => {
    await using app = await startOAuthApp();
    const [guesser, other] = [await app.mint({ kind: 'public' }), await app.mint({ kind: 'public' })];
    const ask = (clientId: string) => app.post('/oauth/token', { ...form, client_id: clientId });
    const statuses: number[] = [];
    for (let tries = 0; tries < 310; tries++) statuses.push((await ask(guesser.clientId)).status);
    expect(new Set(statuses.slice(0, 290))).toEqual(new Set([400]));
    const refused = await ask(guesser.clientId);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect(await refused.json()).toEqual({ error: 'temporarily_unavailable', error_description: expect.any(String) });
    expect((await ask(other.clientId)).status).toBe(400);
  });
});

/** Responds with the status in the path, for the client in the path and the address in the header. The client `public` has no secret. */
async function startThrottled(max: { ofClient: number; ofClientAtAddress: number }) {
  const now = () => new Date();
  const keyring = createKeyring({ current: testKey(), previous: [] });
  const throttle = createTokenThrottle({ state: createMemoryState({ now }), keyring, now }, max);
  const app = express().set('trust proxy', 1);
  app.post('/oauth/revoke', async (request, response) => {
    await throttle(request, response)({ jti: 'public', secretHash: null });
    response.status(200).end();
  });
  app.post('/:status/:client', async (request, response) => {
    const { client: jti, status } = request.params;
    await throttle(request, response)({ jti, secretHash: jti === 'public' ? null : 'hash' });
    response.status(Number(status)).end();
  });
  const respond = createErrorResponse({ issuer: 'https://mail.example.com' });
  const onError: ErrorRequestHandler = (error, request, response, next) =>
    error instanceof OAuthError ? respond(error, request, response) : next(error);
  app.use(onError);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    /** Sends a revocation of the client `public`. */
    async revoke(address: string): Promise<number> {
      const headers = { 'x-forwarded-for': address };
      return (await fetch(`http://127.0.0.1:${port}/oauth/revoke`, { method: 'POST', headers })).status;
    },
    async ask(status: number, client: string, address: string): Promise<number> {
      const headers = { 'x-forwarded-for': address };
      return (await fetch(`http://127.0.0.1:${port}/${status}/${client}`, { method: 'POST', headers })).status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the throttle of clients', () => {
  test('TOK-13 many clients at one address do not delay each other', async () => {
    await using app = await startThrottled({ ofClient: 100, ofClientAtAddress: 3 });
    const statuses = [];
    for (let client = 0; client < 20; client++) statuses.push(await app.ask(200, `client${client}`, '192.0.2.1'));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('TOK-13 one client at many addresses reaches its own limit, at each of them', async () => {
    await using app = await startThrottled({ ofClient: 10, ofClientAtAddress: 100 });
    for (let host = 1; host <= 10; host++) expect(await app.ask(200, 'client', `192.0.2.${host}`)).toBe(200);
    expect(await waitUntil(5000, async () => (await app.ask(200, 'client', '198.51.100.1')) === 429)).toBe(true);
    expect(await app.ask(200, 'other', '198.51.100.1')).toBe(200);
  });

  test('TOK-13 a client at one address reaches its limit there, and not at another address', async () => {
    await using app = await startThrottled({ ofClient: 100, ofClientAtAddress: 5 });
    for (let tries = 0; tries < 5; tries++) expect(await app.ask(200, 'client', '192.0.2.1')).toBe(200);
    expect(await app.ask(200, 'client', '192.0.2.1')).toBe(429);
    expect(await app.ask(200, 'client', '192.0.2.2')).toBe(200);
  });

  test('TOK-13 requests that fail to authenticate are limited at their address, and do not lock the client out', async () => {
    await using app = await startThrottled({ ofClient: 100, ofClientAtAddress: 50 });
    const asStranger = () => app.ask(401, 'client', '203.0.113.9');
    expect(await waitUntil(5000, async () => (await asStranger()) === 429)).toBe(true);
    for (let tries = 0; tries < 40; tries++) await asStranger();
    expect(await app.ask(200, 'client', '192.0.2.1')).toBe(200);
  });

  test('TOK-13 requests from many addresses with the id of a public client alone do not lock its users out', async () => {
    await using app = await startThrottled({ ofClient: 100, ofClientAtAddress: 1000 });
    for (let host = 1; host <= 20; host++) expect(await app.ask(400, 'public', `203.0.113.${host}`)).toBe(400);
    for (let host = 1; host <= 100; host++) expect(await app.revoke(`198.51.100.${host}`)).toBe(200);
    for (let tries = 0; tries < 20; tries++) expect(await app.ask(200, 'public', '192.0.2.1')).toBe(200);
  });

  test('TOK-13 a failure of the server does not count against the client', async () => {
    await using app = await startThrottled({ ofClient: 100, ofClientAtAddress: 15 });
    const statuses = [];
    for (let tries = 0; tries < 15; tries++) statuses.push(await app.ask(503, 'client', '192.0.2.1'));
    expect(new Set(statuses)).toEqual(new Set([503]));
  });
});
