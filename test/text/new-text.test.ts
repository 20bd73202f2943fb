import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newTextOf } from '../../src/text/new-text.ts';

const ORIGINAL = 'Shall we meet on Thursday?\nThe room is free.';
const quoted = (text: string) => text.replace(/^/gm, '> ');

/** Lines that introduce a quotation, as mail programs write them. */
const INTRODUCTIONS = [
  'On Tue, Mar 3, 2026 at 9:15 AM Ann Lee <ann@example.test> wrote:',
  'On Tue, 3 Mar 2026 at 09:15, Ann Lee\n<ann@example.test> wrote:',
  'On 2026-03-03 09:15, Ann Lee wrote:',
  'On 3 Mar 2026, at 09:15, Ann Lee <ann@example.test> wrote:',
  'Am 03.03.2026 um 09:15 schrieb Ann Lee:',
  'Am Di., 3. März 2026 um 09:15 Uhr schrieb Ann Lee <ann@example.test>:',
  'Le mar. 3 mars 2026 à 09:15, Ann Lee <ann@example.test> a écrit :',
  'El mar, 3 mar 2026 a las 9:15, Ann Lee (<ann@example.test>) escribió:',
  'Il giorno mar 3 mar 2026 alle ore 09:15 Ann Lee <ann@example.test> ha scritto:',
  'Em ter., 3 de mar. de 2026 às 09:15, Ann Lee <ann@example.test> escreveu:',
  'Op di 3 mrt 2026 om 09:15 schreef Ann Lee <ann@example.test>:',
  'Den tis 3 mars 2026 kl 09:15 skrev Ann Lee <ann@example.test>:',
  'Den 3. mars 2026 kl. 09:15 skrev Ann Lee <ann@example.test>:',
  'ti 3. maalisk. 2026 klo 9.15 Ann Lee (ann@example.test) kirjoitti:',
  'wt., 3 mar 2026 o 09:15 Ann Lee <ann@example.test> napisał(a):',
  'W dniu 3.03.2026 o 09:15, Ann Lee pisze:',
  'út 3. 3. 2026 v 9:15 odesílatel Ann Lee <ann@example.test> napsal:',
  'вт, 3 мар. 2026 г. в 09:15, Ann Lee <ann@example.test>:',
  '03.03.2026 09:15, Ann Lee пишет:',
  'Στις Τρί 3 Μαρ 2026 στις 9:15 π.μ., ο χρήστης Ann Lee <ann@example.test> έγραψε:',
  'Ann Lee <ann@example.test>, 3 Mar 2026 Sal, 09:15 tarihinde şunu yazdı:',
  '2026年3月3日(火) 9:15 Ann Lee <ann@example.test>:',
  'Ann Lee <ann@example.test> 于2026年3月3日周二 09:15写道：',
  '2026년 3월 3일 (화) 오전 9:15, Ann Lee <ann@example.test>님이 작성:',
  'Vào Th 3, 3 thg 3, 2026 vào lúc 09:15 Ann Lee <ann@example.test> đã viết:',
];

/** Headers above an original that is not marked line by line. */
const HEADERS = [
  '-----Original Message-----\nFrom: Ann Lee <ann@example.test>\nSent: Tuesday, March 3, 2026 9:15 AM\nTo: Bo\nSubject: Thursday',
  '________________________________\nFrom: Ann Lee <ann@example.test>\nSent: Tuesday, March 3, 2026 9:15 AM\nTo: Bo\nSubject: Thursday',
  'From: Ann Lee <ann@example.test>\nDate: Tuesday, 3 March 2026 at 09:15\nTo: Bo\nSubject: Thursday',
  '*From:* Ann Lee <ann@example.test>\n*Sent:* Tuesday, 3 March 2026 09:15\n*To:* Bo\n*Subject:* Thursday',
  'Von: Ann Lee <ann@example.test>\nGesendet: Dienstag, 3. März 2026 09:15\nAn: Bo\nBetreff: Donnerstag',
  '-----Ursprüngliche Nachricht-----\nVon: Ann Lee\nGesendet: Dienstag, 3. März 2026 09:15\nAn: Bo\nBetreff: Donnerstag',
  'De : Ann Lee <ann@example.test>\nEnvoyé : mardi 3 mars 2026 09:15\nÀ : Bo\nObjet : Jeudi',
  'De: Ann Lee\nEnviado el: martes, 3 de marzo de 2026 9:15\nPara: Bo\nAsunto: Jueves',
  'Da: Ann Lee\nInviato: martedì 3 marzo 2026 09:15\nA: Bo\nOggetto: Giovedì',
  'Van: Ann Lee\nVerzonden: dinsdag 3 maart 2026 09:15\nAan: Bo\nOnderwerp: Donderdag',
  'Från: Ann Lee\nSkickat: den 3 mars 2026 09:15\nTill: Bo\nÄmne: Torsdag',
  'Od: Ann Lee\nWysłano: wtorek, 3 marca 2026 09:15\nDo: Bo\nTemat: Czwartek',
  'От: Ann Lee\nОтправлено: 3 марта 2026 г. 9:15\nКому: Bo\nТема: Четверг',
  '发件人: Ann Lee\n发送时间: 2026年3月3日 9:15\n收件人: Bo\n主题: 星期四',
  '差出人: Ann Lee\n送信日時: 2026年3月3日 9:15\n宛先: Bo\n件名: 木曜日',
  '------------------ Original ------------------\nFrom: "Ann Lee"<ann@example.test>;\nDate: Tue, Mar 3, 2026 09:15 AM\nTo: "Bo"\nSubject: Thursday',
];

