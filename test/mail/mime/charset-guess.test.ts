import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { decodeHeader, decodeText } from '../../../src/mail/mime/charset.ts';

const WORDS: Readonly<Record<string, readonly string[]>> = {
  gb18030: [
    '会议通知',
    '关于报告',
    '您的订单已发货',
    '明天上午开会',
    '请查收附件',
    '发票',
    '中华人民共和国',
    '银行账单，请核对',
  ],
  big5: ['會議通知', '您的訂單已出貨', '明天上午開會', '請查收附件', '中華民國臺灣', '電子報第一期', '帳單繳費提醒'],
  shift_jis: [
    '会議のお知らせ',
    'ご注文ありがとうございます',
    'パスワードの変更について',
    'テストです',
    '請求書をお送りします',
  ],
  'windows-1251': ['Привет', 'Счёт за март', 'Встреча переносится на завтра', 'Уведомление о доставке', 'Заказ принят'],
  'koi8-r': ['Привет', 'Счёт за март', 'Встреча переносится на завтра', 'Уведомление о доставке', 'Заказ принят'],
  'windows-1252': [
    ...[
      'Grüße aus Köln',
      'Über uns',
      'Résumé de la réunion',
      'Façade, été, naïve',
      'Señor Muñoz',
      'Hvornår mødes vi på øen',
      'Ça va très bien',
    ],
    ...['“Quoted” – text', 'Smörgåsbord', 'São João', '½ Preis für Äpfel und Öl', 'Élève ÀÉÈ', '5 €'],
  ],
};

describe('raw bytes of a header without a charset', () => {
  test.each(Object.entries(WORDS).flatMap(([charset, all]) => all.map((words) => [charset, words] as const)))(
    'are understood as %s: %s',
    (charset, words) => {
      expect(decodeHeader(iconv.encode(words, charset))).toBe(words);
      expect(decodeHeader(iconv.encode(`Re: [list] ${words} (2)`, charset))).toBe(`Re: [list] ${words} (2)`);
      expect(decodeText(iconv.encode(words, charset), null)).toBe(words);
    },
  );

  test('are UTF-8 if they can be', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\p{L}\p{N}]{1,20}$/u), (text) => {
        expect(decodeHeader(Buffer.from(text))).toBe(text);
      }),
    );
  });

  test('of one charset stay that, in whatever order the words are', () => {
    const any = fc
      .constantFrom(...Object.entries(WORDS))
      .chain(([charset, all]) =>
        fc
          .array(fc.constantFrom(...all), { minLength: 1, maxLength: 5 })
          .map((words) => [charset, words.join(' ')] as const),
      );
    fc.assert(
      fc.property(any, ([charset, words]) => {
        expect(decodeHeader(iconv.encode(words, charset))).toBe(words);
      }),
    );
  });
});
