/** The sign-in form of Missive: one field, the personal API token of whoever signs in. */
import type { LoginProblem, MissiveServer } from '../../missive/account.ts';
import { fitsIntoAccessToken } from '../sealed/sealed-types.ts';
import type { Entered, SignInForm } from './form.ts';
import type { FormProblem } from './mail-entry.ts';
import type { MissiveFields } from './pages.ts';

/** In bytes of UTF-8; those of today have less than a hundred. */
const maxBytes = 1024;

export function missiveForm(server: MissiveServer): SignInForm<MissiveFields> {
  return { blank: enteredToken('', server), read: (form) => enteredToken(form.get('api_token') ?? '', server) };
}

/** @param typed with the blanks around it that copying leaves */
export function enteredToken(typed: string, server: MissiveServer): Entered<MissiveFields> {
  const token = typed.trim();
  const { host, protocol } = new URL(server.url);
  const entered: Entered<MissiveFields> = {
    mistakes: (beside = {}) => mistakesIn(token, beside),
    credentials: () => ({ missive_token: token }),
    refused: (faults) => ({
      problems: faults.flatMap((fault) => (fault.service === 'missive' ? [sentenceOf(fault, host)] : [])),
      shown: entered,
    }),
    waitPlace: 'api_token',
    view: (problemAt) => ({
      service: 'missive',
      server: { address: host, protection: protocol === 'https:' ? 'over TLS' : 'not encrypted' },
      serverProblem: problemAt('missive_server'),
      fields: { api_token: { value: '', problem: problemAt('api_token') } },
    }),
  };
  return entered;
}

function mistakesIn(token: string, beside: object): FormProblem[] {
  const at = (sentence: string): FormProblem[] => [{ place: 'api_token', sentence }];
  if (token === '') return at('Enter your API token.');
  // It travels in a header (RFC 6750 §2.1), which takes nothing but these.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return at('An API token has no blanks, line breaks or accents in it. Copy it once more from Missive, as a whole.');
  }
  if (token.length > maxBytes) return at(`The API token is too long: ${maxBytes} bytes at most.`);
  return fitsIntoAccessToken({ ...beside, login: { missive_token: token } })
    ? []
    : at('The API token is too long beside the limits of this connection.');
}

function sentenceOf({ fault, retryAfterSeconds }: LoginProblem, host: string): FormProblem {
  switch (fault) {
    case 'credentials':
      return {
        place: 'api_token',
        sentence: 'Missive does not accept this API token. Copy it once more, or create a new one.',
      };
    case 'no_api':
      return {
        place: 'api_token',
        sentence:
          'Missive does not let you use its API. That takes an organization on the Productive plan or a higher one: ask whoever manages yours.',
      };
    case 'rate_limited':
      return {
        place: 'api_token',
        sentence: `Missive takes no more requests with this token just now. Try again in ${waitWords(retryAfterSeconds)}.`,
      };
    case 'unreachable':
      return { place: 'missive_server', sentence: `${host} could not be reached. Try again in a minute.` };
    case 'timeout':
      return { place: 'missive_server', sentence: `${host} did not answer in time. Try again in a minute.` };
    case 'refused':
      return {
        place: 'missive_server',
        sentence: `${host} did not answer as Missive does. Try again later, or tell whoever set up this connection.`,
      };
  }
}

function waitWords(seconds = 60): string {
  if (seconds === 1) return 'a second';
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
