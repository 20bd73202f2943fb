/** Rules for messages that are forwarded whole. */
import { expect, test } from 'vitest';
import { mustStayWhole } from '../../../src/mail/derived/forward-whole.ts';
import type { Part } from '../../../src/mail/mime/body-structure.ts';

const part = (type: string, more: Partial<Part> = {}): Part => ({
  ...{ number: '1', type, parameters: new Map(), contentId: null, encoding: '7bit', sizeBytes: 10 },
  ...{ disposition: null, filename: null, children: [], subject: null },
  ...more,
});
const message = (structure: Part | null, text: string | null = 'Text') => ({
  ...{ structure, text, isSplitHere: false, attachments: [] },
});

test.each([
  ['no structure', message(null)],
  ['a split here', { ...message(part('text/plain')), isSplitHere: true }],
  ['no text and no file', message(part('text/plain'), null)],
  ['a signature inside', message(part('multipart/mixed', { children: [part('multipart/signed')] }))],
  ['PGP/MIME', message(part('multipart/encrypted'))],
  ['S/MIME', message(part('application/x-pkcs7-mime'))],
  ['S/MIME by its name', message(part('application/octet-stream', { filename: 'smime.p7m ' }))],
  ['OpenPGP in the text', message(part('text/plain'), 'Hi\n-----BEGIN PGP MESSAGE-----\nx')],
  ['more files than are listed', { ...message(part('text/plain')), attachments: Array(200).fill({}) }],
])('%s stays whole', (_, original) => {
  expect(mustStayWhole(original)).toBe(true);
});

test.each([
  ['text', message(part('text/plain'))],
  ['files without text', { ...message(part('application/pdf'), null), attachments: [{}] }],
  ['a word about PGP', message(part('text/plain'), 'It starts with -----BEGIN PGP MESSAGE-----')],
])('%s does not', (_, original) => {
  expect(mustStayWhole(original)).toBe(false);
});
