/** The body of a message at Missive: a text keeps its characters and lines, HTML stays what it is. */
import { describe, expect, test } from 'vitest';
import { readBody } from '../../../src/mcp/missive/writing/body-format.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';

const lines = (...texts: string[]) => texts.map((text) => `<div>${text}</div>`).join('');

describe('MSV-01 a body without tags is a text', () => {
  test.each([
    ['Hi Jane,\n\n5 < 6 & so on.', lines('Hi Jane,', '<br>', '5 &lt; 6 &amp; so on.')],
    ['a\r\nb\n\n', lines('a', 'b')],
    [
      'Write to <jane@customer.example> or <https://x.example>',
      lines('Write to &lt;jane@customer.example&gt; or &lt;https://x.example&gt;'),
    ],
    ['if a <b and c> d', lines('if a &lt;b and c&gt; d')],
    ['Enter <address> and <title> here', lines('Enter &lt;address&gt; and &lt;title&gt; here')],
    ['Tom &amp; Jerry', lines('Tom &amp; Jerry')],
    ['  - one\n    - two', lines('&nbsp;&nbsp;- one', '&nbsp;&nbsp;&nbsp;&nbsp;- two')],
    ['**bold**', lines('**bold**')],
  ])('%j', (body, html) => {
    expect(readBody(body)).toEqual({ body: html, format: 'text' });
  });
});

describe('MSV-01 a body with tags is HTML', () => {
  test.each([
    ['<div>Hello</div>'],
    ['Hello<br>Jane'],
    ['<p>Hello\n<p>Jane & co'],
    ['<a href="https://x.example/?a=1&b=2">there</a>'],
    ['<!DOCTYPE html>\n<html><body>Hello</body></html>'],
    ['<P STYLE="color:red">Hello</P>'],
  ])('%j stays as it is', (body) => {
    expect(readBody(body)).toEqual({ body, format: 'html' });
  });

  test('lines stay lines where only words are marked', () => {
    expect(readBody('Hi,\n\nthis is <b>new</b>.\n')).toEqual({
      body: 'Hi,<br><br>this is <b>new</b>.',
      format: 'html',
    });
  });
});

test('MSV-01 body_format decides where it is given', () => {
  expect(readBody('<b>x</b> &amp;', 'text')).toEqual({ body: lines('&lt;b&gt;x&lt;/b&gt; &amp;amp;'), format: 'text' });
  expect(readBody('a\nb', 'html')).toEqual({ body: 'a\nb', format: 'html' });
});

test.each([
  ['<'.repeat(300_000)],
  ['<a x="'.repeat(100_000)],
  ['<a b=c '.repeat(100_000)],
  ['&'.repeat(300_000)],
  [' '.repeat(300_000)],
])('a long body is read in time', (body) => {
  const startedAt = performance.now();
  readBody(body);
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});

describe.each([['create_a_missive_draft'], ['send_a_missive_message']])('%s', (tool) => {
  const people = { from_field: 'support@example.org', to_fields: ['jane.doe@customer.example'] };
  test.each([
    [{ body: 'a & b' }, '<div>a &amp; b</div>', 'text'],
    [{ body: '<p>a</p>' }, '<p>a</p>', 'html'],
    [{ body: '<p>a</p>', body_format: 'text' }, '<div>&lt;p&gt;a&lt;/p&gt;</div>', 'text'],
  ])('MSV-01 says what %j was taken for', async (args, body, body_format) => {
    await using tools = await startMissiveTools();
    expect(await tools.call(tool, { ...people, ...args })).toMatchObject({ body_format });
    expect(tools.seen()[0]?.body).toMatchObject({ drafts: { body } });
  });

  test('MSV-01 a text to a number stays as it is', async () => {
    await using tools = await startMissiveTools();
    const args = { from_field: '+1 555 010 0100', to_fields: '+1 (555) 010-0199', body: 'a & b\nc' };
    expect(await tools.call(tool, args)).toMatchObject({ body_format: 'text' });
    expect(tools.seen()[0]?.body).toMatchObject({
      drafts: {
        body: 'a & b\nc',
        from_field: { phone_number: '+15550100100' },
        to_fields: [{ phone_number: '+15550100199' }],
      },
    });
  });

  test.each([
    ['Jane Doe <jane.doe@customer.example>, bo@example.org'],
    ['"Doe, Jane" <jane.doe@customer.example>; bo@example.org'],
    [[{ address: 'jane.doe@customer.example', name: null }, 'bo@example.org']],
    ['[{"address":"jane.doe@customer.example"},{"address":"bo@example.org"}]'],
    [['jane.doe@customer.example, bo@example.org']],
  ])('takes the recipients %j', async (to_fields) => {
    await using tools = await startMissiveTools();
    await tools.call(tool, { ...people, to_fields, body: 'x' });
    expect(tools.seen()[0]?.body).toMatchObject({
      drafts: { to_fields: [{ address: 'jane.doe@customer.example' }, { address: 'bo@example.org' }] },
    });
  });

  test.each([['Jane'], ['jane@'], ['{"address"'], [{ name: 'Jane' }]])(
    'refuses the recipient %j',
    async (to_fields) => {
      await using tools = await startMissiveTools();
      expect(await tools.failure(tool, { ...people, to_fields, body: 'x' })).toMatchObject({
        name: 'ToolError',
        message: expect.stringMatching(/to_fields\.0/),
      });
      expect(tools.seen()).toEqual([]);
    },
  );
});

test('MSV-01 a message of a custom channel that is not email keeps its text', async () => {
  await using tools = await startMissiveTools();
  const args = { account: ids.customChannel, from_field: { id: 'u-1', username: 'jane' }, body: '5 < 6' };
  expect(await tools.call('create_a_missive_message', args)).toMatchObject({ body_format: 'text' });
  expect(tools.seen()[0]?.body).toMatchObject({
    messages: { body: '5 < 6', from_field: { id: 'u-1', username: 'jane' } },
  });
});
