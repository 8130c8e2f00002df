import { type Language, languageFor } from '../words/languages.ts';

/** The language that the environment asks for (POSIX: LC_ALL before LC_MESSAGES before LANG); English where it is none of this house. */
export function environmentLanguage({ LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv = process.env): Language {
  return languageFor([LC_ALL || LC_MESSAGES || LANG || '']) ?? 'en';
}
