import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstQuestionOf } from '../../src/text/questions.ts';

describe('the question of a text', () => {
  test.each([
    ['Can you come on Thursday?'],
    ['Kannst du am Donnerstag kommen?'],
    ['Tu viens jeudi ?'],
    ['Tu viens jeudi\u00a0?'],
    ['Tu viens jeudi\u202f?'],
    ['¿Vienes el jueves?'],
    ['Vieni giovedì?'],
    ['Ты придёшь в четверг?'],
    ['Θα έρθεις την Πέμπτη;'],
    ['Θα έρθεις την Πέμπτη\u037e'],
    ['هل ستأتي يوم الخميس؟'],
    ['آیا پنجشنبه می‌آیی؟'],
    ['האם תבוא ביום חמישי?'],
    ['木曜日に来られますか？'],
    ['木曜日に来られますか'],
    ['星期四你能来吗？'],
    ['星期四你能来吗'],
    ['목요일에 오실 수 있습니까'],
    ['목요일에 만날까요?'],
    ['วันพฤหัสมาได้ไหม'],
    ['ሐሙስ ትመጣለህ፧'],
    ['Հինգշաբթի կգա՞ս'],
    ['क्या तुम गुरुवार को आओगे?'],
    ['Thursday??'],
    ['Really?!'],
    ['Is that so‽'],
    ['Can you pay 40 €?'],
    ['Did you mean the red one (the small one)?'],
    ['Have you seen "Casablanca"?'],
    ['What about ...?'],
    ['Could you look at https://example.test/a?b=c&d=e?'],
    ['Can you come? 😀'],
    ['Which *one*?'],
  ])('is found in its language: %s', (question) => {
    const found = firstQuestionOf(`Hello Ann.\n\nThe boat is ready. ${question}\n\nBo`);
    expect(found).toBe(question.replace(/\s+/g, ' ').replace(' 😀', ''));
    expect(firstQuestionOf(question)).toBe(found);
  });

  test.each([
    ['Thursday works for me.'],
    ['See https://example.test/find?q=boat and https://example.test/?a'],
    ['https://example.test/find?'],
    ['The page is https://example.test/find?\nq=boat&lang=en'],
    ['<https://example.test/find?q=boat>'],
    ['www.example.test/find?q=boat'],
    ['example.test/find?Id=4'],
    ['mailto:ann@example.test?subject=Hello'],
    ['The value is a ?? b.'],
    ['const x = a ? b : c;'],
    ['const name = user?.name ?? fallback;'],
    ['interface A { name?: string }'],
    ['/^(?:a|b)+?$/'],
    ['SELECT * FROM boats WHERE id = ?'],
    ['INSERT INTO boats VALUES (?, ?)'],
    ['WHERE id=?'],
    ['```\nwhere are you?\n```'],
    ['The key `what?` is missing.'],
    ['??'],
    ['???'],
    ['?'],
    ['Sch?ne Gr??e aus K?ln'],
    ['???? ?? ????.'],
    ['> Can you come on Thursday?'],
    ['Fine.\n-- \nQuestions? Call me. Why not?'],
    ['She asked "where is the boat?" and left.'],
    ['Thank you.\n\nAny questions? Call me.'],
    ['Noch Fragen? Rufen Sie an.'],
    ['I am here; you are there; we wait.'],
    ['The angle α; the angle β; and so on.'],
    ['My friend Γιώργος; he is a sailor.'],
  ])('is not found where none is asked: %j', (text) => {
    expect(firstQuestionOf(text)).toBeUndefined();
  });

  test.each([
    ['Hi Ida,\ncan you come?', 'can you come?'],
    [
      'We have thought about the crane for a long time, and in the end the\nanswer was no. Do you think that we\nshould ask again?',
      'should ask again?',
    ],
    [
      'Do you think that we should ask again about the crane in\nthe old harbour?',
      'Do you think that we should ask again about the crane in the old harbour?',
    ],
    ['- one\n- which one?\n- two', 'which one?'],
    ['1. Who pays?\n2. Who drives?', 'Who pays?'],
    ['Call Dr. Lee. Did Prof. Lee agree?', 'Did Prof. Lee agree?'],
    ['It is done.Is it?Yes.', 'It is done.Is it?'],
    ['¿Vienes? No sé.', '¿Vienes?'],
    ['Dime, ¿vienes el jueves?', 'Dime, ¿vienes el jueves?'],
  ])('is the sentence up to its mark: %j', (text, expected) => {
    expect(firstQuestionOf(text)).toContain(expected.replace(/^Dime, /, ''));
  });

  test('is the first one, and a question of courtesy only if there is no other', () => {
    expect(firstQuestionOf('How are you? The boat is ready. When do you need it? And who pays?')).toBe(
      'When do you need it?',
    );
    expect(firstQuestionOf('Hallo Ann, wie geht es dir? Das Boot ist da. Wann kommst du?')).toBe('Wann kommst du?');
    expect(firstQuestionOf('Hi Ann, how are you?')).toBe('Hi Ann, how are you?');
  });

  test('of a long sentence is its end', () => {
    const question = firstQuestionOf(`${'word '.repeat(1_000)}why?`) ?? '';
    expect(question.endsWith('word why?')).toBe(true);
    expect(question.length).toBeLessThan(320);
  });

  test('is found behind any words', () => {
    const words = fc.array(fc.stringMatching(/^[a-zäöüéß]{2,9}$/), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(words, words, (before, asked) => {
        expect(firstQuestionOf(`${before.join(' ')}.\n\n${asked.join(' ')}?`)?.endsWith(`${asked.at(-1)}?`)).toBe(true);
        expect(firstQuestionOf(`${before.join(' ')}.\n\n${asked.join(' ')}.`)).toBeUndefined();
      }),
    );
  });

  test.each([
    ['?'],
    ['a?b '],
    [' ?'],
    ['word ?? a '],
    ['¿'],
    ['¿a'],
    ['α;'],
    ['https://a/?'],
    ['`?'],
    ['.'],
    ['՞'],
    ['. A'],
    ['how are you '],
  ])('is looked for in time in a text of nothing but %j', (unit) => {
    const startedAt = performance.now();
    firstQuestionOf(unit.repeat(2_000_000 / unit.length));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
