/** Checks that the log contains no secrets. */
import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

function logged(fields: object): unknown {
  const lines: string[] = [];
  createLog('INFO', { write: (line) => void lines.push(line) }).info(fields, 'message');
  const { level: _, time: __, msg: ___, ...rest } = JSON.parse(lines.join(''));
  return rest;
}

test('fields with names of secrets are removed from log lines, three levels deep', () => {
  const secrets = { password: 'secret', subject: 'secret' };
  expect(logged({ ...secrets, id: 1, outer: { ...secrets, id: 2, inner: { ...secrets, id: 3 } } })).toEqual({
    id: 1,
    outer: { id: 2, inner: { id: 3 } },
  });
});

test('secrets in lists are removed too', () => {
  expect(logged({ list: [{ token: 'secret', id: 1 }, 'text', null] })).toEqual({ list: [{ id: 1 }, 'text', null] });
});
