/** Files of Missive are returned as links; files to Missive are fetched from links of this server. */
import { describe, expect, test } from 'vitest';
import { missiveOperations, missiveTools } from '../../../src/mcp/tools/missive.ts';
import { UNLIMITED } from '../../../src/policy.ts';
import { ids } from '../../support/missive/ids.ts';
import { startMissiveTools } from '../../support/missive/missive-tools.ts';

const own = (name: string) => `https://mail.example/attachments/${name}`;
const fileOf = (filename: string, bytes: Buffer) => ({ [own(filename)]: { filename, bytes } });
const withFiles = missiveOperations.filter(({ parameters }) => 'attachment_urls' in parameters).map(({ name }) => name);

/** The required arguments of each of them, beside the files. */
const ARGS: Record<string, Record<string, unknown>> = {
  create_a_missive_message: { account: ids.customChannel, from_field: { address: 'jane.doe@customer.example' } },
  create_a_missive_draft: {},
  send_a_missive_message: {
    from_field: { address: 'support@example.org' },
    to_fields: [{ address: 'jane.doe@customer.example' }],
  },
  create_a_missive_post: { notification: { title: 'a', body: 'b' } },
  create_a_missive_response: { user: ids.ana, title: 'x' },
  update_a_missive_response_by_id: { id: ids.thanks },
};

describe.each(withFiles.map((name) => [name]))('%s', (name) => {
  const args = ARGS[name] ?? {};

  test('describes the limits of the files', () => {
    const { input } = missiveTools.find((tool) => tool.name === name) ?? {};
    expect(input?.shape.attachment_urls?.description).toMatch(/up to 25 and 7 MB together/);
  });

  test('sends the bytes behind the links, in their order', async () => {
    const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const files = { ...fileOf('a.bin', binary), ...fileOf('empty.txt', Buffer.alloc(0)) };
    await using tools = await startMissiveTools({ files });
    await tools.call(name, { ...args, attachment_urls: [own('a.bin'), own('empty.txt')] });
    const [request] = tools.seen();
    expect(JSON.stringify(request?.body)).toContain(
      JSON.stringify([
        { filename: 'a.bin', base64_data: binary.toString('base64') },
        { filename: 'empty.txt', base64_data: '' },
      ]).slice(1, -1),
    );
  });

  test('fetches nothing from a link of another server', async () => {
    await using tools = await startMissiveTools();
    const error = await tools.failure(name, { ...args, attachment_urls: [`${tools.missive.url}/organizations`] });
    expect(error).toMatchObject({ name: 'ToolError', message: expect.stringMatching(/not one of this server/) });
    expect(tools.seen()).toEqual([]);
  });

  test.each([['screen.png'], ['SCREEN.PNG'], ['a77a0000-0000-4000-8000-000000000001'], ['1']])(
    'MSV-02 sends the file %s of a message, from where Missive says that it is',
    async (file) => {
      const url = 'https://files.example.com/screen.png?signature=abc';
      await using tools = await startMissiveTools({ files: { [url]: { filename: 'x', bytes: Buffer.from('png') } } });
      await tools.call(name, { ...args, attachment_urls: [`${ids.outageMessage}/${file}`] });
      expect(tools.seen()[0]?.path).toBe(`/messages/${ids.outageMessage}`);
      expect(JSON.stringify(tools.seen()[1]?.body)).toContain('{"filename":"screen.png","base64_data":"cG5n"}');
    },
  );

  test.each([['other.png'], ['2'], ['../screen.png']])('MSV-02 has no file %s of a message', async (file) => {
    await using tools = await startMissiveTools();
    const attachment_urls = [`${ids.outageMessage}/${file}`];
    expect(await tools.failure(name, { ...args, attachment_urls })).toMatchObject({
      message: 'Nothing was done: there is no file of that name. The files are: 1 "screen.png".',
    });
    expect(tools.seen()).toHaveLength(1);
  });

  test('MSV-02 sends the bytes behind a link of Missive, under the name in it', async () => {
    const url = 'https://files.missiveapp.com/a/b/Offer%20two.pdf?signature=abc';
    await using tools = await startMissiveTools({ files: { [url]: { filename: 'x', bytes: Buffer.from('pdf') } } });
    await tools.call(name, { ...args, attachment_urls: [url] });
    expect(JSON.stringify(tools.seen()[0]?.body)).toContain('{"filename":"Offer two.pdf","base64_data":"cGRm"}');
  });

  test.each([
    ['https://missiveapp.com.evil.example/x'],
    ['https://evilmissiveapp.com/x'],
    ['http://files.missiveapp.com/x'],
    ['https://files.missiveapp.com:8443/x'],
    ['https://user@files.missiveapp.com/x'],
    ['https://files.example.com/screen.png?signature=abc'],
    ['file:///etc/passwd'],
    ['screen.png'],
  ])('MSV-02 fetches nothing from %s', async (url) => {
    const fetched: string[] = [];
    await using tools = await startMissiveTools();
    const session = { ...tools.session, fetchFile: async (link: string) => Buffer.from(String(fetched.push(link))) };
    const call = tools.catalog.call(name, { ...args, attachment_urls: [url] }, session.permit, session);
    await expect(call).rejects.toMatchObject({ name: 'ToolError' });
    expect([fetched, tools.seen()]).toEqual([[], []]);
  });

  test('refuses files that are too large together, without a request', async () => {
    const part = Buffer.alloc(3 * 1024 * 1024);
    const files = { ...fileOf('1', part), ...fileOf('2', part), ...fileOf('3', part) };
    await using tools = await startMissiveTools({ files });
    const error = await tools.failure(name, { ...args, attachment_urls: [own('1'), own('2'), own('3')] });
    expect(error).toMatchObject({ name: 'ToolError', message: expect.stringMatching(/too large|7 MB/) });
    expect(tools.seen()).toEqual([]);
  });

  test('refuses more than 25 files', async () => {
    await using tools = await startMissiveTools();
    const attachment_urls = Array.from({ length: 26 }, (_, index) => own(String(index)));
    expect(await tools.failure(name, { ...args, attachment_urls })).toMatchObject({
      message: expect.stringMatching(/attachment_urls/),
    });
  });
});

