import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leavesOf } from '../../../src/mail/mime/body-structure.ts';
import { splitMessage } from '../../../src/mail/parts/split-message.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';

const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'));

/** Number, type and bytes of each part. */
function partsOf(message: Buffer) {
  const { structure, bytes } = splitMessage(message);
  return leavesOf(structure).map((part) => [part.number, part.type, bytes.get(part)?.toString() ?? null]);
}

describe('a message that is split here', () => {
  test.each([
    [
      'whose boundary is in pieces with percent signs (RFC 2231)',
      "Content-Type: multipart/mixed;\n boundary*0*=us-ascii''%3D_one-;\n boundary*1*=two\n\n--=_one-two\nContent-Type: text/plain\n\nHello.\n--=_one-two--\n",
      [['1', 'text/plain', 'Hello.']],
    ],
    [
      'whose boundary is in pieces without a charset',
      'Content-Type: multipart/mixed; boundary*0="ab"; boundary*1="cd"\n\n--abcd\n\nHello.\n--abcd\nContent-Type: text/html\n\n<p>x\n--abcd--\n',
      [
        ['1', 'text/plain', 'Hello.'],
        ['2', 'text/html', '<p>x'],
      ],
    ],
    [
      'whose boundary has equal signs and no quotes',
      'Content-Type: multipart/alternative; boundary==_a=b; charset=utf-8\n\n--=_a=b\n\nHello.\n--=_a=b--\n',
      [['1', 'text/plain', 'Hello.']],
    ],
    [
      'whose boundary is not declared',
      'Content-Type: multipart/mixed\n\npreamble\n--x1\nContent-Type: text/plain\n\nHello.\n--x1--\n',
      [['1', 'text/plain', 'Hello.']],
    ],
    [
      'whose header ends with a line of blanks',
      'Content-Type: text/plain; charset=utf-8\n \t\nHello.\n',
      [['1', 'text/plain', 'Hello.\r\n']],
    ],
    [
      'whose header ends with a line that is no field',
      'Subject: x\nHello there.\n\nMore.\n',
      [['1', 'text/plain', 'Hello there.\r\n\r\nMore.\r\n']],
    ],
    ['without a header', '\nHello.\n', [['1', 'text/plain', 'Hello.\r\n']]],
    [
      'that is never closed, in a multipart of multiparts',
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--bb\nContent-Type: text/html\n\n<p>one\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=',
      [
        ['1.1', 'text/plain', 'one'],
        ['1.2', 'text/html', '<p>one'],
        ['2', 'application/pdf', 'JVBERi0='],
      ],
    ],
    [
      'whose multipart has no boundary line',
      'Content-Type: multipart/mixed; boundary=b\n\nHello.\n',
      [['1', 'text/plain', 'Hello.\r\n']],
    ],
    [
      'whose multipart is in base64',
      `Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n${Buffer.from('--b\r\n\r\nHello.\r\n--b--\r\n').toString('base64')}\n`,
      [['1', 'text/plain', 'Hello.']],
    ],
    ['of nothing but a header', 'Subject: x\n', [['1', 'text/plain', '']]],
  ])('%s keeps its parts', (_what, text, parts) => {
    expect(partsOf(crlf(text))).toEqual(parts);
  });

  test('declares encoding, charset, disposition and file name of each part', () => {
    const message = crlf(
      `Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: TEXT/PLAIN; charset="iso-8859-1"; format=flowed\nContent-Transfer-Encoding: Quoted-Printable\n\nGr=FC=DFe\n--b\nContent-Type: application/pdf; name=x\nContent-Disposition: attachment;\n filename*0*=utf-8''M%C3%A4; filename*1="rz \\"1\\".pdf"\nContent-ID: <c@example.test>\n\nx\n--b\nContent-Type: message/rfc822\n\nSubject: Inner\n\nx\n--b--\n`,
    );
    const [text, pdf, inner] = leavesOf(splitMessage(message).structure);
    expect(text).toMatchObject({ type: 'text/plain', encoding: 'quoted-printable', sizeBytes: 9, disposition: null });
    expect(text?.parameters.get('charset')).toBe('iso-8859-1');
    expect(pdf).toMatchObject({ disposition: 'attachment', filename: 'März "1".pdf', contentId: '<c@example.test>' });
    expect(inner).toMatchObject({ type: 'message/rfc822', subject: 'Inner' });
  });

  test('has every byte of each part, whatever the parts are', () => {
    const body = fc
      .array(fc.constantFrom('a', ' ', '\r\n', '--', '--b', ':', '\r\n\r\n', 'é'), { maxLength: 20 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 6 }), fc.boolean(), (bodies, isClosed) => {
        const parts = bodies.map((one) => `--=_x\r\nContent-Type: text/plain\r\n\r\n${one}\r\n`).join('');
        const message = Buffer.from(
          `Content-Type: multipart/mixed; boundary="=_x"\r\n\r\n${parts}--=_x${isClosed ? '--' : ''}\r\n`,
        );
        expect(partsOf(message).map(([, , text]) => text)).toEqual(isClosed ? bodies : [...bodies, '']);
      }),
    );
  });

  test('of any bytes is split without an error', () => {
    const token = fc.constantFrom(
      'Content-Type: ',
      'multipart/mixed',
      'message/rfc822',
      ';',
      ' boundary=b',
      '"',
      '\n',
      '\r\n',
      '--b',
      '--b--',
      '\n--b\n',
      ' ',
      ':',
      '\0',
      '*0*=',
      "''%",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(token, fc.string({ maxLength: 5 })), { maxLength: 60 }), (tokens) => {
        splitMessage(Buffer.from(tokens.join('')));
      }),
    );
  });

  test.each([
    ['boundary lines', 'Content-Type: multipart/mixed; boundary=b\n\n', '--b\n'],
    ['what looks like boundary lines', 'Content-Type: multipart/mixed; boundary=b\n\n', '--bb\n'],
    ['nested multiparts', '', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n'],
    ['header lines', '', 'a:\n'],
    ['parts with long headers', 'Content-Type: multipart/mixed; boundary=b\n\n', `--b\n${'a:\n'.repeat(600)}\n`],
    ['one header line', 'Content-Type: ', ';a=b'],
    ['open quotes', 'Content-Type: text/plain; a="', '\\"'],
    ['blanks behind a semicolon', 'Content-Type: text/plain;', ' '],
    ['folded lines', 'Content-Type: text/plain;\n', ' x\n'],
  ])('of a megabyte of %s takes little time', { retry: 2 }, async (_what, start, unit) => {
    const message = crlf(start + unit.repeat(Math.ceil((1024 * 1024) / unit.length)));
    splitMessage(message);
    expect(Math.min(await cpuMs(() => splitMessage(message)), await cpuMs(() => splitMessage(message)))).toBeLessThan(
      60,
    );
  });
});
