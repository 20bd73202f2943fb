import { describe, expect, test } from 'vitest';
import { namedOriginal, readDraftHeader, sentHeader, whyNoDraft } from '../../../src/mail/derived/draft-header.ts';

const header = (...lines: string[]) => readDraftHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
const isOwn = (address: string) => address === 'ida@example.test';
const sent = { date: new Date('2026-11-28T20:00:00Z'), messageId: '<new@example.test>' };
const OWN = 'From: Ida <ida@example.test>';

describe('the header of a message that leaves', () => {
  const draft = header(
    'X-Unknown: a',
    OWN,
    'To: =?utf-8?Q?J=C3=B6rg?=',
    '\t<joerg@example.test>',
    'bcc: b@example.test',
    'Subject: Gr\u00fc\u00dfe',
    'Message-ID: <old@example.test>',
    'Date: yesterday',
    'Resent-To: x@example.test',
    'Importance: high',
    'X-Priority: 1',
    'References: <a@x.test>',
    ' <b@x.test>',
  );

  test('has the fields of the draft byte for byte, a new date and id, and no fields of programs', () => {
    const text = sentHeader(draft, { ...sent, keepsBcc: false }).toString();
    expect(text).toBe(
      [
        OWN,
        'To: =?utf-8?Q?J=C3=B6rg?=',
        '\t<joerg@example.test>',
        'Subject: Gr\u00fc\u00dfe',
        'Importance: high',
        'X-Priority: 1',
        'References: <a@x.test>',
        ' <b@x.test>',
        'Date: Sat, 28 Nov 2026 20:00:00 +0000',
        'Message-ID: <new@example.test>',
        '\r\n',
      ].join('\r\n'),
    );
  });

  test('has Bcc in the copy only', () => {
    expect(sentHeader(draft, { ...sent, keepsBcc: true }).toString()).toContain('bcc: b@example.test');
  });

  test('its recipients are those of all fields of a name, unfolded', () => {
    const { recipients } = header(OWN, 'To: a@example.test', 'Cc:', 'TO: b@example.test,', ' c@example.test');
    expect(recipients).toEqual({ to: 'a@example.test, b@example.test, c@example.test', cc: '', bcc: '' });
  });
});

describe('what is no draft', () => {
  test('an own message without traces of a server is one', () => {
    expect(whyNoDraft(header(OWN, 'To: a@example.test'), isOwn)).toBeUndefined();
  });

  test.each([
    'Received',
    'return-path',
    'Delivered-To',
    'DKIM-Signature',
    'Authentication-Results',
    'ARC-Seal',
    'List-Id',
  ])('one with %s', (name) => {
    expect(whyNoDraft(header(OWN, `${name}: x`), isOwn)).toContain('received');
  });

  test.each([
    ['From: eve@example.test'],
    [OWN, OWN],
    ['From: Ida'],
    [OWN, 'Sender: eve@example.test'],
    ['To: a@example.test'],
  ])('one that is not from the account owner alone: %s', (...lines) => {
    expect(whyNoDraft(header(...lines), isOwn)).toContain('From');
  });

  test('a header that cannot be read is refused', () => {
    expect(() => header('From ida Sat Nov 28', OWN)).toThrow('cannot be read');
  });
});

describe('the original that a draft names', () => {
  test('is that of In-Reply-To', () => {
    expect(namedOriginal(header(OWN, 'Subject: Re: x', 'In-Reply-To: <a@x.test>'))).toEqual({
      id: '<a@x.test>',
      isForward: false,
    });
  });

  test('of a forwarded message is the last reference, or the one that its program names', () => {
    const references = 'References: <a@x.test> <b@x.test>';
    expect(namedOriginal(header(OWN, 'Subject: WG: x', references))).toEqual({ id: '<b@x.test>', isForward: true });
    expect(namedOriginal(header(OWN, 'X-Forwarded-Message-Id: <c@x.test>'))).toMatchObject({ id: '<c@x.test>' });
    expect(namedOriginal(header(OWN, 'Subject: x', references))).toBeUndefined();
  });
});
