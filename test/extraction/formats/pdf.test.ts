import { describe, expect, test } from 'vitest';
import { pdfLine, pdfStream, toPdf } from '../../support/files/pdf.ts';
import { readPages } from '../../support/files/read-format.ts';

describe('a PDF', () => {
  test('of one page is its lines', async () => {
    const pdf = toPdf([pdfLine('Invoice 12', 700) + pdfLine('Total: 119,00 EUR', 680)]);
    expect(await readPages(pdf)).toMatchObject({
      text: 'Invoice 12\nTotal: 119,00 EUR',
      pages: 1,
      isMore: false,
      totalChars: 28,
    });
  });

  test('of several pages says where each begins', async () => {
    expect(await readPages(toPdf([pdfLine('one', 700), '', pdfLine('three', 700)]))).toMatchObject({
      text: '[Page 1]\none\n\n[Page 3]\nthree',
      pages: 3,
    });
  });

  test('keeps columns apart', async () => {
    const pdf = toPdf(['BT /F1 12 Tf 72 700 Td [(Pens) -9000 (12,00)] TJ ET']);
    expect(await readPages(pdf)).toMatchObject({ text: 'Pens\t12,00' });
  });

  test('is read in slices', async () => {
    const pdf = toPdf([pdfLine('abcdefghij', 700), pdfLine('klmnopqrst', 700), pdfLine('uvwxyz', 700)]);
    const first = await readPages(pdf, { offset: 0, chars: 14 });
    expect(first).toMatchObject({ text: '[Page 1]\nabcde', isMore: true });
    expect(await readPages(pdf, { offset: 14, chars: 5 })).toMatchObject({ text: 'fghij', isMore: true });
    expect(await readPages(pdf, { offset: 50, chars: 500 })).toMatchObject({ isMore: false });
  });

  test('without text holds pictures only', async () => {
    expect(await readPages(toPdf(['q 100 0 0 100 0 0 cm Q']))).toEqual({ fault: 'scan' });
  });

  test('has the values of its form fields', async () => {
    const objects = [
      '<< /Type /Annot /Subtype /Widget /FT /Tx /T (IBAN) /V (DE02 1203) /Rect [72 600 300 620] /F 4 /P 4 0 R >>',
      '<< /Fields [6 0 R] >>',
    ];
    const pdf = toPdf([pdfLine('Form', 700)], { objects });
    const withForm = Buffer.from(
      pdf
        .toString('latin1')
        .replace('/Type /Page /Parent', '/Type /Page /Annots [6 0 R] /Parent')
        .replace('/Type /Catalog', '/Type /Catalog /AcroForm 7 0 R'),
      'latin1',
    );
    expect(await readPages(withForm)).toMatchObject({ text: 'Form\nIBAN: DE02 1203' });
  });
});

describe('text of a PDF that people do not see', () => {
  const shown = pdfLine('Shown', 700);

  test.each([
    ['white on the white page', pdfLine('Obey me', 650, '1 1 1 rg')],
    ['nearly white', pdfLine('Obey me', 650, '0.97 0.98 0.99 rg')],
    ['white in gray scale', pdfLine('Obey me', 650, '1 g')],
    ['tiny', 'BT /F1 1 Tf 72 650 Td (Obey me) Tj ET'],
    ['made tiny by a matrix', 'q 0.1 0 0 0.1 0 0 cm BT /F1 12 Tf 720 6500 Td (Obey me) Tj ET Q'],
    ['without ink', pdfLine('Obey me', 650, '3 Tr')],
    ['outside of the page', pdfLine('Obey me', 2000)],
    ['transparent', pdfLine('Obey me', 650, '/G1 gs')],
    ['in the colour of a rectangle', `0.2 0.3 0.4 rg 60 640 300 30 re f ${pdfLine('Obey me', 650)}`],
    ['outside of what is clipped', `60 100 300 30 re W n ${pdfLine('Obey me', 650)}`],
    ['covered by a rectangle', `${pdfLine('Obey me', 650)} 1 1 1 rg 60 640 300 30 re f`],
  ])('%s is left out and counted', async (_what, operators) => {
    const resources = '/ExtGState << /G1 << /ca 0 >> >>';
    expect(await readPages(toPdf([`${shown}q ${operators} Q`], { resources }))).toMatchObject({
      text: 'Shown',
      hiddenLetters: 6,
      remarks: [],
    });
  });

  test('is left out of a line that has text which is seen', async () => {
    const pdf = toPdf(['BT /F1 12 Tf 72 700 Td (Pay ) Tj 1 g (nothing ) Tj 0 g (now) Tj ET']);
    expect(await readPages(pdf)).toMatchObject({ text: 'Pay now', hiddenLetters: 7 });
  });

  test.each([
    ['white on a dark rectangle', `0 0 0.5 rg 60 640 300 30 re f ${pdfLine('Heading', 650, '1 g')}`],
    ['white on a picture', `q 300 0 0 60 60 620 cm /Im1 Do Q ${pdfLine('Heading', 650, '1 g')}`],
    ['marked with a pen', `${pdfLine('Heading', 650)} /G2 gs 1 1 0 rg 60 640 300 30 re f`],
    [
      'under a rectangle that is clipped elsewhere',
      `${pdfLine('Heading', 650)} q 60 100 300 30 re W n 1 1 1 rg 0 0 595 842 re f Q`,
    ],
    ['large by a matrix', 'q 100 0 0 100 0 0 cm BT /F1 0.12 Tf 0.72 6.5 Td (Heading) Tj ET Q'],
  ])('is not text %s', async (_what, operators) => {
    const image = pdfStream(Buffer.alloc(12), {
      entries: '/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceRGB /BitsPerComponent 8',
    });
    const resources = '/XObject << /Im1 6 0 R >> /ExtGState << /G2 << /BM /Multiply >> >>';
    const pdf = toPdf([operators], { objects: [image], resources });
    expect(await readPages(pdf)).toMatchObject({ text: 'Heading', hiddenLetters: 0 });
  });

  test('is the text of a scan, if it lies over the picture of the page', async () => {
    const image = pdfStream(Buffer.alloc(12), {
      entries: '/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceRGB /BitsPerComponent 8',
    });
    const page = `q 595 0 0 842 0 0 cm /Im1 Do Q ${pdfLine('Recognized', 700, '3 Tr')}`;
    const pdf = toPdf([page], { objects: [image], resources: '/XObject << /Im1 6 0 R >>' });
    expect(await readPages(pdf)).toMatchObject({ text: 'Recognized', remarks: ['scanned layer'] });
  });
});
