import { describe, expect, test } from 'vitest';
import { resembledDomain } from '../../../src/mail/sender/lookalike.ts';

const KNOWN = [
  'payflow.example',
  'hafenwerk.example',
  'mail.lindqvist-architects.example',
  'abc.example',
  'example.org',
];

describe('a domain that could be taken for a known one', () => {
  test.each([
    ['payfl0w.example', 'payflow.example', 'a digit'],
    ['payfIow.example'.toLowerCase(), 'payflow.example', 'a letter like another'],
    ['p\u0430yflow.example', 'payflow.example', 'a letter of another alphabet'],
    ['xn--pyflow-4nf.example', 'payflow.example', 'the same in ASCII'],
    ['hafenvverk.example', 'hafenwerk.example', 'two letters like one'],
    ['hafenwrek.example', 'hafenwerk.example', 'exchanged letters'],
    ['hafenwerk.test', 'hafenwerk.example', 'another suffix'],
    ['hafenwerk-billing.example', 'hafenwerk.example', 'a word beside it'],
    ['hafenwerk.example.evil.test', 'hafenwerk.example', 'a subdomain'],
    ['lindqvist-arhcitcts.example', 'mail.lindqvist-architects.example', 'two letters of a long name'],
    ['payflow\u0301.example', 'payflow.example', 'an accent'],
  ])('%s resembles %s: %s', (domain, resembled) => {
    expect(resembledDomain(domain, KNOWN)).toBe(resembled);
  });

  test.each([
    ['payflow.example', 'the same'],
    ['MAIL.Payflow.example', 'of the same organization'],
    ['harbour.example', 'another name'],
    ['abd.example', 'a short name'],
    ['flowpay.example', 'the same letters otherwise'],
    ['lists.example.com', 'a reserved name'],
    ['', 'none'],
  ])('%s resembles none: %s', (domain) => {
    expect(resembledDomain(domain, KNOWN)).toBeUndefined();
  });
});
