import { words } from './words.ts';

const number = new Intl.NumberFormat(words.locale);
const percent = new Intl.NumberFormat(words.locale, { style: 'percent', maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat(words.locale, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(words.locale, { year: 'numeric', month: 'short', day: '2-digit' });

export const countText = (value: number): string => number.format(value);
export const shareText = (value: number | null): string => (value === null ? '–' : percent.format(value));

/** '1:05' for 65 seconds; '2:03:09' from an hour on. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Local time of day of an ISO time. */
export const timeText = (iso: string): string => clockTime.format(new Date(iso));
/** The same of ms since 1970. */
export const clockText = (at: number): string => clockTime.format(new Date(at));
export const dateText = (iso: string): string => `${day.format(new Date(iso))}, ${timeText(iso)}`;

/** First digits of a digest, for people. */
export const shortHash = (hash: string): string => hash.slice(0, 12);

export const hexText = (value: number): string => `0x${value.toString(16)}`;
