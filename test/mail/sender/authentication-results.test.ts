import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthenticationResults } from '../../../src/mail/sender/authentication-results.ts';

/** `method=result property=value …` of each result. */
function resultsOf(body: string): string[] {
  return parseAuthenticationResults(body).results.map(({ method, result, properties }) =>
    [`${method}=${result}`, ...[...properties].map(([name, value]) => `${name}=${value}`)].join(' '),
  );
}

describe('the authserv-id', () => {
  test.each([
    [' mail.example.test; none', 'mail.example.test'],
    ['MAIL.Example.TEST.;spf=pass', 'mail.example.test'],
    [' mail.example.test 1; spf=pass', 'mail.example.test'],
    [' (a note; with (nesting)) "mail.example.test" (more) 1;\r\n\tspf=pass', 'mail.example.test'],
    [' spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none', ''],
    [' spf = pass; mail.example.test; dkim=none', ''],
    ['', ''],
    [';;;', ''],
  ])('of %j is %j', (body, id) => {
    expect(parseAuthenticationResults(body).authservId).toBe(id);
  });
});

describe('the results of a field', () => {
  test.each([
    ['a.test; none', []],
    ['a.test;', []],
    ['a.test; spf=pass smtp.mailfrom=b.example', ['spf=pass smtp.mailfrom=b.example']],
    ['a.test; SPF=SoftFail SMTP.MailFrom=b.example', ['spf=softfail smtp.mailfrom=b.example']],
    ['a.test; dkim/1 = pass (good (2048) key) header . d = b.example', ['dkim=pass header.d=b.example']],
    ['a.test; dkim (x) / (y) 1=pass', ['dkim=pass']],
    ['a.test; dkim/2=pass header.d=b.example', []],
    ['a.test 2; dkim=pass header.d=b.example', []],
    ['a.test; dmarc=pass(p=NONE,sp=NONE) header.from=b.example;', ['dmarc=pass header.from=b.example']],
    [
      'a.test; dkim=fail reason="bad; dmarc=pass" header.d=b.example',
      ['dkim=fail reason=bad; dmarc=pass header.d=b.example'],
    ],
    ['a.test; dkim=pass header.b="rV/Im=="', ['dkim=pass header.b=rV/Im==']],
    ['a.test; dkim=pass header.b=rV/Im== header.s=s1', ['dkim=pass header.b=rV/Im== header.s=s1']],
    [
      'a.test; spf=pass smtp.mailfrom=SRS0=Z8=5h=c.example=d@b.example',
      ['spf=pass smtp.mailfrom=SRS0=Z8=5h=c.example=d@b.example'],
    ],
    ['a.test; spf=pass smtp.mailfrom="x; dmarc=pass"@b.example', ['spf=pass smtp.mailfrom=x; dmarc=pass@b.example']],
    ['a.test; spf=pass (domain of x\\); dmarc=pass) smtp.helo=c', ['spf=pass smtp.helo=c']],
    ['a.test; spf=fail (domain of a(b@c.example); dmarc=fail', ['spf=fail', 'dmarc=fail']],
    ['a.test; spf=fail (domain of a; dmarc=fail', ['spf=fail', 'dmarc=fail']],
    [
      'spf=pass smtp.mailfrom=b.example; outlook.test; dkim=test header.d=b.example;outlook.test; dmarc=fail',
      ['spf=pass smtp.mailfrom=b.example', 'dkim=test header.d=b.example', 'dmarc=fail'],
    ],
    [
      'a.test  from=b.example; domainkeys=neutral (no sig); dkim=pass (ok); header.i=@b.example',
      ['domainkeys=neutral', 'dkim=pass'],
    ],
    ['a.test; dkim=none; dkim-atps=neutral', ['dkim=none', 'dkim-atps=neutral']],
    ['a.test; dkim=; =pass; dkim; header.d=x; 9=pass; dkim=pa ss', ['dkim=pa']],
    ['a.test; dkim=pass\r\n\theader.d=b.example\r\n\theader.d=c.example', ['dkim=pass header.d=b.example']],
    ['a.test; dkim=pass "header.d=b.example', []],
    // A quote or a parenthesis of the sender that hides a failure, or lets a pass begin.
    [
      'a.test; spf=none smtp.mailfrom=a"b@c.example; dmarc=fail',
      ['spf=none smtp.mailfrom=a"b@c.example', 'dmarc=fail'],
    ],
    [
      'a.test; spf=none smtp.mailfrom=a"b@c.example; dmarc=fail; x=y helo=b"',
      ['spf=none smtp.mailfrom=ab@c.example; dmarc=fail; x=y helo=b', 'dmarc=fail'],
    ],
    ['a.test; spf=none smtp.mailfrom=a(b; dmarc=fail; x=y helo=c)', ['spf=none smtp.mailfrom=a', 'dmarc=fail']],
    [
      'a.test; dkim=pass; spf=none (domain of a(b); dmarc=pass header.from=d.example (c@c.example)',
      ['dkim=pass', 'spf=none'],
    ],
    ['a.test; spf=none (domain of "a); dmarc=pass header.from=d.example (b"@c.example); dkim=pass', ['spf=none']],
    ['a.test; dmarc=pass (for "a) header.from=d.example (b"@c.example) header.from=c.example', []],
    ['a.test; dmarc=pass (for "a b"@c.example) header.from=c.example', ['dmarc=pass header.from=c.example']],
  ])('%j are %j', (body, expected) => {
    expect(resultsOf(body)).toEqual(expected);
  });

  test('of any text are words, and a long text takes no longer than its length', () => {
    const character = fc.constantFrom(...'abc.;=()"\\/@ \t1', 'dmarc', 'pass', 'header.from');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 80 }), (characters) => {
        for (const { method, result } of parseAuthenticationResults(characters.join('')).results) {
          expect(method).toMatch(/^[a-z][a-z0-9-]*$/);
          expect(result).toMatch(/^[a-z][a-z0-9-]*$/);
        }
      }),
    );
    for (const piece of ['(', '"', '((', ';(', '(;', '\\(', 'a=(', 'a./', '= ', '(a)', 'dkim=pass header.', '"\\']) {
      const body = `a.test; ${piece.repeat(200_000)}`;
      const before = process.cpuUsage();
      parseAuthenticationResults(body);
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(2_000);
    }
  });
});
