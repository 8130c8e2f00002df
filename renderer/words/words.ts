import { type Language, localeOf } from '../../main/words/languages.ts';
import { saying } from '../../main/words/saying.ts';

let language: Language = 'en';
const said = saying(() => language);

/** The words of the page, in the language in use at the moment at which each is asked for. */
export const words = said.page;

/** From now on words come in this language; what is drawn has to be drawn again. */
export function speak(next: Language): void {
  language = next;
}

/** Dates, numbers and lists are written by this (BCP 47). */
export const locale = (): string => localeOf(language);
