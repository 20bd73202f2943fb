import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isForged,
  MAX_VERDICT_BYTES,
  provesDomain,
  readVerdict,
  type TrustedServers,
  VERDICT_FIELDS,
} from '../../../src/mail/sender/verdict.ts';

const OPERATORS: TrustedServers = { authservIds: ['mail.example.test'], imapHost: 'imap.example.test' };
const PROVIDER = (imapHost: string): TrustedServers => ({ authservIds: [], imapHost });
const WITHOUT_IDS = PROVIDER('imap.example.test');

const header = (...fields: string[]) => Buffer.from(`${fields.join('\r\n')}\r\n\r\n`);
const results = (body: string) => `Authentication-Results: ${body}`;
const RECEIVED =
  'Received: from mx.sender.example (mx.sender.example [192.0.2.1])\r\n by mail.example.test (Postfix) with ESMTPS id 1; Fri, 27 Nov 2026 13:00:00 +0000';

const PASSED =
  'dkim=pass header.d=bank.example header.s=s1; spf=pass smtp.mailfrom=bank.example; dmarc=pass header.from=bank.example';
const FAILED = 'dkim=none; spf=fail smtp.mailfrom=bank.example; dmarc=fail header.from=bank.example';

describe('a verdict', () => {
  test('is what the server that the operator names says', () => {
    expect(readVerdict(header(RECEIVED, results(`mail.example.test; ${PASSED}`)), OPERATORS)).toEqual({
      ...{ dmarc: 'pass', spf: 'pass', dkim: 'pass', by: 'mail.example.test', isAssumed: false },
      ...{ dmarcDomain: 'bank.example', dkimDomains: ['bank.example'] },
      signatures: [{ domain: 'bank.example', identity: '', selector: 's1', start: '' }],
    });
  });

  test.each([
    ['no field', []],
    ['the field of another server', [results(`mx.evil.example; ${PASSED}`)]],
    ['the field of a server below that of the operator', [results(`x.mail.example.test; ${PASSED}`)]],
    ['a field without a server', [results(PASSED)]],
    ['the results of a server before, sealed', [`ARC-Authentication-Results: i=1; mail.example.test; ${PASSED}`]],
    ['the field of another name', [`X-Authentication-Results: mail.example.test; ${PASSED}`]],
    ['the field that a server has renamed', [`Authentication-Results-Original: mail.example.test; ${PASSED}`]],
    ['a Received field alone', [RECEIVED]],
  ])('of %s is none', (_what, fields) => {
    const verdict = readVerdict(header(...fields), OPERATORS);
    expect(verdict).toMatchObject({ dmarc: null, spf: null, dkim: null, by: null, isAssumed: false });
    expect(isForged(verdict)).toBe(false);
    expect(provesDomain(verdict, 'service@bank.example')).toBe(false);
  });

  test.each([
    ['below the one of the server', [results(`mail.example.test; ${FAILED}`), results(`mail.example.test; ${PASSED}`)]],
    ['of another server above it', [results(`mx.evil.example; ${PASSED}`), results(`mail.example.test; ${FAILED}`)]],
    ['of no server above it', [results(PASSED), results(`MAIL.example.test 1; ${FAILED}`)]],
    [
      'between two of the server',
      [
        results(`mail.example.test; spf=none`),
        results(`mail.example.test; ${FAILED}`),
        results(`mail.example.test; ${PASSED}`),
      ],
    ],
  ])('is not changed by a forged field %s', (_where, fields) => {
    const verdict = readVerdict(header(RECEIVED, ...fields), OPERATORS);
    expect(verdict).toMatchObject({ dmarc: 'fail', by: 'mail.example.test', isAssumed: false });
    expect(isForged(verdict)).toBe(true);
    expect(provesDomain(verdict, 'service@bank.example')).toBe(false);
  });

  test.each([
    ['nothing', 'none'],
    ['one method', 'spf=pass smtp.mailfrom=evil.example'],
    ['methods without a pass', 'dkim=none; spf=none'],
  ])('takes no pass from a lower field if the topmost one of the server has %s', (_what, top) => {
    const fields = [results(`mail.example.test; ${top}`), results(`mail.example.test; ${PASSED}`)];
    const verdict = readVerdict(header(...fields), OPERATORS);
    expect(verdict).toMatchObject({ dmarc: null, dmarcDomain: null, dkimDomains: [] });
    expect(provesDomain(verdict, 'service@bank.example')).toBe(false);
  });

  test('ends where the message of the sender begins', () => {
    const fields = [results('mail.example.test; spf=pass'), RECEIVED, results(`mail.example.test; ${FAILED}`)];
    expect(readVerdict(header(...fields), OPERATORS)).toMatchObject({ dmarc: null, spf: 'pass' });
  });

  test('of two results of DMARC in one field is the worse one', () => {
    for (const field of [
      'dmarc=pass header.from=bank.example; dmarc=fail',
      'dmarc=fail; dmarc=pass',
      'dmarc=none; dmarc=fail',
    ]) {
      expect(isForged(readVerdict(header(results(`mail.example.test; ${field}`)), OPERATORS))).toBe(true);
    }
    const unclear = readVerdict(
      header(results('mail.example.test; dmarc=pass header.from=bank.example; dmarc=none')),
      OPERATORS,
    );
    expect(provesDomain(unclear, 'service@bank.example')).toBe(false);
  });

  test('of several signatures is a pass if one passes, and of several SPF checks the one of the envelope', () => {
    const field =
      'mail.example.test; dkim=fail header.d=a.example; dkim=pass header.i=@b.example; spf=None smtp.pra=x@c.example; spf=Pass smtp.mailfrom=x@c.example';
    expect(readVerdict(header(results(field)), OPERATORS)).toMatchObject({
      dkim: 'pass',
      dkimDomains: ['b.example'],
      spf: 'pass',
    });
  });

  test('does not read a domain whose end may be missing', () => {
    const start = header(
      results('mail.example.test; spf=pass'),
      results('mail.example.test; dmarc=pass header.from=bank.example'),
    );
    const filled = `${results(`mail.example.test; dmarc=pass header.x=${'x'.repeat(MAX_VERDICT_BYTES)}`)}`;
    expect(readVerdict(header(filled, start.toString()), OPERATORS).by).toBeNull();
    const upTo = results('mail.example.test; dkim=pass header.d=bank.example');
    const cut = Buffer.from(`${'Received: x\r\n'.repeat(MAX_VERDICT_BYTES)}`).subarray(
      0,
      MAX_VERDICT_BYTES - upTo.length,
    );
    expect(readVerdict(Buffer.concat([cut, Buffer.from(upTo)]), OPERATORS).by).toBeNull();
  });

  test('of any bytes is one, without an error', () => {
    const piece = fc.constantFrom(
      'Authentication-Results:',
      'Received:',
      ' mail.example.test;',
      'by ',
      'dmarc=pass',
      '\r\n',
      '\n ',
      '(',
      '"',
      ';',
      '\u0000',
      'é',
      ' header.from=@',
      '<',
      '>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const verdict = readVerdict(Buffer.from(pieces.join('')), OPERATORS);
        expect(provesDomain(verdict, '')).toBe(false);
        expect(provesDomain(verdict, '@')).toBe(false);
      }),
    );
    expect(readVerdict(Buffer.alloc(0), OPERATORS).by).toBeNull();
    expect(VERDICT_FIELDS).toContain('AUTHENTICATION-RESULTS');
  });
});

