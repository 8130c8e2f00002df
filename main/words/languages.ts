/** A language is a file of this folder, a name here, and a line in catalogues.ts. */
export const languages = ['en', 'zh-CN', 'es-MX'] as const;
export type Language = (typeof languages)[number];

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
