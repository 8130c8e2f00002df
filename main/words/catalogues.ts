import en from './en.json' with { type: 'json' };
import esMX from './es-MX.json' with { type: 'json' };
import type { Language } from './languages.ts';
import zhCN from './zh-CN.json' with { type: 'json' };

/** Messages below names; a leaf is an ICU message. */
export interface Tree {
  readonly [name: string]: string | Tree;
}

export const catalogues: Readonly<Record<Language, Tree>> = { en, 'zh-CN': zhCN, 'es-MX': esMX };

/** What a language calls itself. */
export const nameOf = (language: Language): string => String(catalogues[language].language);

/** By which dates and numbers are written in it (BCP 47). */
export const localeOf = (language: Language): string => String(catalogues[language].locale);
