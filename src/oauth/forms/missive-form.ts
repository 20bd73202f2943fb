/** Makes the sign-in form of Missive: one field, the personal API token of the account owner. */
import type { LoginProblem, MissiveServer } from '../../missive/account.ts';
import type { MissiveFormView } from '../pages/views.ts';
import type { FitsIntoToken } from '../sealed/sealed-types.ts';
import type { FilledForm, FormProblem, SignInForm } from './form.ts';

/** API tokens have less than a hundred characters today. */
const MAX_TOKEN_BYTES = 1024;

export function missiveForm(server: MissiveServer): SignInForm<MissiveFormView> {
  return { blank: filledForm('', server), read: (parameters) => filledForm(parameters.get('api_token') ?? '', server) };
}

/** @param typed may have blanks around it: copying leaves them */
function filledForm(typed: string, server: MissiveServer): FilledForm<MissiveFormView> {
  const token = typed.trim();
  const { host, protocol } = new URL(server.url);
  const form: FilledForm<MissiveFormView> = {
    validate: (fits) => validateToken(token, fits),
    credentials: () => ({ missive_token: token }),
    afterRefusal: (refusal) => ({
      problems: refusal.flatMap((problem) => (problem.service === 'missive' ? [toFormProblem(problem, host)] : [])),
      form,
    }),
    waitPlace: 'api_token',
    view: (problemAt) => ({
      service: 'missive',
      server: { address: host, protection: protocol === 'https:' ? 'over TLS' : 'not encrypted' },
      serverProblem: problemAt('missive_server'),
      fields: { api_token: { value: '', problem: problemAt('api_token') } },
    }),
  };
  return form;
}

function validateToken(token: string, fits: FitsIntoToken = () => true): FormProblem[] {
  const problem = (sentence: string): FormProblem[] => [{ place: 'api_token', sentence }];
  if (token === '') return problem('Enter your API token.');
  // The token is sent in a header field, where only visible ASCII is allowed (RFC 6750 §2.1).
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return problem(
      'An API token has no blanks, line breaks or accents in it. Copy it once more from Missive, as a whole.',
    );
  }
  if (token.length > MAX_TOKEN_BYTES) return problem(`The API token is too long: ${MAX_TOKEN_BYTES} bytes at most.`);
  return fits({ missive_token: token })
    ? []
    : problem('The API token is too long beside the limits of this connection.');
}

function toFormProblem({ fault, retryAfterSeconds }: LoginProblem, host: string): FormProblem {
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