test('the largest files beside a long body are within Missive’s limit', async () => {
  const body = 'ä'.repeat(1_000_000);
  const left = Math.floor(((10_000_000 - Buffer.byteLength(body)) * 3) / 4) - 1000;
  await using tools = await startMissiveTools({ files: fileOf('large', Buffer.alloc(left)) });
  await tools.call('create_a_missive_draft', { body, attachment_urls: [own('large')] });
  const [request] = tools.seen();
  expect(Buffer.byteLength(JSON.stringify(request?.body))).toBeLessThanOrEqual(10_000_000);
});

test('files that fit alone, but not beside a long body, are refused without a request', async () => {
  await using tools = await startMissiveTools({ files: fileOf('large', Buffer.alloc(7 * 1024 * 1024)) });
  const error = await tools.failure('create_a_missive_draft', {
    body: 'ä'.repeat(1_000_000),
    attachment_urls: [own('large')],
  });
  expect(error).toMatchObject({ name: 'ToolError' });
  expect(tools.seen()).toEqual([]);
});

test('attachments of messages are returned as links, without their bytes', async () => {
  await using tools = await startMissiveTools();
  const { message } = await tools.call('get_single_missive_message_by_id', { id: ids.outageMessage });
  expect(message).toMatchObject({
    attachments: [
      {
        filename: 'screen.png',
        media_type: 'image/png',
        size: 2048,
        url: 'https://files.example.com/screen.png?signature=abc',
      },
    ],
  });
});

test('MSV-02 a file of a message needs the permission to read messages', async () => {
  const permit = { ...UNLIMITED, policy: { tags: ['drafts'] } };
  await using tools = await startMissiveTools({ permit });
  const args = { body: 'x', attachment_urls: [`${ids.outageMessage}/screen.png`] };
  expect(await tools.failure('create_a_missive_draft', args)).toMatchObject({
    message: expect.stringMatching(/does what get_single_missive_message_by_id does/),
  });
  expect(tools.seen()).toEqual([]);
});

describe('the text of a file', () => {
  const TOOL = 'get_single_missive_message_by_id';
  const url = 'https://files.example.com/offer?signature=abc';
  const opened = async (bytes: Buffer, file: object = {}) => {
    const tools = await startMissiveTools({ files: { [url]: { filename: 'x', bytes } } });
    const message = tools.missive.data.messages.find(({ id }) => id === ids.outageMessage);
    const attachment = { id: ids.unknown, filename: 'offer.csv', media_type: 'text', sub_type: 'csv', size: 9, url };
    Object.assign(message ?? {}, { attachments: [{ ...attachment, ...file }] });
    return tools;
  };
  const args = { id: ids.outageMessage, attachment: 'offer.csv' };

  test('MSV-15 is returned in place of the message, from where Missive says that the file is', async () => {
    await using tools = await opened(Buffer.from('crane,100\npermit,200\n'));
    expect(await tools.call(TOOL, { ...args, max_chars: 9 })).toEqual({
      ...{ attachment: 'offer.csv', text_body: 'crane\t100' },
      cut: [{ field: 'text_body', next_offset: 9 }],
    });
  });

  test('MSV-15 of a comment or post is read by its name in the conversation', async () => {
    await using tools = await opened(Buffer.from('crane,100\npermit,200\n'));
    const [comment] = tools.missive.data.comments;
    const [post] = tools.missive.data.posts;
    Object.assign(comment ?? {}, { attachment: { filename: 'notes.csv', url } });
    Object.assign(post ?? {}, {
      attachments: [
        { title: 'A card', text: 'x' },
        { filename: 'plan.csv', url },
      ],
    });
    const read = (attachment: string, more = {}) =>
      tools.call('get_missive_conversation_timeline', { conversation_id: ids.outage, attachment, ...more });
    expect(await read('notes.csv', { body_offset: 10 })).toEqual({ attachment: 'notes.csv', text_body: 'permit\t200' });
    const other = { conversation_id: ids.outage, attachment: 'b.pdf' };
    expect(await tools.failure('get_missive_conversation_timeline', other)).toMatchObject({
      message: expect.stringMatching(/no file of that name.*"offer.csv".*"notes.csv".*"plan.csv"/),
    });
  });

  test.each([
    ['of another name', { attachment: 'b.pdf' }, {}, /is no file of that name. The files are: 1 "offer.csv"/],
    ['of several messages', { id: [ids.outageMessage, ids.janesMessage] }, {}, /id of one message/],
    ['of more than 20 MiB', {}, { size: 21 * 1024 * 1024 }, /at most 20 MiB.*without `attachment`/],
    ['that cannot be fetched', {}, { url: 'https://files.example.com/gone' }, /could not be fetched/],
  ])('MSV-15 %s is an error', async (_, changes, file, message) => {
    await using tools = await opened(Buffer.from('a'), file);
    const error = await tools.failure(TOOL, { ...args, ...changes });
    expect(error).toMatchObject({ name: 'ToolError', message: expect.stringMatching(message) });
  });
});
