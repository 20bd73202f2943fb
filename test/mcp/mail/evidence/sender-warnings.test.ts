import { describe, expect, test } from 'vitest';
import { readVerdict } from '../../../../src/mail/sender/verdict.ts';
import { senderWarnings } from '../../../../src/mcp/mail/evidence/sender-warnings.ts';

const TRUST = { authservIds: ['mail.example.test'], imapHost: 'imap.example.test' };
const OWN = { ownAddresses: ['ida@example.test'] };

const verdictOf = (...fields: string[]) => readVerdict(Buffer.from(`${fields.join('\r\n')}\r\n\r\n`), TRUST);
const NONE = verdictOf();
const person = (address: string, name = '') => ({ name, address });
const ann = [person('ann@firm.example', 'Ann Lee')];

test.each([
  ['fail', 'Authentication-Results: mail.example.test; dmarc=fail header.from=firm.example', /^dmarc=fail: /],
  ['pass', 'Authentication-Results: mail.example.test; dmarc=pass header.from=firm.example', undefined],
  ['none', 'Authentication-Results: mail.example.test; dmarc=none', undefined],
  ['a fail of another server', 'Authentication-Results: mx.other.example; dmarc=fail', undefined],
  [
    'a fail that is assumed',
    'Received: from a by mx.firm.example; x\r\nAuthentication-Results: mx.firm.example; dmarc=fail',
    /^dmarc=fail: /,
  ],
])('of DMARC, %s is a warning only if the own server reports a failure', (_what, field, warning) => {
  const warnings = senderWarnings({ from: ann, replyTo: ann }, verdictOf(field), OWN);
  expect(warnings).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
});

describe('Reply-To', () => {
  test.each([
    ['another domain', 'claims@relay.example'],
    ['a domain that ends like it', 'ann@other-firm.example'],
    ['another customer of one hosting service', 'ann@firm.github.io'],
    ['a known name below another domain', 'ann@firm.example.relay.example'],
  ])('on %s is a warning that names it', (_what, address) => {
    expect(senderWarnings({ from: ann, replyTo: [person(address)] }, NONE, OWN)).toEqual([
      `Reply-To is on another domain than From: answers go to ${address}.`,
    ]);
  });

  test('of several, one on another domain is enough', () => {
    const replyTo = [person('ann@firm.example'), person('x@relay.example')];
    expect(senderWarnings({ from: ann, replyTo }, NONE, OWN)).toHaveLength(1);
  });

  test.each([
    ['the address of From', 'ann@firm.example'],
    ['the same domain', 'office@FIRM.example'],
    ['a subdomain', 'reply+17@mail.firm.example'],
    ['the account owner', 'Ida@example.test'],
    ['no address', 'undisclosed'],
    ['nothing', ''],
  ])('that is %s is no warning', (_what, address) => {
    expect(senderWarnings({ from: ann, replyTo: [person(address)] }, NONE, OWN)).toEqual([]);
  });

  test('of a message without a sender is no warning', () => {
    expect(senderWarnings({ from: [], replyTo: [person('x@relay.example')] }, NONE, OWN)).toEqual([]);
  });
});

describe('the name of the sender', () => {
  test.each(['service@bank.example', 'Bank <service@bank.example>', "'service@bank.example' via List"])(
    'that is an address on another domain is a warning: %s',
    (name) => {
      const warnings = senderWarnings({ from: [person('x@relay.example', name)], replyTo: [] }, NONE, OWN);
      expect(warnings).toEqual([expect.stringMatching(/service@bank\.example/)]);
    },
  );

  test.each(['x@relay.example', 'y@mail.relay.example', 'Ann @ home', 'Ann Lee', 'a@b', 'PayFlow.example', ''])(
    'that is none is no warning: %j',
    (name) => {
      expect(senderWarnings({ from: [person('x@relay.example', name)], replyTo: [] }, NONE, OWN)).toEqual([]);
    },
  );
});
