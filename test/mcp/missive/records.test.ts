/** The request that Missive receives for each operation record, and the arguments that are refused. */
import { describe, expect, test } from 'vitest';
import { missiveOperations } from '../../../src/mcp/tools/missive.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';
import { everyParameter } from './rows/every-parameter.ts';
import { files } from './rows/people.ts';
import type { Expected } from './rows/row.ts';
import { rows } from './rows/rows.ts';

const request = ({ method = 'GET', path, query = {}, body }: Expected) => ({ method, path, query, body });

test('every record has a row, and every row a record', () => {
  expect(Object.keys(rows).sort()).toEqual(missiveOperations.map(({ name }) => name).sort());
});

test('every row has valid and invalid arguments', () => {
  for (const [name, { good, bad }] of Object.entries(rows)) {
    expect([good.length > 0, bad.length > 0], name).toEqual([true, true]);
  }
});

describe.each(Object.entries(rows))('%s', (name, { good, bad }) => {
  test.each([...good, ...(everyParameter[name] ?? [])].map((example) => [example.shows, example] as const))(
    'shows %s',
    async (_, example) => {
      await using tools = await startMissiveTools({ files });
      const result = await tools.call(name, example.args);
      expect(tools.seen()).toEqual(Array.isArray(example.requests) ? example.requests.map(request) : example.requests);
      expect(result).toMatchObject(example.result);
    },
  );

  test.each(bad.map((example) => [example.what, example] as const))(
    'refuses %s, without a request',
    async (_, { args, says, looksUp = false }) => {
      await using tools = await startMissiveTools({ files });
      const error = await tools.failure(name, args);
      expect(error).toMatchObject({ name: 'ToolError', message: expect.stringMatching(says) });
      expect(tools.seen().filter(({ query }) => !looksUp || query.limit !== '200')).toEqual([]);
    },
  );

  test('refuses an unknown parameter, without a request', async () => {
    await using tools = await startMissiveTools({ files });
    const error = await tools.failure(name, { ...good[0]?.args, no_such_parameter: 1 });
    expect(error).toMatchObject({ name: 'ToolError', message: expect.stringContaining('no_such_parameter') });
    expect(tools.seen()).toEqual([]);
  });
});

test('every parameter of every record is used in a row', () => {
  const unseen = missiveOperations.flatMap(({ name, parameters }) => {
    const examples = [...(rows[name]?.good ?? []), ...(everyParameter[name] ?? [])];
    const seen = new Set(examples.flatMap(({ args }) => Object.keys(args)));
    return Object.keys(parameters).flatMap((parameter) => (seen.has(parameter) ? [] : [`${name}.${parameter}`]));
  });
  expect(unseen).toEqual(TESTED_WITH_FILES);
});

/** In attachments.test.ts. */
const TESTED_WITH_FILES = [
  'get_missive_conversation_timeline.attachment',
  'get_missive_conversation_timeline.body_offset',
  'get_single_missive_message_by_id.attachment',
];

test('an unknown id is reported as such', async () => {
  await using tools = await startMissiveTools();
  expect(await tools.failure('get_single_missive_task_by_id', { id: ids.unknown })).toMatchObject({
    message:
      'Missive knows no task with this id, or this person cannot see it: list_all_missive_tasks finds it. Missive says: “Not found”.',
  });
});
