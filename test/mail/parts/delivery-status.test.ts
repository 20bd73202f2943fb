import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deliveryStatusLines } from '../../../src/mail/parts/delivery-status.ts';
import { dispositionLines, feedbackLines } from '../../../src/mail/parts/notifications.ts';

describe('a delivery report (RFC 3464)', () => {
  test.each([
    [
      'of Postfix',
      `Reporting-MTA: dns; mx.example.test
X-Postfix-Queue-ID: 4C1B2D0F
X-Postfix-Sender: rfc822; ola@example.test
Arrival-Date: Tue,  3 Mar 2026 09:15:00 +0100 (CET)

Final-Recipient: rfc822; u0905@example.test
Original-Recipient: rfc822;u0905@example.test
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx2.example.test
Diagnostic-Code: smtp; 550 5.1.1 <u0905@example.test>: Recipient address
    rejected: User unknown
`,
      [
        'Delivery report: u0905@example.test failed, 5.1.1, "smtp; 550 5.1.1 <u0905@example.test>: Recipient address rejected: User unknown", by mx2.example.test',
      ],
    ],
    [
      'of Exchange',
      'Reporting-MTA: dns;EX01.example.test\nReceived-From-MTA: dns;EX02.example.test\n\nFinal-recipient: RFC822;gone@example.test\nAction: failed\nStatus: 5.1.10\nDiagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\nX-Display-Name: Gone\n',
      [
        'Delivery report: gone@example.test failed, 5.1.10, "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found"',
      ],
    ],
    [
      'of Exim',
      'Reporting-MTA: dns; exim.example.test\n\nAction: failed\nFinal-Recipient: rfc822;gone@example.test\nStatus: 5.0.0\nRemote-MTA: dns; mail.example.test\nDiagnostic-Code: smtp; 550 No "such" mailbox\n',
      ['Delivery report: gone@example.test failed, 5.0.0, "smtp; 550 No \'such\' mailbox", by mail.example.test'],
    ],
    [
      'of Gmail about a delay',
      'Reporting-MTA: dns; googlemail.com\nArrival-Date: Tue, 03 Mar 2026 00:15:00 -0800 (PST)\n\nFinal-Recipient: rfc822; slow@example.test\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: smtp; The recipient server did not accept our requests to connect.\nLast-Attempt-Date: Wed, 04 Mar 2026 00:15:00 -0800 (PST)\nWill-Retry-Until: Fri, 06 Mar 2026 00:15:00 -0800 (PST)\n',
      [
        'Delivery report: slow@example.test delayed, 4.4.1, "smtp; The recipient server did not accept our requests to connect.", is tried until 2026-03-06T08:15:00Z',
      ],
    ],
    [
      'without an empty line between recipients, and none before the first',
      'Reporting-MTA: dns; mx.example.test\nFinal-Recipient: rfc822; a@example.test\nAction: failed\nStatus: 5.2.2\nFinal-Recipient: rfc822; b@example.test\nAction: delivered\nStatus: 2.0.0\n',
      ['Delivery report: a@example.test failed, 5.2.2', 'Delivery report: b@example.test delivered, 2.0.0'],
    ],
    [
      'with a forwarded recipient and an address in UTF-8 (RFC 6533)',
      'Original-Recipient: rfc822; team@example.test\nFinal-Recipient: utf-8; j\\x{F6}rg@example.test\nAction: failed\nStatus: 5.7.1 (denied)\n',
      ['Delivery report: jörg@example.test (addressed as team@example.test) failed, 5.7.1'],
    ],
    [
      'without an action',
      'Final-Recipient: rfc822; a@example.test\nStatus: 4.2.2\n',
      ['Delivery report: a@example.test delayed, 4.2.2'],
    ],
    ['without a recipient', 'Reporting-MTA: dns; mx.example.test\nArrival-Date: today\n', []],
  ])('%s has a line for each recipient', (_of, text, lines) => {
    expect(deliveryStatusLines(text)).toEqual(lines);
  });

  test('about thousands of recipients lists the first of them, and says how many more there are', () => {
    const text = Array.from(
      { length: 500 },
      (_, n) => `Final-Recipient: rfc822; p${n}@example.test\nAction: failed\n`,
    ).join('\n');
    const lines = deliveryStatusLines(text);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('Delivery report: 480 more recipients.');
  });

  test('of any text has short lines, and each recipient in one', () => {
    const word = fc.constantFrom(
      'Final-Recipient: ',
      'Action: ',
      'rfc822;',
      'failed',
      '\n',
      '\n\n',
      ' ',
      '\t',
      'x'.repeat(5_000),
      ':',
      ';',
      'ä',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const lines = deliveryStatusLines(words.join(''));
        expect(lines.length).toBeLessThanOrEqual(21);
        for (const line of lines) {
          expect(line).not.toContain('\n');
          expect(line.length).toBeLessThan(2_000);
        }
      }),
    );
  });

  test('names every recipient, whatever the order and case of the fields', () => {
    const recipient = fc.record({
      address: fc.stringMatching(/^[a-z]{1,8}@[a-z]{1,8}\.test$/),
      action: fc.constantFrom('failed', 'delayed', 'relayed', 'expanded', 'delivered'),
      status: fc.tuple(fc.constantFrom(2, 4, 5), fc.nat(99), fc.nat(99)).map((code) => code.join('.')),
      isUpperCase: fc.boolean(),
      isReversed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(recipient, { minLength: 1, maxLength: 10 }), (recipients) => {
        const groups = recipients.map(({ address, action, status, isUpperCase, isReversed }) => {
          const fields = [`Final-Recipient: rfc822; ${address}`, `Action: ${action}`, `Status: ${status}`];
          const cased = fields.map((field) =>
            isUpperCase ? field.replace(/^[^:]+/, (name) => name.toUpperCase()) : field,
          );
          return (isReversed ? cased.reverse() : cased).join('\n');
        });
        expect(deliveryStatusLines(`Reporting-MTA: dns; mx\n\n${groups.join('\n\n')}\n`)).toEqual(
          recipients.map(({ address, action, status }) => `Delivery report: ${address} ${action}, ${status}`),
        );
      }),
    );
  });
});

test.each([
  [
    'Reporting-UA: desk.example.test; Mail 1\nFinal-Recipient: rfc822;ola@example.test\nOriginal-Message-ID: <1@example.test>\nDisposition: manual-action/MDN-sent-manually; displayed\n',
    ['Receipt: displayed by ola@example.test, message <1@example.test>'],
  ],
  [
    'Final-Recipient: rfc822; ola@example.test\nDisposition: automatic-action/MDN-sent-automatically; deleted/error\nError: mailbox closed\n',
    ['Receipt: deleted by ola@example.test, automatically, "mailbox closed"'],
  ],
  ['Disposition: manual-action/MDN-sent-manually;denied\n', ['Receipt: denied']],
  ['nothing', []],
])('a receipt (RFC 8098) says what was done with the message: %j', (text, lines) => {
  expect(dispositionLines(text)).toEqual(lines);
});

test('a report of abuse (RFC 5965) names type, recipient and source', () => {
  const text =
    'Feedback-Type: abuse\nUser-Agent: Reporter/1\nVersion: 1\nOriginal-Mail-From: <news@example.test>\nOriginal-Rcpt-To: <ola@example.test>\nSource-IP: 192.0.2.1\n';
  expect(feedbackLines(text)).toEqual([
    'Report of abuse: abuse, recipient ola@example.test, sender news@example.test, from 192.0.2.1',
  ]);
});
