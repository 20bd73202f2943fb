import { describe, expect, test } from 'vitest';
import { textOfHtml } from '../../../src/mail/html/html-text.ts';
import { foldQuotes } from '../../../src/text/fold-quotes.ts';

const PLAN = [
  'The council has released the money for the harbour lights.',
  'The ceiling is 48,200 euros. Who orders the crane?',
];
const OTHER = 'The old cables of pier 9 have to be removed by divers before April.';
const paragraphs = (lines: readonly string[]) => lines.map((line) => `<p class="MsoNormal">${line}</p>`).join('');
const lines = (texts: readonly string[]) => texts.map((text) => `<div>${text}</div><div><br></div>`).join('');

/** What mail programs write around the original. */
const PROGRAMS: Readonly<Record<string, (own: string, original: readonly string[]) => string>> = {
  Outlook: (own, original) =>
    `<html><body><div class="WordSection1"><p class="MsoNormal">${own}</p><p class="MsoNormal">&nbsp;</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b><span lang="EN-US">From:</span></b><span lang="EN-US"> Mara Lindqvist &lt;mara@example.test&gt; <br><b>Sent:</b> Saturday, 7 November 2026 12:00<br><b>To:</b> Ida Brandt &lt;ida@example.test&gt;<br><b>Subject:</b> Harbour lights</span></p></div></div>${paragraphs(original)}</div></body></html>`,
  'Outlook in the browser': (own, original) =>
    `<div class="elementToProof">${own}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif"><b>Von:</b> Mara Lindqvist &lt;mara@example.test&gt;<br><b>Gesendet:</b> Samstag, 7. November 2026 12:00<br><b>An:</b> Ida Brandt &lt;ida@example.test&gt;<br><b>Betreff:</b> Harbour lights</font><div>&nbsp;</div></div>${paragraphs(original)}`,
  Gmail: (own, original) =>
    `<div dir="ltr">${own}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Sat, Nov 7, 2026 at 12:00 PM Mara Lindqvist &lt;<a href="mailto:mara@example.test">mara@example.test</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div dir="ltr">${lines(original)}</div></blockquote></div>`,
  'Apple Mail': (own, original) =>
    `<html><body style="overflow-wrap: break-word;">${own}<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>On 7. Nov 2026, at 12:00, Mara Lindqvist &lt;mara@example.test&gt; wrote:</div><br class="Apple-interchange-newline"><div>${lines(original)}</div></blockquote></div><br></body></html>`,
  Thunderbird: (own, original) =>
    `<html><body><p>${own}</p><div class="moz-cite-prefix">Am 07.11.26 um 12:00 schrieb Mara Lindqvist:<br></div><blockquote type="cite" cite="mid:1@x.test">${paragraphs(original)}</blockquote></body></html>`,
};

function fold(original: readonly string[], quoting: string): string {
  const texts = [PLAN.join('\n\n'), textOfHtml(quoting).text];
  const messages = texts.map((text, index) => ({ text, parent: index === 0 ? null : 0 }));
  expect(texts[1]).toContain(original[0]);
  return foldQuotes({ messages, chars: 10_000 })[1]?.text ?? '';
}

describe.each(Object.entries(PROGRAMS))('a quotation by %s', (_, quote) => {
  test('is folded if the original is in the conversation', () => {
    expect(fold(PLAN, quote('I do.', PLAN))).toBe('I do.');
  });

  test('stays and is marked if the original is another message', () => {
    const text = fold([OTHER], quote('I do.', [OTHER]));
    expect(text).toContain(`> ${OTHER}`);
    expect(text).toMatch(/^I do\.\n/);
    expect(text).toContain('Mara Lindqvist');
  });
});
