// The fuses of every chip, planned and burned by the station over every kind of port: at any exchange of it the program dies, the supply
// goes, or both; supplies go inside burns; answers are lost and garbled. What the next station knows is the book alone.

import { type RandomSource, seededRandom } from '../../main/base/random.ts';
import { openBoard } from '../../main/chip/live-board.ts';
import { efuseTables } from '../../main/efuse/tables.ts';
import { connectLoader } from '../../main/protocol/loader-session.ts';
import type { Port } from '../../main/transport/port.ts';
import { VirtualChip } from '../../main/virtual/chip.ts';
import type { VirtualFault } from '../../main/virtual/silicon.ts';
import { clockOfItsOwn } from '../unit/chip/clocks.ts';
import { Book } from '../unit/chip/rig.ts';
import { below } from './draws.ts';
import { FuseJudge, type Fuses } from './fuse-judge.ts';
import { burnTrouble, isShut, wantedOf } from './fuses.ts';
import { type Ending, Life, type Strike } from './instants/life.ts';
import { farEnd, isByHand, type Way, ways } from './instants/ways.ts';
import type { Tally } from './tally.ts';

const struckVisits = 40;
const calmVisits = 4;
/** A visit in which nothing happens has so many exchanges at most. */
const mostActs = 220;
/** Programs and answers of a board for which something is drawn. */
const programs = 400;
const answers = 9000;

/** One chip from blank to whole; `seed` makes it the same again. */
export async function soakChip(seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const table = efuseTables[below(random, efuseTables.length)]!;
  const wanted = wantedOf(table, random);
  const faults = troublesOf(random);
  const chip = new VirtualChip(
    { kind: table.chip, revision: table.revisions.min, seed: below(random, 60_000), faults, flashSize: 4096 },
    () => ({ lines: [], state: 'halted', firmware: null }),
  );
  const silicon = { table: chip.efuse.table, efuse: chip.efuse as Fuses['efuse'] };
  const book = new Book();
  const name = `chips, seed ${seed} (${table.name})`;
  const judge = new FuseJudge({ name, silicon, wanted, book, tally });
  const off = chip.powerOff.bind(chip);
  let cuts = 0;
  chip.powerOff = () => {
    if (chip.mode !== 'off') cuts++;
    off();
  };
  try {
    for (let visit = 1; ; visit++) {
      if (visit > struckVisits + calmVisits) return judge.lose('never whole');
      const isCalm = visit > struckVisits;
      if (isCalm) faults.length = 0;
      const way = ways[below(random, ways.length)]!;
      chip.powerOn();
      if (isByHand(way)) {
        chip.setLines({ dtr: true, rts: false });
        // where no hand resets it, what a dead program staged is staged still
        if ((chip.mode !== 'rom' && chip.mode !== 'stub') || below(random, 2) === 0) chip.reset();
      }
      if (isShut(silicon)) break;
      const strike = isCalm || below(random, 16) === 0 ? null : strikeOf(random);
      const life = new Life(strike, () => chip.powerOff());
      judge.begin();
      cuts = 0;
      const end = await visitOf(chip, way, life, book, wanted);
      const kills = life.struck !== null && strike!.ending !== 'supply' ? 1 : 0;
      const together = life.struck !== null && strike!.ending === 'both' ? 1 : 0;
      const struck = kills + cuts - together;
      if (struck > 0) tally.strike('chips: supply or program, in a burn or at an exchange', struck);
      if (struck > 0) tally.ways.set(way, (tally.ways.get(way) ?? 0) + struck);
      const words = `${visit}. ${way}, ${life.struck === null ? '' : `${strike!.ending} at ${strike!.at}, `}${cuts} cuts`;
      if (!judge.goesOn(words, end)) return;
      if (end === null) break;
      if (below(random, 3) === 0) off();
    }
    judge.end();
  } finally {
    off();
  }
}

function troublesOf(random: RandomSource): VirtualFault[] {
  const faults: VirtualFault[] = [];
  for (let after = 1; after <= programs; after++) {
    const kind = burnTrouble(random);
    if (kind !== null) faults.push({ kind, after });
  }
  for (let after = 1 + below(random, 900); after <= answers; after += 1 + below(random, 900))
    faults.push({ kind: (['lost-answer', 'garbled-answer', 'lost-request-byte'] as const)[below(random, 3)]!, after });
  return faults;
}

function strikeOf(random: RandomSource): Strike {
  const ending = (['program', 'supply', 'both'] as const satisfies readonly Ending[])[below(random, 3)]!;
  return { ending, at: 1 + below(random, mostActs), side: below(random, 2) === 0 ? 'before' : 'after' };
}

/** One meeting: null where all that was wanted is in, as the station says; else what it ended with. */
async function visitOf(
  chip: VirtualChip,
  way: Way,
  life: Life,
  book: Book,
  wanted: Parameters<Book['run']>[1],
): Promise<unknown> {
  const clock = clockOfItsOwn({ turns: 4, times: 6, least: 60 });
  const end = await farEnd(chip, way);
  let port: Port | null = null;
  try {
    port = life.port(await end.open());
    await book.run(await openBoard(await connectLoader(port, { clock }), { clock }), wanted);
    return null;
  } catch (error) {
    return error;
  } finally {
    await port?.close().catch(() => undefined);
    await end.close();
  }
}