describe('the new text of a message', () => {
  test.each(INTRODUCTIONS)('has neither the quotation nor the line above it: %s', (introduction) => {
    const reply = 'Thursday works for me.';
    expect(newTextOf(`${reply}\n\n${introduction}\n${quoted(ORIGINAL)}\n`)).toBe(reply);
    expect(newTextOf(`${reply}\n\n${introduction}\n\n${quoted(ORIGINAL)}\n`)).toBe(reply);
    expect(newTextOf(`${introduction}\n${quoted(ORIGINAL)}\n\n${reply}\n`)).toBe(reply);
  });

  test.each(INTRODUCTIONS)('ends where a quotation without marks begins: %s', (introduction) => {
    expect(newTextOf(`Thursday works for me.\n\n${introduction}\n\n${ORIGINAL}\n`)).toBe('Thursday works for me.');
  });

  test.each(HEADERS)('ends at the header of the original: %s', (header) => {
    expect(newTextOf(`Thursday works for me.\n\n${header}\n\n${ORIGINAL}\n`)).toBe('Thursday works for me.');
  });

  test('has all answers between the pieces of a quotation', () => {
    const text = `On 2026-03-03, Ann Lee wrote:\n> One?\nYes.\n> Two?\n>> Three?\n\nNo.\n\n> Four?\n`;
    expect(newTextOf(text)).toBe('Yes.\n\nNo.');
  });

  test.each([
    ['-- \nAnn Lee\nHead of everything', 'Hello.'],
    ['--\nAnn Lee', 'Hello.'],
    ['\nSent from my iPhone', 'Hello.'],
    ['\nGet Outlook for iOS', 'Hello.'],
    ['\nVon meinem iPhone gesendet', 'Hello.'],
    ['\nEnvoyé de mon iPhone', 'Hello.'],
  ])('has no signature: %j', (signature, expected) => {
    expect(newTextOf(`Hello.\n${signature}`)).toBe(expected);
    expect(newTextOf(`Hello.\n${signature}\n\nOn 2026-03-03, Ann Lee wrote:\n> Hi\n`)).toBe(expected);
  });

  test('is empty if the message only quotes', () => {
    expect(newTextOf(`On 2026-03-03, Ann Lee wrote:\n${quoted(ORIGINAL)}`)).toBe('');
    expect(newTextOf(quoted(ORIGINAL))).toBe('');
    expect(newTextOf('')).toBe('');
  });

  test.each([
    '---------- Forwarded message ---------\nFrom: Ann <ann@example.test>\nDate: Tue, 3 Mar 2026\nSubject: Thursday\nTo: Bo <bo@example.test>',
    '-------- Weitergeleitete Nachricht --------\nBetreff: Donnerstag\nDatum: Tue, 3 Mar 2026\nVon: Ann\nAn: Bo',
    'Begin forwarded message:\n\nFrom: Ann <ann@example.test>\nSubject: Thursday\nDate: 3 March 2026',
  ])('of a message that only forwards is that of the other message: %s', (header) => {
    expect(newTextOf(`${header}\n\n${ORIGINAL}`)).toBe(ORIGINAL);
    expect(newTextOf(`For your files.\n\n${header}\n\n${ORIGINAL}`)).toBe('For your files.');
  });

  test.each([
    'As Ann wrote:\nthe room is free.',
    'Three rules:\n- one\n- two',
    'From: Berlin\nTo: Hamburg\nDate: 3 May 2026\nSeat: 12',
    'I have forwarded the following:\nthe plan, the list and the bill.',
    'On Monday we meet at 10:00:\nbring the plan.',
    '--- a rule ---\nand text below it',
    'a -- b\nc -- d',
  ])('is all of a text that quotes nothing: %j', (text) => {
    expect(newTextOf(text)).toBe(text);
  });

  test('is what was written above any quotation of any text', () => {
    const word = fc.stringMatching(/^[a-zäöüéß]{1,9}$/);
    const line = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' '));
    const reply = fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(
        reply,
        fc.constantFrom(...INTRODUCTIONS),
        fc.string({ unit: 'grapheme', maxLength: 300 }).map((text) => text.replace(/[\r\v\f\u0085\u2028\u2029]/g, ' ')),
        (own, introduction, original) => {
          expect(newTextOf(`${own}\n\n${introduction}\n${quoted(original)}`)).toBe(own);
          expect(newTextOf(`${introduction}\n${quoted(original)}\n\n${own}`)).toBe(own);
        },
      ),
    );
  });

  test.each([
    ['introductions', 'On 2026-03-03, Ann wrote\n'],
    ['marks', '> > > > \n'],
    ['separators', '-----Original'],
    ['forwards', '---------- Forwarded message ---------\n'],
    ['headers', 'From: a\nTo: b\n'],
    ['blanks', ' '],
    ['colons', ': '],
    ['dashes', '-_'],
  ])('is found in time in a text of nothing but %s', (_, unit) => {
    const startedAt = performance.now();
    newTextOf(unit.repeat(2_000_000 / unit.length));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
