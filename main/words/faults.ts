import { catalogues } from './catalogues.ts';
import type { Language } from './languages.ts';

interface FaultSaid {
  readonly code: string;
  readonly what: string;
  readonly next: string;
}

/**
 * A fault in another language than the station's own, English: by its code, else by the room that raised it, whose words are true of all
 * its faults; the code stands beside those. What only the station's own words say (which file, which value) they do not say.
 */
export function faultIn(language: Language, { code, what, next }: FaultSaid): Pick<FaultSaid, 'what' | 'next'> {
  const own = pair(language, 'faults', code);
  if (own !== null) return own;
  const room = pair(language, 'faultRooms', code.split('.')[0] ?? '');
  return room === null ? { what, next } : { what: `${room.what} (${code})`, next: room.next };
}

function pair(language: Language, section: string, name: string): Pick<FaultSaid, 'what' | 'next'> | null {
  const table = catalogues[language][section];
  const found = typeof table === 'object' && Object.hasOwn(table, name) ? table[name] : undefined;
  return typeof found === 'object' ? { what: String(found.what), next: String(found.next) } : null;
}