describe('an assumed verdict', () => {
  test.each([
    [RECEIVED],
    ['Received: by mail.example.test with LMTP id 2'],
    ['Received: from x (helo by mx.evil.example)\r\n\tBY Mail.Example.Test. (note) with SMTP'],
  ])('belongs to the host that has received the message, as in %j', (received) => {
    const verdict = readVerdict(header(received, results(`mail.example.test; ${FAILED}`)), WITHOUT_IDS);
    expect(verdict).toMatchObject({ dmarc: 'fail', by: 'mail.example.test', isAssumed: true });
    expect(isForged(verdict)).toBe(true);
  });

  test('proves nothing', () => {
    const verdict = readVerdict(header(RECEIVED, results(`mail.example.test; ${PASSED}`)), WITHOUT_IDS);
    expect(verdict).toMatchObject({ dmarc: 'pass', dkim: 'pass', isAssumed: true });
    expect(provesDomain(verdict, 'service@bank.example')).toBe(false);
  });

  test.each([
    ['a lower Received field', ['Received: by inner.example.test; x', RECEIVED]],
    ['a Received field without a host', ['Received: from mail.example.test; x']],
    ['no Received field', []],
  ])('is not made of %s', (_what, received) => {
    expect(readVerdict(header(...received, results(`mail.example.test; ${FAILED}`)), WITHOUT_IDS).by).toBeNull();
  });

  test('is not made if a trusted server has written', () => {
    const fields = [
      'Received: by mx.evil.example',
      results(`mx.evil.example; ${PASSED}`),
      results(`mail.example.test; ${FAILED}`),
    ];
    expect(readVerdict(header(...fields), OPERATORS)).toMatchObject({ isAssumed: false, by: 'mail.example.test' });
  });
});

