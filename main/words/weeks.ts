import { localeOf } from './catalogues.ts';
import type { Language } from './languages.ts';

/** Where an engine does not tell: as ICU 78.3 of the pinned Node.js tells it from CLDR 48 (supplemental data, weekData, firstDay). */
const firstDays: Readonly<Record<string, number>> = { 'en-GB': 1, 'zh-CN': 1, 'es-MX': 7 };

interface WeekInfo {
  readonly firstDay: number;
}

/** Locales tell it by a method; before that proposal was done, by a property. */
interface TellsWeek {
  getWeekInfo?(): WeekInfo;
  readonly weekInfo?: WeekInfo;
}

/** The day on which a week begins where a language is spoken, 1 Monday to 7 Sunday. */
export function firstDayIn(language: Language): number {
  return firstDayOf(new Intl.Locale(localeOf(language)) as TellsWeek, localeOf(language));
}

/** The same of a locale as an engine knows it. */
export function firstDayOf(locale: TellsWeek, name: string): number {
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? firstDays[name] ?? 1;
}
