import en from './en.json' with { type: 'json' };

/** A language is a file of this folder, and a line in each of these two tables. */
export const languages = ['en'] as const;
export type Language = (typeof languages)[number];

/** Messages below names; a leaf is an ICU message. */
export interface Tree {
  readonly [name: string]: string | Tree;
}

export const catalogues: Readonly<Record<Language, Tree>> = { en };

/** What a language calls itself. */
export const nameOf = (language: Language): string => String(catalogues[language].language);

/** By which dates and numbers are written in it (BCP 47). */
export const localeOf = (language: Language): string => String(catalogues[language].locale);

/**
 * The language of this house that fits first: by its whole tag, else by its language alone. Takes BCP 47 tags and those of POSIX
 * (`es_MX.UTF-8`). Null: none fits.
 */
export function languageFor(tags: readonly string[]): Language | null {
  for (const tag of tags) {
    const wanted = tag
      .replace(/[.@].*$/, '')
      .replaceAll('_', '-')
      .toLowerCase();
    const [family = ''] = wanted.split('-');
    const found =
      languages.find((language) => language.toLowerCase() === wanted) ??
      languages.find((language) => language.toLowerCase().split('-')[0] === family);
    if (found !== undefined) return found;
  }
  return null;
}
