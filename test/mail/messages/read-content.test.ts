import { describe, expect, test } from 'vitest';
import { readMessage, readWholeMessage } from '../../../src/mail/messages/read.ts';
import { type Script, startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const leaf = (type: string, size: number, more = '') => {
  const [main, subtype] = type.split('/');
  const lines = main === 'text' ? ' 1' : '';
  return `("${main}" "${subtype}" ${more || 'NIL'} NIL NIL "7BIT" ${size}${lines})`;
};
const MIXED = `(${leaf('text/plain', 5)}${leaf('text/html', 12)}${leaf('text/plain', 6)} "MIXED" ("boundary" "b"))`;

interface Mailbox {
  structure: string;
  /** By section; a section that is absent is answered by `refuse`. */
  sections: Record<string, string>;
  /** The answer to a command that asks for a section that is absent. Absent: the section is left out. */
  refuse?: Script;
  size?: number;
}

/** A mailbox of one message with UID 5. */
function scriptOf({ structure, sections, refuse, size = 500 }: Mailbox): Script {
  return (command, socket) => {
    if (!/FETCH/.test(command)) return undefined;
    const wanted = [...command.matchAll(/BODY\.PEEK\[([\d.]*(?:TEXT|MIME)?)\]/g)].map(([, section = '']) => section);
    const isRefused = wanted.some((section) => sections[section] === undefined);
    if (isRefused && refuse !== undefined) return refuse(command, socket);
    const bodies = wanted.flatMap((section) => {
      const text = sections[section];
      return text === undefined ? [] : [`BODY[${section}]<0> {${Buffer.byteLength(text)}}\r\n${text}`];
    });
    const items = [
      'UID 5 FLAGS ()',
      ...(/INTERNALDATE/.test(command) ? ['INTERNALDATE "01-Jan-2025 00:00:00 +0000"'] : []),
      ...(/RFC822.SIZE/.test(command) ? [`RFC822.SIZE ${size}`] : []),
      ...(/ENVELOPE/.test(command) ? ['ENVELOPE (NIL "The subject" NIL NIL NIL NIL NIL NIL NIL NIL)'] : []),
      ...(/BODYSTRUCTURE/.test(command) ? [`BODYSTRUCTURE ${structure}`] : []),
      ...(/REFERENCES/.test(command) ? ['BODY[HEADER.FIELDS (REFERENCES)] ""'] : []),
      ...bodies,
    ];
    return `* 3 FETCH (${items.join(' ')})\nTAG OK done`;
  };
}

async function read(mailbox: Mailbox) {
  await using server = await startScriptedImap(scriptOf(mailbox));
  const message = await withImap(server, (imap) => readMessage(imap, 'INBOX', 5, { format: 'text' }));
  return { ...message, commands: server.commands };
}

const REFUSALS: [string, Script][] = [
  ['NO', () => 'TAG NO [SERVERBUG] Internal error'],
  ['BAD', () => 'TAG BAD cannot parse this part'],
  ['OK without the section', () => '* 3 FETCH (UID 5 FLAGS ())\nTAG OK done'],
  [
    'NIL',
    (command) =>
      `* 3 FETCH (UID 5 ${[...command.matchAll(/\[([\d.]+)\]/g)].map(([, section]) => `BODY[${section}]<0> NIL`).join(' ')})\nTAG OK done`,
  ],
];

describe('a section that the server answers with', () => {
  test.each(REFUSALS)('%s is named in a warning, and the rest of the message is read', async (_answer, refuse) => {
    const message = await read({ structure: MIXED, sections: { 1: 'first', 3: 'third!' }, refuse });
    expect(message).toMatchObject({ subject: 'The subject', text: expect.stringMatching(/^first.*third!$/s) });
    expect(message.warnings).toEqual([expect.stringContaining('did not give part 2 of this message')]);
  });

  test.each(REFUSALS)('%s for all of them leaves envelope and attachments', async (_answer, refuse) => {
    const pdf = leaf('application/pdf', 90, '("name" "plan.pdf")');
    const message = await read({ structure: `(${leaf('text/plain', 5)}${pdf} "MIXED" NIL)`, sections: {}, refuse });
    expect(message).toMatchObject({ subject: 'The subject', attachments: [{ filename: 'plan.pdf' }] });
    expect(message.warnings).toEqual([expect.stringContaining('did not give part 1 of this message')]);
    expect(message.commands.filter((command) => /FETCH/.test(command)).length).toBeLessThan(9);
  });
});

test('a plain form that the server refuses is replaced by the HTML', async () => {
  const structure = `(${leaf('text/plain', 5)}${leaf('text/html', 12)} "ALTERNATIVE" ("boundary" "b"))`;
  const message = await read({ structure, sections: { 2: '<p>as html</p>' }, refuse: () => 'TAG NO no' });
  expect(message).toMatchObject({ text: 'as html', warnings: [expect.stringContaining('part 1')] });
});

test('a server that drops the connection at the body costs the body only', async () => {
  const drop: Script = (_command, socket) => {
    socket.destroy();
    return '';
  };
  await using server = await startScriptedImap(scriptOf({ structure: MIXED, sections: { 1: 'first' }, refuse: drop }));
  const message = await readWholeMessage((use) => withImap(server, use), 'INBOX', 5);
  expect(message).toMatchObject({
    subject: 'The subject',
    text: null,
    warnings: [expect.stringContaining('fails when it is asked for the body')],
  });
  expect(server.connections()).toBe(2);
});

describe('a message of which the server shows nothing', () => {
  const EMPTY = leaf('text/plain', 0);
  const HEADER = 'From: ann@example.test\r\nMIME-Version: 1.0\r\n';

  test.each([
    ['text/plain behind a header that ends with a blank', `${HEADER}Content-Type: text/plain\r\n \r\nThe words.\r\n`],
    [
      'a multipart with a boundary in pieces',
      `${HEADER}Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\n\r\nThe words.\r\n--ab--\r\n`,
    ],
    [
      'HTML alone in a multipart without a boundary',
      `${HEADER}Content-Type: multipart/mixed\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>The words.</p>\r\n--x--\r\n`,
    ],
    [
      'quoted-printable',
      `${HEADER}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n \r\nThe =\r\nwords=2E\r\n`,
    ],
  ])('is split here: %s', async (_what, raw) => {
    for (const structure of [EMPTY, `(${EMPTY} "MIXED" NIL)`, leaf('application/octet-stream', 0)]) {
      const message = await read({ structure, sections: { '': raw, 1: '' }, size: raw.length });
      expect(message.text?.trim()).toBe('The words.');
      expect(message.warnings).toEqual([expect.stringContaining('could not split')]);
    }
  });

  test('has its attachments listed, and says that they have no links', async () => {
    const raw = `${HEADER}Content-Type: multipart/mixed; boundary*0=a\r\n\r\n--a\r\n\r\nThe words.\r\n--a\r\nContent-Type: application/pdf; name=plan.pdf\r\n\r\nx\r\n--a--\r\n`;
    const message = await read({ structure: EMPTY, sections: { '': raw, 1: '' } });
    expect(message).toMatchObject({ isSplitHere: true, attachments: [{ filename: 'plan.pdf' }] });
    expect(message.warnings).toEqual([expect.stringContaining('could not split'), expect.stringContaining('no links')]);
  });

  test('has text in the header of a part whose header ends with a blank', async () => {
    const pdf = leaf('application/pdf', 90, '("name" "plan.pdf")');
    const structure = `(${EMPTY}${pdf} "MIXED" ("boundary" "b"))`;
    const header = 'Content-Type: text/plain\r\n \r\nThe words.\r\n';
    const message = await read({ structure, sections: { 1: '', '1.MIME': header } });
    expect(message).toMatchObject({ text: 'The words.', isSplitHere: false, attachments: [{ part: '2' }] });
    expect(message.warnings).toEqual([expect.stringContaining('could not split')]);
    const blank = await read({ structure, sections: { 1: '', '1.MIME': 'Content-Type: text/plain\r\n\r\n' } });
    expect(blank).toMatchObject({ text: '', warnings: [] });
  });

  test.each([
    ['only a header', `${HEADER}\r\n`],
    ['only blank lines', `${HEADER}\r\n\r\n \r\n`],
  ])('and that has %s is empty, without a warning', async (_what, raw) => {
    expect(await read({ structure: EMPTY, sections: { '': raw, 1: '' } })).toMatchObject({ text: '', warnings: [] });
  });

  test('and that the server does not give is empty', async () => {
    expect(await read({ structure: EMPTY, sections: { 1: '' }, refuse: () => 'TAG NO no' })).toMatchObject({
      text: '',
    });
  });
});

describe('raw bytes in a quoted string of an ENVELOPE', () => {
  /** @param charset of the body; empty: none is declared */
  async function subjectOf(hex: string, charset: string) {
    const subject = Buffer.from(hex, 'hex').toString('latin1');
    const structure = leaf('text/plain', 5, charset === '' ? 'NIL' : `("charset" "${charset}")`);
    const script = scriptOf({ structure, sections: { 1: 'hello' } });
    await using server = await startScriptedImap((command, socket) => {
      const answer = script(command, socket)?.replace('The subject', subject);
      if (answer === undefined) return undefined;
      const tagged = answer.indexOf('TAG');
      socket.write(Buffer.from(answer.slice(0, tagged).replace(/\r?\n/g, '\r\n'), 'latin1'));
      return answer.slice(tagged);
    });
    return (await withImap(server, (imap) => readMessage(imap, 'INBOX', 5))).subject;
  }

  test.each([
    ['gb2312', 'bbe1d2e9cda8d6aa', '会议通知'],
    ['', 'bbe1d2e9cda8d6aa', '会议通知'],
    ['us-ascii', '52653a20b9d8d3dab1a8b8e6', 'Re: 关于报告'],
    ['big5', 'a741a66e', '你好'],
    ['', 'b773b0eaa5c3a44b', '新國永八'],
    ['windows-1251', 'cff0e8e2e5f2', 'Привет'],
    ['', 'cff0e8e2e5f22c20ece8f0', 'Привет, мир'],
    ['', 'f0d2c9d7c5d42c20cdc9d2', 'Привет, мир'],
    ['shift_jis', '93fa967b', '日本'],
    ['', '83658358836782cc82a8926d82e782b9', 'テストのお知らせ'],
    ['iso-8859-1', '4772fcdf65', 'Grüße'],
    ['', '4772fcdf652061757320c46c6568f6', 'Grüße aus Älehö'],
    ['utf-8', '4772fcdf65', 'Grüße'],
    ['', 'c3bc', 'ü'],
  ])('are decoded in the declared charset (%j) or the guessed one: %s', async (charset, hex, subject) => {
    expect(await subjectOf(hex, charset)).toBe(subject);
  });
});
