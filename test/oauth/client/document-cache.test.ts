import { describe, expect, test } from 'vitest';
import { OAuthError, UpstreamError } from '../../../src/errors.ts';
import { createDocumentCache } from '../../../src/oauth/client/document-cache.ts';
import type { TrustedHosts } from '../../../src/oauth/client/dynamic-clients.ts';
import { PRESET_HOSTS } from '../../../src/oauth/client/dynamic-clients.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';

const url = 'https://claude.ai/oauth/client.json';
const minute = 60;
const hour = 60 * minute;

const describing = (client_id: string, changes: object = {}) =>
  JSON.stringify({ client_id, client_name: 'Claude', redirect_uris: ['http://localhost/cb'], ...changes });

/** A cache for which every URL answers with `world.answer`. */
function documentsWith({
  trustedHosts = PRESET_HOSTS,
  freshSeconds = 0,
  maxDocuments,
}: {
  trustedHosts?: TrustedHosts;
  freshSeconds?: number;
  maxDocuments?: number;
} = {}) {
  let time = Date.parse('2026-11-21T12:00:00Z');
  const now = () => new Date(time);
  const world = {
    fetched: [] as string[],
    stateIsGone: false,
    freshSeconds,
    answer: (asked: string): string | Promise<string> => describing(asked),
    advance(seconds: number) {
      time += seconds * 1000;
    },
  };
  const state = createMemoryState({ now });
  const count: State['count'] = async (...counted) => {
    if (world.stateIsGone) throw new UpstreamError('Redis', 'unreachable', 'Redis cannot be reached.');
    return state.count(...counted);
  };
  const documents = createDocumentCache({
    trustedHosts,
    ...(maxDocuments !== undefined && { maxDocuments }),
    state: { ...state, count },
    now,
    async fetchDocument(asked) {
      world.fetched.push(asked);
      return { text: await world.answer(asked), freshSeconds: world.freshSeconds };
    },
  });
  const outcome = (asked: string, network = 'network') =>
    documents.get(asked, network).then(
      ({ name }) => name,
      (error: unknown) => (error instanceof OAuthError ? error.code : String(error)),
    );
  return { world, outcome };
}

const failWith = (code: 'invalid_client' | 'temporarily_unavailable') => () => {
  throw new OAuthError(code, 'refused');
};

