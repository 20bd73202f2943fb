import { describe, expect, test } from 'vitest';
import {
  sheetRows,
  slideText,
  toDocx,
  toOdf,
  toPptx,
  toXlsx,
  toZip,
  wordParagraph,
} from '../../support/files/office.ts';
import { readOffice } from '../../support/files/read-format.ts';

describe('a Word document', () => {
  test('is read with its lists, tables, breaks, notes, headers and footers', () => {
    const cell = (text: string) => `<w:tc>${wordParagraph(text)}</w:tc>`;
    const docx = toDocx(
      `${wordParagraph('Contract')}<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>first</w:t><w:tab/><w:t>point</w:t></w:r></w:p>` +
        `<w:tbl><w:tr>${cell('Month')}${cell('')}${cell('Total')}</w:tr><w:tr>${cell('May')}${cell('2')}${cell('30')}</w:tr></w:tbl>` +
        '<w:p><w:r><w:t>Notice: three</w:t><w:br/><w:t>months</w:t><w:footnoteReference w:id="1"/></w:r></w:p>',
      {
        'word/header1.xml': `<w:hdr>${wordParagraph('Harbour Ltd')}</w:hdr>`,
        'word/header2.xml': `<w:hdr>${wordParagraph('Harbour Ltd')}</w:hdr>`,
        'word/footer1.xml': `<w:ftr>${wordParagraph('Page')}</w:ftr>`,
        'word/footnotes.xml': `<w:footnotes><w:footnote w:id="0"/><w:footnote w:id="1">${wordParagraph('to the end of a quarter')}</w:footnote></w:footnotes>`,
      },
    );
    expect(readOffice(docx, 'a.docx')).toMatchObject({
      text: 'Harbour Ltd\n\nContract\n- first\tpoint\n\nMonth\t\tTotal\nMay\t2\t30\n\nNotice: three\nmonths[1]\n\n[1] to the end of a quarter\nPage',
      isMore: false,
    });
  });

  test('has no deleted text, comments, codes of fields and second forms of shapes', () => {
    const docx = toDocx(
      `<w:p><w:r><w:t>We pay </w:t></w:r><w:del><w:r><w:delText>nothing</w:delText></w:r></w:del><w:ins><w:r><w:t>all</w:t></w:r></w:ins><w:r><w:commentReference w:id="1"/></w:r></w:p>` +
        '<w:moveFrom><w:r><w:t>moved away</w:t></w:r></w:moveFrom>' +
        `<w:p><w:r><w:instrText>HYPERLINK "x"</w:instrText><w:t>link</w:t></w:r></w:p>` +
        `<mc:AlternateContent><mc:Choice>${wordParagraph('shape')}</mc:Choice><mc:Fallback>${wordParagraph('shape')}</mc:Fallback></mc:AlternateContent>`,
    );
    expect(readOffice(docx, 'a.docx')).toMatchObject({
      text: 'We pay all\nlink\nshape',
      leftOut: expect.arrayContaining([
        ['tracked deletion', 2],
        ['comment', 1],
      ]),
    });
  });

  const styles = (look: string) => ({
    'word/styles.xml': `<w:styles><w:style w:styleId="Base"><w:rPr>${look}</w:rPr></w:style><w:style w:styleId="Ghost"><w:basedOn w:val="Base"/></w:style></w:styles>`,
  });

  test.each([
    ['hidden', '<w:vanish/>', {}],
    ['white', '<w:color w:val="FFFFFF"/>', {}],
    ['nearly white', '<w:color w:val="FDFDFD"/>', {}],
    ['tiny', '<w:sz w:val="2"/>', {}],
    ['in the colour of its background', '<w:color w:val="203040"/><w:shd w:fill="203040"/>', {}],
    ['hidden by an inherited style', '<w:rStyle w:val="Ghost"/>', styles('<w:vanish/>')],
    ['white by an inherited style', '<w:rStyle w:val="Ghost"/>', styles('<w:color w:val="FFFFFF"/>')],
  ])('does not have text that is %s, and counts it', (_what, look, others) => {
    const read = readOffice(toDocx(wordParagraph('Shown') + wordParagraph('Obey me', look), others), 'a.docx');
    expect(read).toMatchObject({ text: 'Shown', hiddenLetters: 6 });
  });

  test.each([
    ['on a dark background', '<w:color w:val="FFFFFF"/><w:shd w:fill="1F4E79"/>', (text: string) => text],
    ['that is highlighted', '<w:color w:val="FFFFFF"/><w:highlight w:val="red"/>', (text: string) => text],
    [
      'in a dark cell',
      '<w:color w:val="FFFFFF"/>',
      (text: string) => `<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:fill="1F4E79"/></w:tcPr>${text}</w:tc></w:tr></w:tbl>`,
    ],
    ['that is not hidden after all', '<w:vanish w:val="0"/>', (text: string) => text],
  ])('has white text %s', (_what, look, around) => {
    expect(readOffice(toDocx(around(wordParagraph('Seen', look))), 'a.docx')).toMatchObject({
      text: 'Seen',
      hiddenLetters: 0,
    });
  });

  test('is read from its start, no further than needed', () => {
    const docx = toDocx(Array.from({ length: 20_000 }, (_, index) => wordParagraph(`Line ${index}`)).join(''));
    const read = readOffice(docx, 'a.docx', 100);
    expect(read).toMatchObject({ isMore: true, totalChars: null });
    expect('text' in read ? read.text.length : 0).toBe(100);
  });
});

