import { afterAll, describe, expect, test } from 'vitest';
import { planBody } from '../../../src/mail/mime/body.ts';
import { createBodyConversion } from '../../../src/mail/mime/body-conversion.ts';
import { createWorkers, JobError, type RunJob } from '../../../src/workers/workers.ts';
import {
  bytesOfPart,
  HOSTILE_SHAPES,
  type HostileShape,
  shape,
  structureOf,
} from '../../support/mail/hostile-messages.ts';

const workers = createWorkers({ threads: 2 });
afterAll(() => workers.close());
const faults: unknown[] = [];
const runJob: RunJob = (job, input, needs) =>
  workers.run(job, input, { ...needs, key: 'ada', budgetMs: 10 * needs.budgetMs }).catch((error) => {
    faults.push(error instanceof JobError ? error.fault : error);
    throw error;
  });

/** Reads a body as get_mail_message does. @returns the body, the bytes that were fetched, and the CPU time of this thread */
async function read(hostile: HostileShape, chars = 20_000, run: RunJob = runJob) {
  const bytes = bytesOfPart(hostile);
  const conversion = createBodyConversion(planBody(structureOf(hostile), 'text'), { chars, runJob: run });
  let fetched = 0;
  const before = process.threadCpuUsage();
  for (let wanted = conversion.next(); wanted.length > 0; wanted = conversion.next()) {
    const found = new Map(wanted.map(({ part, maxBytes }) => [part, bytes.subarray(0, maxBytes)]));
    for (const { length } of found.values()) fetched += length;
    await conversion.convert(wanted, found);
  }
  const { user, system } = process.threadCpuUsage(before);
  return { ...conversion.body(), fetched, cpuMs: (user + system) / 1000 };
}

const MAX_CPU_MS = 300;

/** As read(). A measurement over the limit may be an accident of the machine: the second one counts. */
async function readTwiceIfSlow(hostile: HostileShape, chars?: number) {
  const first = await read(hostile, chars);
  return first.cpuMs < MAX_CPU_MS ? first : await read(hostile, chars);
}

describe('a hostile message', { retry: 1 }, () => {
  test.each(Object.entries(HOSTILE_SHAPES))('of %s keeps the event loop free', async (_name, hostile) => {
    const { text, cpuMs } = await readTwiceIfSlow(hostile);
    expect(cpuMs).toBeLessThan(MAX_CPU_MS);
    expect(typeof text).toBe('string');
  });

  test.each(Object.entries(HOSTILE_SHAPES).filter((_, index) => index % 6 === 0))(
    'of %s is read as far as possible, and costs little',
    async (_name, hostile) => {
      const { fetched, cpuMs } = await readTwiceIfSlow(hostile, 10_000_000);
      expect(cpuMs).toBeLessThan(MAX_CPU_MS);
      expect(fetched).toBeLessThanOrEqual(3 * 1024 * 1024);
    },
  );
});

test.each([
  'base64 of padding',
  'base64 of junk',
  'quoted-printable of escapes',
  'quoted-printable of open lines',
  'one part of UTF-7',
  'escapes of ISO-2022-JP',
  'bytes of no charset',
  'flowed empty lines',
])('a megabyte of %s is decoded within the memory of the large thread', async (name) => {
  const hostile = HOSTILE_SHAPES[name] ?? shape({ unit: '' });
  const { warnings } = await read(hostile, 10_000_000);
  expect(warnings.filter((warning) => warning.includes('too long to convert'))).toEqual([]);
});

test.each(Object.entries(HOSTILE_SHAPES))(
  'a quarter of a megabyte of %s is converted within the memory of the small thread',
  async (_name, hostile) => {
    const before = faults.length;
    await read({ ...hostile, partBytes: Math.min(hostile.partBytes, 250 * 1024) }, 200_000);
    expect(faults.slice(before)).toEqual([]);
  },
);

describe('the limits of a call hold for all parts together', () => {
  const parts = shape({ unit: 'word ', partBytes: 160 * 1024, parts: 50 });

  test('what is not needed is not fetched, and the length of the whole is unknown', async () => {
    const { text, fetched, isComplete, warnings } = await read(parts);
    expect(fetched).toBeLessThanOrEqual(320 * 1024);
    expect(text?.length).toBeGreaterThan(20_000);
    expect({ isComplete, warnings }).toEqual({ isComplete: false, warnings: [] });
  });

  test('at most 2 MiB and one part are read, and the result says that it goes on', async () => {
    const { fetched, isComplete, warnings } = await read(parts, 1_000_000_000);
    expect(fetched).toBeLessThanOrEqual(2 * 1024 * 1024 + 256 * 1024);
    expect(isComplete).toBe(false);
    expect(warnings).toEqual(['The body is longer than what is read here; only its start was read.']);
  });

  test('a message within the limits is read as a whole', async () => {
    const { text, isComplete } = await read({ ...parts, partBytes: 4000 }, 1_000_000);
    expect(text?.length).toBe(50 * 3999 + 49 * 2);
    expect(isComplete).toBe(true);
  });

  test('the start of the text is the same, however much of it is asked for', async () => {
    const rows = shape({ type: 'text/html', unit: '<table><tr><td>one<td><b>two</b> &amp; three</table>\n' });
    const [short, long] = [await read(rows, 5000), await read(rows, 150_000)];
    expect(short.text?.length).toBeGreaterThan(5000);
    expect(long.text?.startsWith(short.text ?? '-')).toBe(true);
    expect(short.isComplete).toBe(false);
  });

  test('HTML and text of every part are in the order of the message', async () => {
    const body = planBody(structureOf({ ...parts, type: 'text/html', parts: 3, partBytes: 40 }), 'both');
    const conversion = createBodyConversion(body, { chars: 1_000_000 });
    const wanted = conversion.next();
    await conversion.convert(wanted, new Map(wanted.map(({ part }) => [part, Buffer.from(`<b>${part.number}</b>`)])));
    expect(conversion.body()).toMatchObject({
      text: '1\n\n2\n\n3',
      html: '<b>1</b>\n\n<b>2</b>\n\n<b>3</b>',
      isComplete: true,
    });
  });
});

describe('when the conversion fails', () => {
  const large = shape({ type: 'text/html', unit: '<p>word</p>' });
  const failing =
    (fault: JobError['fault']): RunJob =>
    () =>
      Promise.reject(new JobError(fault));

  test.each(['time', 'memory', 'failed'] as const)(
    'for %s, the start is returned with a warning that names the way out',
    async (fault) => {
      const { text, warnings, isComplete } = await read(large, 20_000, failing(fault));
      expect(text?.startsWith('word')).toBe(true);
      expect(isComplete).toBe(false);
      expect(warnings).toEqual([expect.stringContaining('body_format "html"')]);
    },
  );

  test('for want of a thread, the caller can try again', async () => {
    await expect(read(large, 20_000, failing('busy'))).rejects.toThrow('Call again in a few seconds');
  });

  test('small messages need no thread', async () => {
    const { text } = await read({ ...large, partBytes: 10_000 }, 20_000, failing('failed'));
    expect(text).toContain('word');
  });
});