describe('a provider', () => {
  test.each([
    [
      'imap.gmail.com',
      [
        'mx.google.com;\r\n dkim=pass header.i=@bank.example header.s=s1 header.b=rV/ImNkG;\r\n spf=pass (google.com: domain of a@bank.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@bank.example;\r\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=bank.example',
      ],
    ],
    [
      'outlook.office365.com',
      [
        'spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=bank.example; dkim=pass (signature was verified)\r\n header.d=bank.example;dmarc=pass action=none\r\n header.from=bank.example;compauth=pass reason=100',
      ],
    ],
    [
      'imap-mail.outlook.com',
      [
        'spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=bank.example; hotmail.test; dkim=pass (signature was verified) header.d=bank.example;hotmail.test; dmarc=bestguesspass action=none header.from=bank.example',
      ],
    ],
    [
      'imap.mail.yahoo.com',
      [
        'atlas206.free.mail.ne1.yahoo.com;\r\n dkim=pass header.i=@bank.example header.s=s1;\r\n spf=pass smtp.mailfrom=bank.example;\r\n dmarc=pass(p=REJECT,sp=REJECT) header.from=bank.example;',
      ],
    ],
    [
      'imap.aol.com',
      [
        'atlas101.aol.mail.bf1.yahoo.com;\r\n dkim=pass header.i=@bank.example header.s=s1;\r\n spf=pass smtp.mailfrom=bank.example;\r\n dmarc=pass(p=NONE) header.from=bank.example;',
      ],
    ],
    [
      'p01-imap.mail.me.com',
      [
        'bimi.icloud.com; bimi=skipped reason="insufficient dmarc"',
        'arc.icloud.com; arc=none',
        'dmarc.icloud.com; dmarc=pass header.from=bank.example',
        'dkim-verifier.icloud.com;\r\n\tdkim=pass (2048-bit key) header.d=bank.example header.i=@bank.example header.b=tuorMG/I',
        'spf.icloud.com; spf=pass (spf.icloud.com: domain of a@bank.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@bank.example',
      ],
    ],
    [
      'imap.fastmail.com',
      [
        'phl-mx-04.messagingengine.com;\r\n    x-csa=none;\r\n    x-me-sender=none;\r\n    x-ptr=pass smtp.helo=mx.bank.example policy.ptr=mx.bank.example',
        'phl-mx-04.messagingengine.com;\r\n    bimi=none (No BIMI records found)',
        'phl-mx-04.messagingengine.com;\r\n    dkim=pass (2048-bit rsa key sha256) header.d=bank.example header.s=s1 x-bits=2048;\r\n    dmarc=pass policy.published-domain-policy=reject (p=reject,d=none,d.eval=none) policy.policy-from=p\r\n      header.from=bank.example;\r\n    spf=pass smtp.mailfrom=a@bank.example smtp.helo=mx.bank.example',
      ],
    ],
    [
      'imap.zoho.eu',
      [
        'mx.zohomail.eu;\r\n\tdkim=pass;\r\n\tspf=pass (zohomail.eu: domain of bank.example designates 192.0.2.1 as permitted sender)  smtp.mailfrom=a@bank.example;\r\n\tarc=pass (i=1 dmarc=fail fromdomain=evil.example);\r\n\tdmarc=pass(p=reject dis=none)  header.from=bank.example',
      ],
    ],
    ['imap.gmx.net', [' gmx.net; dkim=pass header.i=@bank.example', ' gmx.net; dkim=pass header.i=@bulk.example']],
    [
      'posteo.de',
      [
        'posteo.de; dmarc=pass (p=none dis=none) header.from=bank.example',
        'posteo.de; spf=pass smtp.mailfrom=bank.example',
        'posteo.de;\r\n\tdkim=pass (2048-bit key) header.d=bank.example header.b=tuorMG/I;\r\n\tdkim-atps=neutral',
      ],
    ],
    [
      'imap.mail.de',
      [
        'mxpostfix02.mail.de;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=bank.example header.b="Tt2wMg3b";\r\n\tdkim-atps=neutral',
      ],
    ],
    [
      'mail.infomaniak.com',
      [
        'mx.infomaniak.com; dmarc=pass (p=none dis=none) header.from=bank.example',
        'mx.infomaniak.com;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=bank.example header.b="KMpU4FxP"',
      ],
    ],
    [
      'imap.migadu.com',
      [
        'mx13.migadu.com; dkim=pass header.d=bank.example header.s=s1 header.b=lB5Bod6I; spf=pass (mx13.migadu.com: domain of a@bank.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@bank.example; dmarc=pass (policy=none) header.from=bank.example',
      ],
    ],
    [
      'ssl0.ovh.net',
      [
        'in68.mail.ovh.net; dkim=pass (2048-bit key; unprotected) header.d=bank.example header.i=@bank.example header.b="GMG2ucPx"; dkim-atps=neutral',
      ],
    ],
  ])('is believed on a connection to its own server: %s', (host, bodies) => {
    const fields = [RECEIVED, ...bodies.map(results)];
    const verdict = readVerdict(header(...fields), PROVIDER(host));
    expect(verdict).toMatchObject({ dkim: 'pass', isAssumed: false, by: expect.any(String) });
    expect(provesDomain(verdict, 'service@bank.example')).toBe(true);
    expect(provesDomain(verdict, 'service@other.example')).toBe(false);
    for (const elsewhere of ['imap.example.test', `${host}.evil.example`, `${host.replaceAll('.', '-')}.example`]) {
      expect(readVerdict(header(...fields), PROVIDER(elsewhere)).by).toBeNull();
    }
  });

  test.each([
    [
      'imap.gmail.com',
      [
        'mx.google.com; spf=neutral (google.com: 192.0.2.1 is neither permitted nor denied) smtp.mailfrom=a@evil.example',
      ],
    ],
    [
      'imap.mail.yahoo.com',
      [
        'atlas206.free.mail.ne1.yahoo.com;\r\n dkim=unknown;\r\n spf=none smtp.mailfrom=evil.example;\r\n dmarc=unknown header.from=bank.example;',
      ],
    ],
    [
      'posteo.de',
      [
        'posteo.de; dmarc=none (p=none dis=none) header.from=bank.example',
        'posteo.de; spf=tempfail smtp.mailfrom=evil.example',
        'posteo.de; dkim=none',
      ],
    ],
    [
      'imap.mail.me.com',
      [
        'bimi.icloud.com; bimi=none',
        'dmarc.icloud.com; dmarc=none header.from=bank.example',
        'dkim-verifier.icloud.com; dkim=none',
        'spf.icloud.com; spf=none smtp.mailfrom=evil.example',
      ],
    ],
    [
      'outlook.office365.com',
      [
        'spf=none smtp.mailfrom=evil.example; dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=bank.example',
      ],
    ],
  ])('that found no proof is not overruled by fields that a sender has added: %s', (host, bodies) => {
    for (const body of bodies) {
      const [id = ''] = body.includes('=') && body.indexOf('=') < body.indexOf(';') ? [''] : body.split(';');
      const forged = id === '' ? PASSED : `${id}; ${PASSED}`;
      const verdict = readVerdict(header(...bodies.map(results), results(forged)), PROVIDER(host));
      expect(provesDomain(verdict, 'service@bank.example')).toBe(false);
    }
  });

  test('with a field for each method is known by its id too, where the operator names it', () => {
    const trust = { authservIds: ['mail.protonmail.ch'], imapHost: '127.0.0.1' };
    const fields = [
      'dmarc=fail (p=none dis=none) header.from=bank.example',
      'spf=none smtp.mailfrom=bank.example',
      'arc=none',
      'dkim=pass (2048-bit key) header.d=bulk.example',
    ];
    const verdict = readVerdict(
      header(RECEIVED, ...fields.map((body) => results(`mail.protonmail.ch; ${body}`))),
      trust,
    );
    expect(verdict).toMatchObject({ dmarc: 'fail', spf: 'none', dkim: 'pass', dkimDomains: ['bulk.example'] });
  });
});

