import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { maxAnswerBytes, splitAnswerBytes } from '../../src/extraction/answer-bytes.ts';
import { childCommand } from '../../src/extraction/child-command.ts';
import { runChild } from '../../src/extraction/child-process.ts';
import { createExtraction, type ExtractionError, extractionFor } from '../../src/extraction/extraction.ts';
import { bytesOfFile, fileRequest, readWith } from '../support/files/read-file.ts';

const program = (name: string) => new URL(`./${name}.ts`, import.meta.url);

async function outputOf(name: string): Promise<string> {
  const answer = await readWith(childCommand(192, program(name)), Buffer.from('x'), { name: 'x' });
  return 'text' in answer ? answer.text : '';
}

describe('an extraction process', () => {
  test('reaches no module, no network, no environment and no compiler once it is locked down', {
    timeout: 60_000,
  }, async () => {
    const Report = z.object({ before: z.number(), isNetRefused: z.boolean(), reached: z.array(z.string()) });
    const report = Report.parse(JSON.parse(await outputOf('payload')));
    expect(report).toEqual({ before: expect.any(Number), isNetRefused: true, reached: [] });
    // Without the lock the same attempts succeed.
    expect(report.before).toBeGreaterThan(20);
  });

  test('may read nothing but code, write nothing and start nothing, and has no environment', {
    timeout: 60_000,
  }, async () => {
    const report: unknown = JSON.parse(await outputOf('permissions'));
    expect(report).toEqual({ done: [], environment: [], folder: '/' });
    expect(existsSync('/tmp/mail-mcp-extraction')).toBe(false);
  });

  test('does not find addresses in a file that it could ask', { timeout: 60_000 }, async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    try {
      const address = server.address();
      const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/x`;
      const html = `<!doctype html><link rel=stylesheet href="${url}"><img src="${url}"><p>Ask ${url}</p>`;
      await readWith(childCommand(192), Buffer.from(html), { name: 'a.html' });
      expect(requests).toBe(0);
    } finally {
      server.close();
    }
  });
});

describe('the limits of an extraction process', () => {
  const limits = { memoryBytes: 192 * 1024 * 1024, cpuMs: 1_500, totalMs: 20_000 };
  const run = (name: string, changed: Partial<typeof limits> = {}) =>
    readWith(childCommand(192, program('behaviours')), Buffer.from('x'), { name, limits: { ...limits, ...changed } });

  test.each([
    ['spins', {}, 'time'],
    ['sleeps', { totalMs: 2_000 }, 'time'],
    ['grows', { cpuMs: 20_000 }, 'memory'],
    ['floods', { cpuMs: 20_000 }, 'failed'],
    ['crashes', {}, 'memory'],
    ['says nothing', {}, 'failed'],
    ['says a sentence of its own', {}, 'failed'],
    ['writes a text that is too long', {}, 'failed'],
    ['counts less than nothing', {}, 'failed'],
    ['writes thousands of faults in its line', {}, 'failed'],
  ])('one that %s is ended', { timeout: 60_000 }, async (name, changed, fault) => {
    await expect(run(name, changed)).rejects.toMatchObject({ fault });
  });

  test('leave no process behind', { timeout: 60_000 }, async () => {
    const answer = await run('answers');
    const pid = 'text' in answer ? Number(answer.text) : 0;
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => existsSync(`/proc/${pid}/exe`)).toBe(false);
  });
});

test.each([
  ['nested deeply', '['.repeat(2_000_000)],
  ['with millions of faults', `{"remarks":[${'1,'.repeat(2_000_000)}1]}`],
])('an answer %s is not parsed beyond its line', (_what, answer) => {
  expect(() => splitAnswerBytes(bytesOfFile(`${answer}\ntext`))).toThrow();
  expect(maxAnswerBytes(20_000)).toBeLessThan(70_000);
});

describe('a file that does not arrive', () => {
  const command = childCommand(192);
  const limits = { memoryBytes: 192 * 1024 * 1024, cpuMs: 5_000, totalMs: 3_000 };
  const request = fileRequest({ name: 'a.txt' });

  test('ends the process at its time, and the transfer with it', { timeout: 60_000 }, async () => {
    const file = new Readable({ read() {} });
    file.push('x');
    let isOver = false;
    const send = async (pass: (file: Readable) => Promise<void>) => {
      await pass(file);
      isOver = true;
    };
    await expect(runChild({ command, limits, request, send })).rejects.toMatchObject({ fault: 'time' });
    await expect.poll(() => isOver).toBe(true);
    expect(file.destroyed).toBe(true);
  });

  test('is the error of the call', { timeout: 60_000 }, async () => {
    const lost = new Error('the connection is lost');
    const broken = async (pass: (file: Readable) => Promise<void>) => {
      const file = new Readable({ read() {} });
      file.push('x');
      setImmediate(() => file.destroy(lost));
      await pass(file);
    };
    await expect(runChild({ command, limits, request, send: broken })).rejects.toBe(lost);
    await expect(runChild({ command, limits, request, send: () => Promise.reject(lost) })).rejects.toBe(lost);
  });

  test('is not begun a second time in the same process', { timeout: 60_000 }, async () => {
    const send = async (pass: (file: Readable) => Promise<void>) => {
      const broken = new Readable({ read() {} });
      setImmediate(() => broken.destroy(new Error('lost')));
      await pass(broken).catch(() => undefined);
      await pass(Readable.from([Buffer.from('x')], { objectMode: false }));
    };
    await expect(runChild({ command, limits, request, send })).rejects.toMatchObject({ fault: 'failed' });
  });
});

describe('createExtraction', () => {
  const fault = (error: unknown) =>
    error instanceof Error && 'fault' in error ? (error as ExtractionError).fault : error;

  test('reads one file of an account at a time, and each in a process of its own', { timeout: 60_000 }, async () => {
    const extraction = createExtraction({ processes: 2, memoryMb: 256 }, () =>
      childCommand(192, program('behaviours')),
    );
    let open = 0;
    let most = 0;
    const read = () =>
      extraction.readFile(fileRequest({ name: 'answers' }), {
        key: 'ada',
        send: async (pass) => {
          open += 1;
          most = Math.max(most, open);
          await pass(Readable.from([bytesOfFile('x')], { objectMode: false }));
          open -= 1;
        },
      });
    const answers = await Promise.all([read(), read(), read()]);
    expect(most).toBe(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(3);
  });

  test('without a process that becomes free, says that it is busy', { timeout: 60_000 }, async () => {
    const extraction = createExtraction({ processes: 1, memoryMb: 256, maxWaitMs: 300 }, () =>
      childCommand(192, program('behaviours')),
    );
    const read = (key: string, name: string, signal?: AbortSignal) =>
      extraction
        .readFile(fileRequest({ name }), {
          key,
          signal,
          send: (pass) => pass(Readable.from([bytesOfFile('x')], { objectMode: false })),
        })
        .catch(fault);
    const stop = new AbortController();
    const slow = read('ada', 'sleeps', stop.signal);
    expect(await read('bob', 'answers')).toBe('busy');
    stop.abort();
    expect(await slow).toBe('cancelled');
    expect(await read('bob', 'answers')).toMatchObject({ text: expect.any(String) });
  });

  test('can be turned off', async () => {
    const extraction = createExtraction({ processes: 0 });
    const send = () => Promise.reject(new Error('nothing is sent'));
    await expect(extraction.readFile(fileRequest({}), { key: 'ada', send })).rejects.toMatchObject({ fault: 'off' });
  });
});

test('with less than 768 MB there is one process of 128 MB, otherwise two of 256 MB', () => {
  expect(extractionFor(384 * 1024 * 1024)).toEqual({ processes: 1, memoryMb: 128 });
  expect(extractionFor(767 * 1024 * 1024)).toEqual({ processes: 1, memoryMb: 128 });
  expect(extractionFor(768 * 1024 * 1024)).toEqual({ processes: 2, memoryMb: 256 });
});