describe('the cache of client metadata documents', () => {
  test.each([
    ['five minutes at least', 0, 5 * minute],
    ['as long as its headers say', 2 * hour, 2 * hour],
    ['a day at most', 100 * 24 * hour, 24 * hour],
  ])('CIMD-06 a document is used for %s', async (_, freshSeconds, keptSeconds) => {
    const { world, outcome } = documentsWith({ freshSeconds });
    await outcome(url);
    world.advance(keptSeconds - 1);
    expect(await outcome(url)).toBe('Claude');
    expect(world.fetched).toHaveLength(1);
    world.advance(1);
    await outcome(url);
    expect(world.fetched).toHaveLength(2);
  });

  test('CIMD-06 a refusal is not kept: the next request fetches again', async () => {
    const { world, outcome } = documentsWith();
    for (const code of ['invalid_client', 'temporarily_unavailable'] as const) {
      world.answer = failWith(code);
      expect(await outcome(url)).toBe(code);
    }
    world.answer = (asked) => describing(asked);
    expect(await outcome(url)).toBe('Claude');
    expect(world.fetched).toHaveLength(3);
  });

  test('CIMD-06 a withdrawn or changed document takes effect with the next fetch', async () => {
    const { world, outcome } = documentsWith();
    await outcome(url);
    world.advance(5 * minute);
    world.answer = (asked) => describing(asked, { client_name: 'Another' });
    expect(await outcome(url)).toBe('Another');
    world.advance(5 * minute);
    world.answer = (asked) => describing(asked, { client_id: 'https://claude.ai/other' });
    expect(await outcome(url)).toBe('invalid_client');
    // A host that stops answering does not restore it.
    world.answer = failWith('temporarily_unavailable');
    expect(await outcome(url)).toBe('temporarily_unavailable');
  });

  test('CIMD-06 while fetches cannot be counted nothing is fetched, and known documents are kept', async () => {
    const { world, outcome } = documentsWith();
    await outcome(url);
    world.advance(5 * minute);
    world.stateIsGone = true;
    expect(await outcome(url)).toContain('Redis');
    expect(world.fetched).toHaveLength(1);
    world.stateIsGone = false;
    world.answer = failWith('temporarily_unavailable');
    expect(await outcome(url)).toBe('Claude');
  });

  test('CIMD-06 while its host does not answer a document is used for a day, and no longer', async () => {
    const { world, outcome } = documentsWith();
    await outcome(url);
    world.answer = failWith('temporarily_unavailable');
    world.advance(24 * hour - 1);
    expect(await outcome(url)).toBe('Claude');
    world.advance(1);
    expect(await outcome(url)).toBe('temporarily_unavailable');
  });

  test('CIMD-06 the memory for documents is bounded; the one that was fetched longest ago is dropped', async () => {
    const { world, outcome } = documentsWith({ trustedHosts: 'any', freshSeconds: 24 * hour, maxDocuments: 3 });
    const of = (name: string) => `https://${name}.example/client.json`;
    for (const name of ['a', 'b', 'c', 'd']) await outcome(of(name));
    for (const name of ['b', 'c', 'd']) await outcome(of(name));
    expect(world.fetched).toHaveLength(4);
    await outcome(of('a'));
    expect(world.fetched).toHaveLength(5);
  });

  test('CIMD-03 at most 20 unknown documents are fetched a minute for one network, and 600 for all', async () => {
    const { world, outcome } = documentsWith({ trustedHosts: 'any' });
    const ask = (index: number, network: string) => outcome(`https://host${index}.example/client.json`, network);
    for (let index = 0; index < 30; index++) await ask(index, 'one');
    expect(world.fetched).toHaveLength(20);
    for (let index = 30; index < 700; index++) await ask(index, `network ${index}`);
    expect(world.fetched).toHaveLength(600);
  });

  test.each([
    ['one host', 'any' as const, (index: number) => `https://claude.ai/${index}`],
    ['many hosts', 'any' as const, (index: number) => `https://host${index}.example/client.json`],
    ['hosts that the operator trusts', PRESET_HOSTS, (index: number) => `https://claude.ai/${index}/client.json`],
  ])(
    'CIMD-03 a network that asks for made-up URLs keeps no other one from its client: %s',
    async (_what, trustedHosts, madeUp) => {
      const { world, outcome } = documentsWith({ trustedHosts });
      world.answer = failWith('invalid_client');
      for (let index = 0; index < 500; index++) await outcome(madeUp(index), 'hostile');
      expect(await outcome(url, 'hostile')).toBe('temporarily_unavailable');
      world.answer = (asked) => describing(asked);
      const [ofHostile, ofOther] = await Promise.all([outcome(url, 'hostile'), outcome(url, 'other')]);
      expect([ofHostile, ofOther]).toEqual(['temporarily_unavailable', 'Claude']);
    },
  );

  test('CIMD-03 requests for the same document at the same time share one fetch', async () => {
    const { world, outcome } = documentsWith();
    const { promise, resolve } = Promise.withResolvers<string>();
    world.answer = () => promise;
    const outcomes = Array.from({ length: 100 }, () => outcome(url));
    resolve(describing(url));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['Claude']));
    expect(world.fetched).toHaveLength(1);
  });

  test('CIMD-03 at most four fetches of unknown URLs run at a time for one network, and other networks do not wait for them', async () => {
    const { world, outcome } = documentsWith({ trustedHosts: 'any' });
    const { promise, resolve } = Promise.withResolvers<void>();
    world.answer = async (asked) => {
      await promise;
      return describing(asked);
    };
    const outcomes = Array.from({ length: 12 }, (_, index) => outcome(`https://host${index}.example/client.json`));
    const refused = await Promise.race(outcomes);
    expect(refused).toBe('temporarily_unavailable');
    const ofOther = outcome('https://other.example/client.json', 'other');
    resolve();
    expect(await ofOther).toBe('Claude');
    const all = await Promise.all(outcomes);
    expect(all.filter((each) => each === 'Claude')).toHaveLength(4);
  });

  test('CIMD-03 at most 300 unknown documents are fetched a minute from one host, whatever it answers; other hosts are not affected', async () => {
    const { world, outcome } = documentsWith({ trustedHosts: 'any' });
    world.answer = failWith('invalid_client');
    for (let index = 0; index < 400; index++) await outcome(`https://one.example/${index}`, `network ${index}`);
    expect(world.fetched).toHaveLength(300);
    world.answer = (asked) => describing(asked);
    expect(await outcome('https://one.example/client.json', 'other')).toBe('temporarily_unavailable');
    expect(await outcome('https://other.example/client.json', 'other')).toBe('Claude');
  });

  test('CIMD-03 requests for unknown URLs do not delay a known client', async () => {
    const { world, outcome } = documentsWith();
    expect(await outcome(url)).toBe('Claude');
    world.advance(25 * hour);
    const { promise, resolve } = Promise.withResolvers<string>();
    world.answer = (asked) => (asked === url ? describing(asked, { client_name: 'Claude 2' }) : promise);
    const guesses = Array.from({ length: 40 }, (_, index) => outcome(`https://claude.ai/${index}`));
    expect(await Promise.race(guesses)).toBe('temporarily_unavailable');
    expect(await outcome(url)).toBe('Claude 2');
    resolve('');
    await Promise.all(guesses);
  });

  test('CIMD-03 a document is fetched at most thirty times a minute, also for a known client', async () => {
    const { world, outcome } = documentsWith();
    await outcome(url);
    world.advance(25 * hour);
    world.answer = failWith('invalid_client');
    for (let index = 0; index < 40; index++) await outcome(url);
    expect(world.fetched).toHaveLength(31);
  });

  test.each([
    'https://evil.example/client.json',
    'https://claude.ai.evil.example/client.json',
    'https://evilclaude.ai/client.json',
    'https://www.claude.ai/client.json',
    'https://claude.ai:8443/client.json',
    'https://claude.ai./client.json',
  ])('CIMD-07 nothing is fetched from a host that is not trusted: %s', async (asked) => {
    const { world, outcome } = documentsWith();
    expect(await outcome(asked)).toBe('invalid_client');
    expect(world.fetched).toEqual([]);
  });

  test('CIMD-07 the hosts of the presets are trusted by default; the operator can set other hosts, or any', async () => {
    const known = ['https://claude.ai/a', 'https://chatgpt.com/oauth/x/client.json', 'https://vscode.dev/a'];
    for (const asked of known) expect(await documentsWith().outcome(asked)).toBe('Claude');
    const listed = documentsWith({ trustedHosts: new Set(['one.example:8443']) });
    expect(await listed.outcome('https://one.example:8443/a')).toBe('Claude');
    expect(await listed.outcome('https://claude.ai/a')).toBe('invalid_client');
    expect(await documentsWith({ trustedHosts: 'any' }).outcome('https://any.example/a')).toBe('Claude');
  });

  test('CIMD-02 a URL that may not be a client_id is not fetched, even where every host is trusted', async () => {
    const { world, outcome } = documentsWith({ trustedHosts: 'any' });
    for (const asked of [
      'https://127.0.0.1/a',
      'https://any.example/a/../b',
      'https://any.example',
      'http://any.example/a',
    ])
      expect(await outcome(asked)).toBe('invalid_client');
    expect(world.fetched).toEqual([]);
  });
});
