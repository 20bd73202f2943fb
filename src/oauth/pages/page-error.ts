/** Declares the errors of OAuth that account owners see: in the language of the page, and in English for clients and the log. */
import { OAuthError, type OAuthErrorCode } from '../../errors.ts';
import { en, type Sentence } from './languages/en.ts';

export class PageError extends OAuthError {
  readonly sentence: Sentence;

  constructor(code: OAuthErrorCode, sentence: Sentence, options: ConstructorParameters<typeof OAuthError>[2] = {}) {
    super(code, sentence(en), options);
    this.sentence = sentence;
  }
}
