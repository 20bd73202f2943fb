import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLookAlikeFinder } from '../../../src/mail/sender/look-alike.ts';

const found = (domain: string, ...known: string[]) => createLookAlikeFinder(known)(domain);

describe('a domain resembles a known one', () => {
  test.each([
    ['a digit for a letter', 'payf1ow.example', 'payflow.example', 'letters'],
    ['another digit for a letter', 'g00gle.test', 'google.test', 'letters'],
    ['a digit beyond the table of Unicode', 'b3rlin-w4sser.example', 'berlin-wasser.example', 'letters'],
    ['two letters that look like one', 'rnicrosoft.test', 'microsoft.test', 'letters'],
    ['one letter that looks like two', 'modem-mail.example', 'modern-mail.example', 'letters'],
    ['two letters for a w', 'vvasser.example', 'wasser.example', 'letters'],
    ['two letters for a d', 'clrucker.example', 'drucker.example', 'letters'],
    ['Cyrillic letters', 'аррӏе.example', 'appie.example', 'letters'],
    ['one Cyrillic letter', 'pаypal.test', 'paypal.test', 'letters'],
    ['Punycode', 'xn--pypal-4ve.test', 'paypal.test', 'letters'],
    ['an accent', 'páyflow.example', 'payflow.example', 'letters'],
    ['a known name with an accent', 'munchen-rad.example', 'münchen-rad.example', 'letters'],
    ['a hyphen more', 'pay-flow.example', 'payflow.example', 'letters'],
    ['alike letters below another ending', 'payf1ow.test', 'payflow.example', 'letters'],
    ['the known domain as a prefix', 'payflow.example.login-verify.example', 'payflow.example', 'whole'],
    ['the known domain further to the left', 'www.payflow.example.login.test', 'payflow.example', 'whole'],
    ['the known name as a label', 'payflow.login-verify.example', 'payflow.example', 'part'],
    ['an alike name as a label', 'payf1ow.login-verify.example', 'payflow.example', 'part'],
    ['the known name as a word', 'payflow-secure.example', 'payflow.example', 'part'],
    ['an alike name as a word', 'payf1ow-secure.example', 'payflow.example', 'part'],
    ['a name of two words among others', 'my-harbour-lights-login.example', 'harbour-lights.example', 'part'],
    ['a word behind the name', 'payflowsecurity.example', 'payflow.example', 'part'],
    ['a word before the name', 'loginpayflow.example', 'payflow.example', 'part'],
    ['the ending as a word', 'payflowcom.test', 'payflow.com', 'part'],
    ['a claim before the name', 'mypayflow.test', 'payflow.com', 'part'],
    ['a number behind the name', 'payflow24.example', 'payflow.example', 'part'],
    ['a letter that is wrong', 'payflaw.example', 'payflow.example', 'typo'],
    ['a letter that is missing', 'payflw.example', 'payflow.example', 'typo'],
    ['a letter too many', 'payfllow.example', 'payflow.example', 'typo'],
    ['letters that are exchanged', 'payflwo.example', 'payflow.example', 'typo'],
    [
      'exchanged and missing letters in a long name',
      'lindqvist-arhcitcts.example',
      'lindqvist-architects.example',
      'typo',
    ],
    ['two wrong letters in a long name', 'nordwint-logistic.example', 'nordwind-logistik.example', 'typo'],
    ['an i for an l', 'paypai.test', 'paypal.test', 'typo'],
    ['another ending', 'payflow.test', 'payflow.example', 'ending'],
    ['an ending that lacks a letter', 'payflow.co', 'payflow.com', 'ending'],
    ['an ending of two labels', 'payflow.co.uk', 'payflow.com', 'ending'],
    ['a known subdomain', 'payf1ow.example', 'mail.payflow.example', 'letters'],
    ['capitals and a final dot', 'PAYF1OW.Example.', 'PayFlow.EXAMPLE', 'letters'],
  ])('by %s', (_what, domain, known, how) => {
    expect(found(domain, 'other.example', known)).toEqual({ domain: expect.stringMatching(/./), how });
    expect(found(`service@${domain}`, `Ann@${known}`)?.how).toBe(how);
  });

  test('and the answer is its organizational domain', () => {
    expect(found('payf1ow.example', 'news.payflow.example')?.domain).toBe('payflow.example');
    expect(found('munchen-rad.example', 'münchen-rad.example')?.domain).toBe('xn--mnchen-rad-9db.example');
  });

  test('and of several the surest is named', () => {
    const known = ['payflow.test', 'payfiow.example', 'payflow.example'];
    expect(found('payf1ow.example', ...known)).toEqual({ domain: 'payflow.test', how: 'letters' });
    expect(found('payflow.test.login.example', 'login.test', ...known)).toEqual({
      domain: 'payflow.test',
      how: 'whole',
    });
    expect(found('payflow.info', ...known)).toEqual({ domain: 'payflow.test', how: 'ending' });
  });
});

