/** A shift by the station's local time. `id` is how the ledger's notes name it. */
export interface Shift {
  readonly id: string;
  /** ms since 1970. */
  readonly from: number;
  readonly to: number;
}

/** Where a station file says nothing. */
export const usualShifts: readonly string[] = ['06:00', '14:00', '22:00'];

/** The shift in which a moment lies. `starts`: local times of day as 06:00, one at least, in any order. Clocks that change are followed. */
export function shiftOf(at: number, starts: readonly string[]): Shift {
  const times = starts.map((text) => text.split(':').map(Number) as [number, number]);
  const day = new Date(at);
  const begins = [-1, 0, 1, 2]
    .flatMap((days) =>
      times.map(([hour, minute]) =>
        new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, hour, minute).getTime(),
      ),
    )
    .sort((a, b) => a - b);
  // begins of the days before and after surround every moment
  const next = begins.findIndex((begin) => begin > at);
  const [from, to] = [begins[next - 1]!, begins[next]!];
  return { id: `${dayText(from)} ${timeText(from)}-${timeText(to)}`, from, to };
}

const two = (value: number) => String(value).padStart(2, '0');

/** `2026-11-26`, local. */
export function dayText(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The first and the last day of a week, local: `2026-11-23 – 2026-11-29`. `firstDay`: 1 Monday to 7 Sunday. */
export function weekText(at: number, firstDay: number): string {
  const date = new Date(at);
  // getDay has Sunday as 0
  const since = (date.getDay() + 7 - (firstDay % 7)) % 7;
  const day = (days: number) =>
    dayText(new Date(date.getFullYear(), date.getMonth(), date.getDate() - since + days).getTime());
  return `${day(0)} – ${day(6)}`;
}

/** `06:00`, local. */
export function timeText(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}
