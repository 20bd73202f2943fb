import { describe, expect, test } from 'vitest';
import { baseSubjectOf, prefixedSubject } from '../../src/text/base-subject.ts';

describe('the base subject (RFC 5256 §2.1)', () => {
  test.each([
    'Harbour lights',
    'Re: Harbour lights',
    'RE: harbour  lights',
    'Re:Harbour lights',
    'Re[2]: Harbour lights',
    'Re^2: Harbour lights',
    'Re (3): Harbour lights',
    'AW: Harbour lights',
    'Antw: Harbour lights',
    'SV: Harbour lights',
    'VS: Harbour lights',
    'RES: Harbour lights',
    'RIF: Harbour lights',
    'R: Harbour lights',
    'Odp: Harbour lights',
    'YNT: Harbour lights',
    'Отв: Harbour lights',
    '答复: Harbour lights',
    '回复：Harbour lights',
    'Re: AW: SV: Harbour lights',
    'Fwd: Harbour lights',
    'WG: Harbour lights',
    'TR : Harbour lights',
    'RV: Harbour lights',
    'Enc: Harbour lights',
    '转发: Harbour lights',
    'Harbour lights (fwd)',
    '[Fwd: Harbour lights]',
    '[harbour] Harbour lights',
    'Re: [harbour] Harbour lights',
    '[harbour] Re: [EXT] Harbour lights',
    ' Re:\tHarbour\r\n lights ',
    'Re: Ｈarbour lights',
  ])('is the same: %j', (subject) => {
    expect(baseSubjectOf(subject).base).toBe('harbour lights');
  });

  test.each([
    ['Relights: Harbour', 'relights: harbour'],
    ['Award: Harbour', 'award: harbour'],
    ['[harbour]', '[harbour]'],
    ['Re:', ''],
    ['', ''],
    ['Re', 're'],
    ['Results: 3', 'results: 3'],
  ])('has everything that is no prefix: %j', (subject, expected) => {
    expect(baseSubjectOf(subject).base).toBe(expected);
  });

  test('says whether the message answers or forwards another', () => {
    expect(baseSubjectOf('AW: Harbour lights')).toMatchObject({ isReply: true, isForward: false });
    expect(baseSubjectOf('WG: Harbour lights')).toMatchObject({ isReply: false, isForward: true });
    expect(baseSubjectOf('Re: Fwd: Harbour lights')).toMatchObject({ isReply: true, isForward: true });
    expect(baseSubjectOf('Harbour lights')).toMatchObject({ isReply: false, isForward: false });
  });

  test.each(['Re: ', '[a] ', '[Fwd: ', ' (fwd)', '[', 're '])('is found in time in nothing but %j', (unit) => {
    const startedAt = performance.now();
    baseSubjectOf(unit.repeat(100_000));
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('the subject of an answer', () => {
  test.each([
    ['Harbour', 'Re: Harbour'],
    ['Re: Harbour', 'Re: Harbour'],
    ['RE: AW: Sv: Antw: Harbour', 'Re: Harbour'],
    ['答复：Harbour', 'Re: Harbour'],
    ['Re[2]: Harbour', 'Re: Harbour'],
    ['WG: Harbour', 'Re: WG: Harbour'],
    ['Re: Fwd: Re: Harbour', 'Re: Fwd: Re: Harbour'],
    ['[list] Re: Harbour', 'Re: [list] Harbour'],
    ['[list] Harbour', 'Re: [list] Harbour'],
    ['', 'Re:'],
    ['Regarding: the harbour', 'Re: Regarding: the harbour'],
  ])('%j becomes %j', (subject, answer) => {
    expect(prefixedSubject(subject, 'Re')).toBe(answer);
    expect(baseSubjectOf(answer).base).toBe(baseSubjectOf(subject).base);
  });

  test.each([
    ['Harbour', 'Fwd: Harbour'],
    ['Fwd: Harbour', 'Fwd: Harbour'],
    ['WG: Fw: TR: Harbour', 'Fwd: Harbour'],
    ['Re: Harbour', 'Fwd: Re: Harbour'],
  ])('%j is forwarded as %j', (subject, forwarded) => {
    expect(prefixedSubject(subject, 'Fwd')).toBe(forwarded);
  });
});
