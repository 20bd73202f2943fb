/** Lists the languages of the pages. A further one is a file like `de.ts`, and a line here. */
import { de } from './de.ts';
import { en, type Language } from './en.ts';

/** The first is for browsers that accept none of them. */
export const LANGUAGES: readonly [Language, ...Language[]] = [en, de];

export const ENGLISH: Language = en;
