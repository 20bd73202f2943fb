/** Reads the field of the sign-in page for further addresses of the account owner: one on each line, with a name or without. */
import { isOwnAddress } from '../../mail/own-address.ts';
import { plainText } from '../http/plain-text.ts';
import type { FormProblem } from './form.ts';

const MAX_IDENTITIES = 20;
/** In bytes of UTF-8, as for the name and the address of the sign-in. */
const MAX_NAME_BYTES = 256;
const MAX_ADDRESS_BYTES = 320;
/** Of a line, where a problem quotes it. */
const MAX_QUOTED_CHARS = 40;

/** The problem of addresses that leave no room in an access token. */
export const TOO_LONG_TOGETHER: FormProblem = { place: 'identities', sentence: (t) => t.problems.identitiesTooLong };

/** An addr-spec without quoted strings (RFC 5322 §3.4.1). */
export const isAddress = (text: string): boolean =>
  /^[^\s@<>()[\],;:"\\\p{Cc}]+@[^\s@<>()[\],;:"\\\p{Cc}]+$/u.test(text);

/** @returns the first problem of the field, which names its line */
export function validateIdentities(text: string): FormProblem | null {
  const lines = linesOf(text);
  const problem = (sentence: FormProblem['sentence']): FormProblem => ({ place: 'identities', sentence });
  for (const { number, line } of lines) {
    const named = { line: number, quoted: plainText(line, MAX_QUOTED_CHARS) };
    const { name, address } = readLine(line);
    if (/\p{Cc}/u.test(line)) return problem((t) => t.problems.identityCharacter(named));
    if (!isAddress(address)) return problem((t) => t.problems.identityInvalid(named));
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      return problem((t) => t.problems.identityNameTooLong({ ...named, most: MAX_NAME_BYTES }));
    if (Buffer.byteLength(address) > MAX_ADDRESS_BYTES)
      return problem((t) => t.problems.identityTooLong({ ...named, most: MAX_ADDRESS_BYTES }));
  }
  const count = lines.length;
  return count > MAX_IDENTITIES ? problem((t) => t.problems.identitiesTooMany({ count, most: MAX_IDENTITIES })) : null;
}

/**
 * @param fields without problems
 * @returns the identities as they are sealed, each address once and without that of the sign-in; `undefined` if there are none
 */
export function sealedIdentities({
  email,
  identities: text,
}: {
  email: string;
  identities: string;
}): string[] | undefined {
  const seen = [email];
  const identities = linesOf(text).flatMap(({ line }) => {
    const { name, address } = readLine(line);
    if (isOwnAddress(address, seen)) return [];
    seen.push(address);
    return [name === '' ? address : `${name} <${address}>`];
  });
  return identities.length > 0 ? identities : undefined;
}

/** The lines that are not blank, with their numbers in the field. */
function linesOf(text: string): { number: number; line: string }[] {
  return text
    .split(/\r\n|[\r\n]/)
    .map((line, index) => ({ number: index + 1, line: line.trim() }))
    .filter(({ line }) => line !== '');
}

/** `Ida Brandt <ida@example.org>`, `"Brandt, Ida" <ida@example.org>`, or an address; a comma or semicolon at the end is what separates addresses elsewhere. */
function readLine(line: string): { name: string; address: string } {
  const text = line.replace(/[\s,;]+$/, '');
  const [, name = '', address] = /^([^<>]*)<([^<>]*)>$/.exec(text) ?? [];
  if (address === undefined) return { name: '', address: text };
  return {
    name: name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .replace(/\\(["\\])/g, '$1')
      .trim(),
    address: address.trim(),
  };
}
