import { describe, expect, test } from 'vitest';
import { type MailRequest, readMailto } from '../../../src/mail/subscription/mailto.ts';

describe('a mailto URI of a stranger (RFC 6068)', () => {
  test.each<[string, string, MailRequest]>([
    ['an address', 'mailto:leave@x.example', { to: 'leave@x.example', subject: '', text: '' }],
    [
      'a subject',
      'MAILTO:leave@X.example?Subject=leave%20me%20out',
      { to: 'leave@x.example', subject: 'leave me out', text: '' },
    ],
    [
      'subject and body',
      'mailto:l@x.example?body=end%0D%0Alist&subject=a%26b',
      { to: 'l@x.example', subject: 'a&b', text: 'end\r\nlist' },
    ],
    ['an escaped address', 'mailto:a%2Bb@x.example', { to: 'a+b@x.example', subject: '', text: '' }],
    ['a plus sign', 'mailto:l+t=1@x.example?subject=a+b', { to: 'l+t=1@x.example', subject: 'a+b', text: '' }],
    ['an equals sign in a value', 'mailto:l@x.example?subject=a=b', { to: 'l@x.example', subject: 'a=b', text: '' }],
    ['a subject in UTF-8', 'mailto:l@x.example?subject=%C3%A9', { to: 'l@x.example', subject: 'é', text: '' }],
    [
      'an encoded word, which stays text',
      'mailto:l@x.example?subject=%3D%3Futf-8%3FQ%3Fa%3F%3D',
      { to: 'l@x.example', subject: '=?utf-8?Q?a?=', text: '' },
    ],
    ['a fragment', 'mailto:l@x.example?subject=a#b', { to: 'l@x.example', subject: 'a', text: '' }],
    ['empty fields', 'mailto:l@x.example?&&subject=', { to: 'l@x.example', subject: '', text: '' }],
    [
      'an international domain',
      'mailto:l@b%C3%BCcher.example',
      { to: 'l@xn--bcher-kva.example', subject: '', text: '' },
    ],
  ])('is read: %s', (_, uri, request) => {
    expect(readMailto(uri)).toEqual(request);
  });

  test.each([
    ['no address', 'mailto:'],
    ['a host of the network of the mail server', 'mailto:root@localhost'],
    ['no address but a subject', 'mailto:?subject=a'],
    ['two addresses', 'mailto:a@x.example,b@x.example'],
    ['two addresses, escaped', 'mailto:a@x.example%2Cb@x.example'],
    ['a second address in to', 'mailto:a@x.example?to=b@x.example'],
    ['its address in to', 'mailto:?to=b@x.example'],
    ['cc', 'mailto:a@x.example?cc=b@x.example'],
    ['bcc', 'mailto:a@x.example?subject=a&BCC=b@x.example'],
    ['bcc, escaped', 'mailto:a@x.example?%62cc=b@x.example'],
    ['a file', 'mailto:a@x.example?attach=/etc/passwd'],
    ['a file by another name', 'mailto:a@x.example?attachment=/etc/passwd'],
    ['a sender', 'mailto:a@x.example?from=b@x.example'],
    ['a field of threads', 'mailto:a@x.example?in-reply-to=%3Ca@b%3E'],
    ['two subjects', 'mailto:a@x.example?subject=a&subject=b'],
    ['a header in its subject', 'mailto:a@x.example?subject=a%0D%0ABcc:%20b@x.example'],
    ['a lone line feed in its subject', 'mailto:a@x.example?subject=a%0Ab'],
    ['a header in its address', 'mailto:a@x.example%0D%0ABcc:%20b@x.example'],
    ['a NUL in its body', 'mailto:a@x.example?body=a%00b'],
    ['an escape sequence in its body', 'mailto:a@x.example?body=%1B%5B2J'],
    ['a name', 'mailto:Ann%20%3Ca@x.example%3E'],
    ['a quoted local part', 'mailto:%22a%40y.example%2C%22@x.example'],
    ['a group', 'mailto:all:a@x.example;'],
    ['an IP address', 'mailto:a@[192.0.2.1]'],
    ['no domain', 'mailto:root'],
    ['an escape that is none', 'mailto:a@x.example?subject=%zz'],
    ['bytes that are not UTF-8', 'mailto:a@x.example?subject=%ff'],
    ['half a surrogate pair', 'mailto:a@x.example?subject=%ED%A0%80'],
    ['a long subject', `mailto:a@x.example?subject=${'a'.repeat(301)}`],
    ['a long body', `mailto:a@x.example?body=${'a'.repeat(1_001)}`],
    ['a body of a megabyte', `mailto:a@x.example?body=${'a'.repeat(1_000_000)}`],
    ['another scheme', 'sms:+123'],
    ['a web page', 'https://x.example/mailto:a@x.example'],
  ])('UNSUB-04 is not used: %s', (_, uri) => {
    expect(readMailto(uri)).toBeUndefined();
  });
});
