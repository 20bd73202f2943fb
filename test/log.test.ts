import { expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

function logged(fields: object): unknown {
  const lines: string[] = [];
  createLog('INFO', { write: (line) => void lines.push(line) }).info(fields, 'said');
  const { level: _, time: __, msg: ___, ...rest } = JSON.parse(lines.join(''));
  return rest;
}

test('a field with the name of a secret is in no line of the log, three levels deep', () => {
  const secrets = { password: 'secret', subject: 'secret' };
  expect(logged({ ...secrets, id: 1, outer: { ...secrets, id: 2, inner: { ...secrets, id: 3 } } })).toEqual({
    id: 1,
    outer: { id: 2, inner: { id: 3 } },
  });
});

test('a secret in a list is left out as well', () => {
  expect(logged({ list: [{ token: 'secret', id: 1 }, 'text', null] })).toEqual({ list: [{ id: 1 }, 'text', null] });
});
