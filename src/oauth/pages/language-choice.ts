/** Chooses the language of a page: by a link or button of the page, by the cookie that it has set, or by what the browser accepts (RFC 9110 §12.5.4). */
import type { Request, Response } from 'express';
import { cookieOf, ownCookieName } from '../http/cookies.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import type { Language } from './languages/en.ts';

/** Name of the parameter, in queries and forms. */
export const LANGUAGE_PARAMETER = 'language';

const YEAR_MS = 365 * 86_400_000;

export interface LanguageChoice {
  languageOf(request: Request): Language;
  /** What another choice of the page leads to, by a link; `undefined` where a link would not lead to the same page. */
  linkTo(request: Request, code: string): string | undefined;
  /** Takes the choice of a form: for this response, and for the browser. A code that is none of the languages changes nothing. */
  choose(request: Request, response: Response, code: string | undefined): void;
  /** Keeps the choice of a link for the browser. */
  keepLinked(request: Request, response: Response): void;
}

/** @param languages the first is for browsers that accept none of them */
export function createLanguageChoice(issuer: string, languages: readonly [Language, ...Language[]]): LanguageChoice {
  const cookie = ownCookieName('mail-mcp-language', issuer);
  const chosen = new WeakMap<Request, Language>();
  const find = (code: string | undefined) => languages.find((one) => one.code === code);
  const linked = (request: Request) =>
    isGet(request) ? find(parseParameters(queryOf(request)).get(LANGUAGE_PARAMETER)) : undefined;

  function accepted(request: Request): Language | undefined {
    const best = request.acceptsLanguages(languages.map(({ code }) => code));
    return best === false ? undefined : find(best);
  }

  const keep = (response: Response, { code }: Language) =>
    void response.cookie(cookie, code, {
      ...{ httpOnly: true, secure: issuer.startsWith('https:'), sameSite: 'lax' as const, path: '/', maxAge: YEAR_MS },
    });

  return {
    languageOf: (request) =>
      chosen.get(request) ?? linked(request) ?? find(cookieOf(request, cookie)) ?? accepted(request) ?? languages[0],
    linkTo(request, code) {
      // Nothing else of the request: pages repeat nothing of a link that may be forged.
      return isGet(request) ? `?${LANGUAGE_PARAMETER}=${code}` : undefined;
    },
    choose(request, response, code) {
      const language = find(code);
      if (language === undefined) return;
      chosen.set(request, language);
      keep(response, language);
    },
    keepLinked(request, response) {
      const language = linked(request);
      if (language !== undefined) keep(response, language);
    },
  };
}

const isGet = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD';