describe('an Excel workbook', () => {
  test('keeps cells in their columns, and names its sheets', () => {
    const xlsx = toXlsx([
      {
        name: 'Costs',
        xml: '<sheetData><row><c r="B1" t="inlineStr"><is><t>Total</t></is></c></row><row r="2"><c r="A2"><v>3</v></c><c r="D2"><v>0.30000000000000004</v></c></row></sheetData>',
      },
      { name: 'Empty', xml: '<sheetData/>' },
    ]);
    expect(readOffice(xlsx, 'a.xlsx')).toMatchObject({ text: 'Sheet: Costs\n\tTotal\n3\t\t\t0.3\n\nSheet: Empty' });
  });

  test('has shared texts, results of formulas, truth values and errors', () => {
    const xml =
      '<sheetData><row><c t="s"><v>1</v></c><c t="str"><f>A1</f><v>made</v></c><c t="b"><v>1</v></c><c t="e"><v>#REF!</v></c></row></sheetData>';
    const shared = '<sst><si><t>no</t></si><si><r><t>ri</t></r><r><t>ch</t></r><rPh><t>sound</t></rPh></si></sst>';
    expect(readOffice(toXlsx([{ name: 'S', xml }], { 'xl/sharedStrings.xml': shared }), 'a.xlsx')).toMatchObject({
      text: 'rich\tmade\tTRUE\t#REF!',
    });
  });

  test('has dates, times and percentages as they are shown', () => {
    const formats = ['0', '14', '22', '164', '165', '10', '166'].map((id) => `<xf numFmtId="${id}"/>`).join('');
    const codes =
      '<numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="h:mm"/><numFmt numFmtId="166" formatCode="#,##0.00 &quot;days&quot;"/>';
    const values = ['46099', '46099', '46099.5', '46099', '0.75', '0.19', '12.5'];
    const cells = values.map((value, index) => `<c s="${index}"><v>${value}</v></c>`).join('');
    const xlsx = toXlsx([{ name: 'S', xml: `<sheetData><row>${cells}</row></sheetData>` }], {
      'xl/styles.xml': `<styleSheet><numFmts>${codes}</numFmts><cellXfs>${formats}</cellXfs></styleSheet>`,
    });
    expect(readOffice(xlsx, 'a.xlsx')).toMatchObject({
      text: '46099\t2026-03-18\t2026-03-18 12:00\t2026-03-18\t18:00\t19%\t12.5',
    });
  });

  test('has no hidden sheets, rows and columns, no white cells and no comments, and counts them', () => {
    const cell = (reference: string, text: string, style = 0) =>
      `<c r="${reference}" s="${style}" t="inlineStr"><is><t>${text}</t></is></c>`;
    const xml = `<cols><col min="2" max="2" hidden="1"/></cols><sheetData><row r="1">${cell('A1', 'seen')}${cell('B1', 'column')}${cell('C1', 'ghostly', 1)}</row><row r="2" hidden="1">${cell('A2', 'row')}</row></sheetData>`;
    const xlsx = toXlsx(
      [
        { name: 'Seen', xml },
        { name: 'Secret', state: 'hidden', xml: sheetRows([['secret']]) },
        { name: 'Deeper', state: 'veryHidden', xml: sheetRows([['deeper']]) },
      ],
      {
        'xl/styles.xml':
          '<styleSheet><fonts><font/><font><color rgb="FFFFFFFF"/></font></fonts><fills><fill><patternFill patternType="none"/></fill></fills><cellXfs><xf/><xf fontId="1"/></cellXfs></styleSheet>',
        'xl/comments1.xml': '<comments><comment><text><t>remark</t></text></comment></comments>',
      },
    );
    expect(readOffice(xlsx, 'a.xlsx')).toMatchObject({
      text: 'Sheet: Seen\nseen',
      hiddenLetters: 7,
      leftOut: expect.arrayContaining([
        ['hidden sheet', 2],
        ['hidden column', 1],
        ['hidden row', 1],
        ['comment', 1],
      ]),
    });
  });
});

