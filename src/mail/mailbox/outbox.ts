/** Recognises mailboxes whose messages a server or a mail program may send: by their attribute, otherwise by their name. */

/** Attributes in a LIST response, lower case. */
const MARKS = ['\\outbox', '\\scheduled'];

/** Longer names are none of these. */
const MAX_CHARS = 60;

/** The names that mail programs give it; compared without case, accents and punctuation. */
const NAMES: ReadonlySet<string> = new Set(
  [
    'outbox',
    'outgoing',
    'unsent',
    'unsent messages',
    'Postausgang',
    'Boîte d’envoi',
    'Bandeja de salida',
    'Caixa de saída',
    'A enviar',
    'Posta in uscita',
    'In uscita',
    'Safata de sortida',
    'Postvak UIT',
    'Te verzenden',
    'Udbakke',
    'Utboks',
    'Utkorg',
    'Utkorgen',
    'Lähtevät',
    'Úthólf',
    'Skrzynka nadawcza',
    'Do wysłania',
    'Pošta k odeslání',
    'K odeslání',
    'Na odoslanie',
    'Pošta na odoslanie',
    'Kimenő',
    'Kimenő üzenetek',
    'Mesaje de trimis',
    'Izlazna pošta',
    'Izlazni sandučić',
    'Odhodno',
    'Väljuvad',
    'Izsūtne',
    'Siunčiami',
    'Siunčiamieji',
    'Giden Kutusu',
    'Исходящие',
    'Вихідні',
    'Изходящи',
    'Εξερχόμενα',
    'דואר יוצא',
    'صندوق الصادر',
    'علبة الصادر',
    'صندوق خروجی',
    'आउटबॉक्स',
    'ถาดออก',
    'กล่องขาออก',
    'Hộp thư đi',
    'Kotak Keluar',
    '送信トレイ',
    '送信待ち',
    '发件箱',
    '寄件匣',
    '寄件夾',
    '보낼 편지함',
  ].map(comparable),
);

export function isOutboxLike({
  path,
  delimiter,
  attributes,
}: {
  path: string;
  delimiter: string | null;
  attributes: ReadonlySet<string>;
}): boolean {
  return MARKS.some((mark) => attributes.has(mark)) || isOutboxName(path, delimiter);
}

/** Whether the last level of a path is such a name. */
export function isOutboxName(path: string, delimiter: string | null): boolean {
  const name = delimiter === null ? path : (path.split(delimiter).at(-1) ?? '');
  return NAMES.has(comparable(name));
}

function comparable(name: string): string {
  if (name.length > MAX_CHARS) return '';
  const letters = name.normalize('NFKD').replace(/[^\p{L}\p{N}]/gu, '');
  return letters.toLowerCase();
}
