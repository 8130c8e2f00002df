import { eventKind, eventText } from '../model/evidence/event-text.ts';
import { byCode } from '../words/faults.ts';
import type { Language } from '../words/languages.ts';

/** What was said of a board: its kind in the language of the terminal, beside the station's own words, which know more. */
export function eventSaid(event: Parameters<typeof eventText>[0], language: Language = 'en'): string {
  const kind = byCode(language, 'events', eventKind(event));
  return kind === null ? eventText(event) : `${kind}  ${eventText(event)}`;
}