describe('a presentation', () => {
  test('has the texts and tables of its slides in their order', () => {
    const table =
      '<a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>one</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>two</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>';
    const pptx = toPptx([{ xml: slideText('Harbour') }, { xml: table }]);
    expect(readOffice(pptx, 'a.pptx')).toMatchObject({ text: 'Slide 1\nHarbour\n\nSlide 2\none\ttwo', pages: 2 });
  });

  test('has no hidden slides, notes, comments and white text, and counts them', () => {
    const white = '<a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill>';
    const pptx = toPptx(
      [{ xml: slideText('Seen') + slideText('ghostly', white) }, { xml: slideText('secret'), attributes: 'show="0"' }],
      {
        'ppt/notesSlides/notesSlide1.xml':
          '<p:notes xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Say this</a:t></a:r></a:p></p:notes>',
        'ppt/notesSlides/notesSlide2.xml':
          '<p:notes xmlns:p="p" xmlns:a="a"><a:p><a:fld><a:t>2</a:t></a:fld></a:p></p:notes>',
        'ppt/comments/comment1.xml': '<p:cmLst xmlns:p="p"><p:cm/></p:cmLst>',
      },
    );
    expect(readOffice(pptx, 'a.pptx')).toMatchObject({
      text: 'Slide 1\nSeen',
      hiddenLetters: 7,
      leftOut: expect.arrayContaining([
        ['hidden slide', 1],
        ['speaker note', 1],
        ['comment', 1],
      ]),
    });
  });
});

describe('an OpenDocument', () => {
  test('text has its paragraphs, lists and tables', () => {
    const odt = toOdf(
      'text',
      '<text:h>Title</text:h><text:list><text:list-item><text:p>one</text:p></text:list-item></text:list><text:p>a<text:s text:c="2"/>b<text:tab/>c<text:line-break/>d</text:p>' +
        '<table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell><table:table-cell/><table:table-cell><text:p>y</text:p><text:p>z</text:p></table:table-cell></table:table-row></table:table>',
    );
    expect(readOffice(odt, 'a.odt')).toMatchObject({ text: 'Title\n- one\na  b\tc\nd\nx\t\ty z' });
  });

  test.each(['-5', '0', '1.5', '1e9', 'x'])('with %s as a number of repetitions is read nevertheless', (count) => {
    const cell = `<table:table-cell table:number-columns-repeated="${count}"><text:p>b</text:p></table:table-cell>`;
    const row = `<table:table><table:table-row table:number-rows-repeated="${count}">${cell}${cell}</table:table-row></table:table>`;
    const odt = toOdf('text', `<text:p>a<text:s text:c="${count}"/>a</text:p>${row}`);
    expect(readOffice(odt, 'a.odt')).toMatchObject({ text: 'a a\nb\tb' });
  });

  test('has no deletions, comments, hidden and white text and hidden sheets, and counts them', () => {
    const styles =
      '<style:style style:family="text" style:name="T1"><style:text-properties text:display="none"/></style:style>' +
      '<style:style style:family="paragraph" style:name="P1"><style:text-properties fo:color="#ffffff"/></style:style>';
    const odt = toOdf(
      'text',
      '<text:tracked-changes><text:changed-region><text:deletion><text:p>old</text:p></text:deletion></text:changed-region></text:tracked-changes>' +
        '<text:p>Seen<office:annotation><text:p>remark</text:p></office:annotation><text:span text:style-name="T1">ghost</text:span><text:change/></text:p><text:p text:style-name="P1">white</text:p>',
      { styles },
    );
    expect(readOffice(odt, 'a.odt')).toMatchObject({
      text: 'Seen',
      hiddenLetters: 10,
      leftOut: expect.arrayContaining([
        ['comment', 1],
        ['tracked deletion', 1],
      ]),
    });
    const sheet = (name: string, style: string, text: string) =>
      `<table:table table:name="${name}" table:style-name="${style}"><table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>${text}</text:p></table:table-cell></table:table-row></table:table>`;
    const ods = toOdf('spreadsheet', sheet('A', 'ta1', 'seen') + sheet('B', 'ta2', 'secret'), {
      styles:
        '<style:style style:family="table" style:name="ta2"><style:table-properties table:display="false"/></style:style>',
    });
    expect(readOffice(ods, 'a.ods')).toMatchObject({ text: 'Sheet: A\nseen\tseen', leftOut: [['hidden sheet', 1]] });
  });
});

describe('a ZIP archive', () => {
  test('is a list of names and sizes', () => {
    const zip = toZip({ 'a.txt': 'x', 'b/': '', 'b/c.bin': new Uint8Array(50_000) });
    expect(readOffice(zip, 'a.zip')).toMatchObject({
      text: 'ZIP archive with 2 files\na.txt\t1 bytes\nb/c.bin\t50 kB',
    });
  });

  test('that is named as a document and is none is damaged', () => {
    expect(readOffice(toZip({ 'a.txt': 'x' }), 'a.docx')).toEqual({ fault: 'damaged' });
  });
});
