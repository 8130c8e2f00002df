import { locale } from './words.ts';

/** What writes by a locale, made once for each. */
function each<Writer>(make: (locale: string) => Writer): () => Writer {
  const made = new Map<string, Writer>();
  return () => {
    const name = locale();
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}

const number = each((name) => new Intl.NumberFormat(name));
const percent = each((name) => new Intl.NumberFormat(name, { style: 'percent', maximumFractionDigits: 1 }));
const clockTime = each(
  (name) => new Intl.DateTimeFormat(name, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
);
const day = each((name) => new Intl.DateTimeFormat(name, { year: 'numeric', month: 'short', day: '2-digit' }));
const list = each((name) => new Intl.ListFormat(name, { type: 'conjunction' }));

export const countText = (value: number): string => number().format(value);
export const shareText = (value: number | null): string => (value === null ? '–' : percent().format(value));
/** 'a, b and c' */
export const listText = (values: readonly string[]): string => list().format(values);

/** '1:05' for 65 seconds; '2:03:09' from an hour on. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Local time of day of an ISO time. */
export const timeText = (iso: string): string => clockText(Date.parse(iso));
/** The same of ms since 1970. */
export const clockText = (at: number): string => clockTime().format(at);
export const dateText = (iso: string): string => `${day().format(new Date(iso))}, ${timeText(iso)}`;

/** First digits of a digest, for people. */
export const shortHash = (hash: string): string => hash.slice(0, 12);

export const hexText = (value: number): string => `0x${value.toString(16)}`;