describe('a domain resembles none', () => {
  test.each([
    ['the known domain', 'payflow.example', 'payflow.example'],
    ['a subdomain of it', 'mail.payflow.example', 'payflow.example'],
    ['the domain above it', 'payflow.example', 'mail.payflow.example'],
    ['the same domain in Punycode', 'xn--mnchen-rad-9db.example', 'münchen-rad.example'],
    ['another name', 'nordwind.example', 'payflow.example'],
    ['a short name with another letter', 'gmy.example', 'gmx.example'],
    ['a short name of four', 'vebo.example', 'vevo.example'],
    ['a name of five letters below another ending', 'meier.test', 'maier.example'],
    ['two wrong letters in a short name', 'payfaws.example', 'payflow.example'],
    ['names that differ in a number', 'shop24-berlin.example', 'shop25-berlin.example'],
    ['a name of a service as a label', 'mail.nordwind.example', 'mail.example'],
    ['a name of a service as a word', 'news-berlin.example', 'news.example'],
    ['the known name within a word', 'metaphor.example', 'meta.example'],
    ['the known name before a word that is no bait', 'googlemail.com', 'google.com'],
    ['a mail provider with another ending', 'gmx.at', 'gmx.de'],
    ['a mail provider with a name like that of another', 'ymail.com', 'gmail.com'],
    ['a reserved name', 'example.com', 'example.test'],
    ['below a reserved name', 'lists.example.com', 'list.example.org'],
    ['a domain with a reserved name as a label', 'mail.example.firm.test', 'example.test'],
    ['the letters of a known name in another order', 'flowpay.example', 'payflow.example'],
    ['an address of a network', '192.0.2.1', '192.0.2.7'],
    ['a single label', 'localhost', 'localhast'],
    ['a public suffix', 'co.uk', 'co.uk'],
    ['nothing', '', 'payflow.example'],
    ['what is too long', `${'a.'.repeat(200)}payf1ow.example`, 'payflow.example'],
  ])('if it is %s', (_what, domain, known) => {
    expect(found(domain, known)).toBeUndefined();
  });

  test('if it is known too', () => {
    expect(found('payflow.test', 'payflow.example', 'payflow.test')).toBeUndefined();
  });

  test('if it imitates a mail provider, it does', () => {
    expect(found('gmai1.com', 'gmail.com')).toEqual({ domain: 'gmail.com', how: 'letters' });
    expect(found('gnail.com', 'gmail.com')).toEqual({ domain: 'gmail.com', how: 'typo' });
    expect(found('gmail.co', 'gmail.com')).toEqual({ domain: 'gmail.com', how: 'ending' });
  });
});

describe('the judgement', () => {
  test('of any text is one, without an error', () => {
    const label = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('xn--', '-', '@', '', 'xn--a-0'),
    );
    const domain = fc.array(label, { maxLength: 6 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(domain, fc.array(domain, { maxLength: 5 }), (one, known) => {
        const result = found(one, ...known);
        expect(result === undefined || result.domain !== '').toBe(true);
      }),
    );
  });

  test('of one domain among thousands takes little time', () => {
    const known = Array.from({ length: 5_000 }, (_, index) => `${'name-of-company-'.repeat(3)}${index}.example`);
    const find = createLookAlikeFinder(known);
    const startedAt = performance.now();
    find(`${'name-of-companv-'.repeat(3)}x.example`);
    find(`${'a-'.repeat(30)}b.${'c-'.repeat(30)}d.example`);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
