/** How a line went with one person at it. */
export interface HandsReport {
  readonly fixtures: number;
  readonly boardsPerHour: number;
  /** Share of the time in which the person changed a board, 0 to 1. */
  readonly handsBusy: number;
  /** Share of the time in which a fixture worked on a board, 0 to 1, over all fixtures. */
  readonly fixturesBusy: number;
}

/**
 * One person at a line of fixtures, from event to event: takes the finished board that has waited longest out, puts the next one in
 * (`changeSeconds` for both, one board at a time), and its fixture works on it for one of `boardSeconds`, which are gone through in turn.
 * Boards that fail are boards as well: their times belong into the list. The first twentieth of the time, in which the line fills, is not counted.
 * Pure, and the same for the same values.
 */
export function simulateHands(options: {
  readonly fixtures: number;
  readonly boardSeconds: readonly number[];
  readonly changeSeconds: number;
  readonly hours: number;
}): HandsReport {
  const { fixtures, boardSeconds, changeSeconds } = options;
  const end = options.hours * 3600;
  const begin = end / 20;
  /** When the board in each fixture is done. */
  const done = new Array<number>(fixtures).fill(0);
  let [hands, boards, drawn, handsBusy, fixturesBusy] = [0, 0, 0, 0, 0];
  const counted = (from: number, to: number) => Math.max(0, Math.min(to, end) - Math.max(from, begin));
  while (hands < end) {
    const next = done.indexOf(Math.min(...done));
    const from = Math.max(hands, done[next]!);
    const to = from + changeSeconds;
    if (to >= end) break;
    handsBusy += counted(from, to);
    const works = boardSeconds[drawn++ % boardSeconds.length]!;
    fixturesBusy += counted(to, to + works);
    done[next] = to + works;
    if (to + works > begin && to + works <= end) boards++;
    hands = to;
  }
  const time = end - begin;
  return {
    fixtures,
    boardsPerHour: (boards * 3600) / time,
    handsBusy: handsBusy / time,
    fixturesBusy: fixturesBusy / (time * fixtures),
  };
}

/** The most fixtures (up to `most`) of which each still works nine tenths of what one alone would; one at least. */
export function fixturesKeptBusy(
  options: Omit<Parameters<typeof simulateHands>[0], 'fixtures'>,
  most: number,
): { readonly kept: number; readonly reports: readonly HandsReport[] } {
  const reports = Array.from({ length: most }, (_, at) => simulateHands({ ...options, fixtures: at + 1 }));
  const alone = reports[0]!.fixturesBusy;
  const beyond = reports.findIndex(({ fixturesBusy }) => fixturesBusy < 0.9 * alone);
  return { kept: beyond < 0 ? most : beyond, reports };
}
