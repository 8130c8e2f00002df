import { catalogues } from './catalogues.ts';
import type { Language } from './languages.ts';

interface FaultSaid {
  readonly code: string;
  readonly what: string;
  readonly next: string;
}

/**
 * A fault in another language than the station's own, English: by its code. What only the station's own words say (which file, which value)
 * it does not say. A code that this version does not know, from an older ledger, keeps the words that were written with it.
 */
export function faultIn(language: Language, { code, what, next }: FaultSaid): Pick<FaultSaid, 'what' | 'next'> {
  const found = entryOf(language, 'faults', code);
  return found === null ? { what, next } : { what: String(found.what), next: String(found.next) };
}

interface FindingSaid {
  readonly check: string;
  readonly what: string;
  readonly remedy: string;
}

/**
 * What a check of a recipe found, in another language: by the name of the check, one of a fault by the code of that, an advisory as one.
 * Which field, which file, which advisory the English words say.
 */
export function findingIn(language: Language, { check, what, remedy }: FindingSaid): Omit<FindingSaid, 'check'> {
  const own = entryOf(language, 'findings', /^lint-(?:cve|ar)\d*-/.test(check) ? 'lint-advisory' : check);
  if (own !== null) return { what: String(own.what), remedy: String(own.remedy) };
  const fault = faultIn(language, { code: check, what, next: remedy });
  // the reader of an image in a build names its fault so
  const ofImage = faultIn(language, { code: check.replace('-', '.'), what: fault.what, next: fault.next });
  return { what: ofImage.what, remedy: ofImage.next };
}

/** What a board in the recovery bay is, and what to do with it, in another language: by its state. */
export function boardIn(
  language: Language,
  { state, what, next }: Omit<FaultSaid, 'code'> & { readonly state: string },
) {
  const found = entryOf(language, 'boards', state);
  return found === null ? { what, next } : { what: String(found.what), next: String(found.next) };
}

/**
 * A thing that the station says in English, with what it knows, in another language by its code; null where English is meant, or the code is of
 * another time. guide: recommendations and sections of the security guide, by their words. events: what was said of a board. means: what a step of a
 * plan does. help: a text of the terminal's help, by its words.
 */
export function byCode(
  language: Language,
  section: 'guide' | 'events' | 'means' | 'help',
  code: string,
): string | null {
  const found = rowOf(language, section, code);
  return typeof found === 'string' ? found : null;
}

/** A section or a recommendation of the security guide on paper, in the language of whoever asks for it. */
export const guideIn = (language: Language, text: string): string => byCode(language, 'guide', text) ?? text;

function entryOf(language: Language, section: 'faults' | 'findings' | 'boards', name: string) {
  const found = rowOf(language, section, name);
  return typeof found === 'object' ? found : null;
}

function rowOf(language: Language, section: string, name: string) {
  const table = catalogues[language][section];
  return typeof table === 'object' && Object.hasOwn(table, name) ? table[name] : undefined;
}
