import { languages } from '../../main/words/languages.ts';
import type { Preferences } from './state.ts';

const place = 'fuseline.preferences';
const first: Preferences = { language: null, scheme: 'auto', muted: false };

/** What this seat likes, kept in its browser; nothing of the line lies there. */
export function readPreferences(): Preferences {
  try {
    const kept = { ...first, ...(JSON.parse(localStorage.getItem(place) ?? '{}') as Partial<Preferences>) };
    return { ...kept, language: languages.find((one) => one === kept.language) ?? null };
  } catch {
    return first;
  }
}

export function keepPreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(place, JSON.stringify(preferences));
  } catch {
    // a seat without a store forgets
  }
}