describe('a domain is proven', () => {
  const verdictOf = (body: string) => readVerdict(header(results(`mail.example.test; ${body}`)), OPERATORS);

  test.each([
    ['dkim=pass header.d=bank.example', 'a@bank.example', true],
    ['dkim=pass header.d=Bank.Example.', 'A@BANK.example', true],
    ['dkim=pass header.i=@mail.bank.example', 'a@bank.example', true],
    ['dkim=pass header.d=bank.example', 'a@mail.bank.example', true],
    ['dkim=pass header.d=bank.co.uk', 'a@news.bank.co.uk', true],
    ['dkim=pass header.d=other.co.uk', 'a@bank.co.uk', false],
    ['dkim=pass header.d=co.uk', 'a@bank.co.uk', false],
    ['dkim=pass header.d=ann.github.io', 'a@bob.github.io', false],
    ['dkim=pass header.d=xn--bcher-kva.example', 'a@bücher.example', true],
    ['dkim=pass header.d=bank.example.evil.test', 'a@bank.example', false],
    ['dkim=pass header.d=evilbank.example', 'a@bank.example', false],
    ['dkim=pass header.d=evil.example header.i=@bank.example', 'a@bank.example', false],
    ['dkim=pass', 'a@bank.example', false],
    ['dkim=fail header.d=bank.example', 'a@bank.example', false],
    ['dkim=pass header.d=bank.example; dmarc=fail', 'a@bank.example', false],
    ['dmarc=pass header.from=bank.example', 'a@bank.example', true],
    ['dmarc=pass header.from=<a@bank.example>', 'a@bank.example', true],
    ['dmarc=pass header.from=mail.bank.example', 'a@bank.example', false],
    ['dmarc=pass', 'a@bank.example', false],
    ['dmarc=bestguesspass header.from=bank.example', 'a@bank.example', false],
    ['spf=pass smtp.mailfrom=bank.example', 'a@bank.example', false],
    ['x-google-dkim=pass header.d=bank.example; arc=pass', 'a@bank.example', false],
    ['dkim=pass header.d=bank.example', 'bank.example', false],
    ['dkim=pass header.d=', 'a@', false],
  ])('by %j for %j: %j', (body, address, expected) => {
    expect(provesDomain(verdictOf(body), address)).toBe(expected);
  });
});
