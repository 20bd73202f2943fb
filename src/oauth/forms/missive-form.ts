/** Makes the sign-in form of Missive: one field, the personal API token of the account owner. */
import type { LoginProblem, MissiveServer } from '../../missive/account.ts';
import type { MissiveFormView } from '../pages/views.ts';
import type { FitsIntoToken } from '../sealed/sealed-types.ts';
import type { FilledForm, FormProblem, SignInForm } from './form.ts';

/** API tokens have less than a hundred characters today. */
const MAX_TOKEN_BYTES = 1024;

export function missiveForm(server: MissiveServer): SignInForm<MissiveFormView> {
  const blank = filledForm('', server);
  return {
    blank,
    startingWith: () => blank,
    read: (parameters) => filledForm(parameters.get('api_token') ?? '', server),
  };
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
    view: (problemAt, { fields }) => ({
      service: 'missive',
      server: { address: host, protection: fields.protections[protocol === 'https:' ? 'tls' : 'cleartext'] },
      serverProblem: problemAt('missive_server'),
      fields: { api_token: { value: '', problem: problemAt('api_token') } },
    }),
  };
  return form;
}

function validateToken(token: string, fits: FitsIntoToken = () => true): FormProblem[] {
  const problem = (sentence: FormProblem['sentence']): FormProblem[] => [{ place: 'api_token', sentence }];
  if (token === '') return problem((t) => t.problems.tokenMissing);
  // The token is sent in a header field, where only visible ASCII is allowed (RFC 6750 §2.1).
  if (!/^[\x21-\x7e]+$/.test(token)) return problem((t) => t.problems.tokenCharacter);
  if (token.length > MAX_TOKEN_BYTES) return problem((t) => t.problems.tokenTooLong({ most: MAX_TOKEN_BYTES }));
  return fits({ missive_token: token }) ? [] : problem((t) => t.problems.tokenTooLongBeside);
}

function toFormProblem({ fault, retryAfterSeconds: seconds = 60 }: LoginProblem, host: string): FormProblem {
  switch (fault) {
    case 'credentials':
      return { place: 'api_token', sentence: (t) => t.missiveRefusals.credentials };
    case 'no_api':
      return { place: 'api_token', sentence: (t) => t.missiveRefusals.noApi };
    case 'rate_limited':
      return { place: 'api_token', sentence: (t) => t.missiveRefusals.rateLimited({ seconds }) };
    case 'unreachable':
      return { place: 'missive_server', sentence: (t) => t.missiveRefusals.unreachable({ host }) };
    case 'timeout':
      return { place: 'missive_server', sentence: (t) => t.missiveRefusals.timeout({ host }) };
    case 'refused':
      return { place: 'missive_server', sentence: (t) => t.missiveRefusals.refused({ host }) };
  }
}
