// The parts of a soak, and how much of each is one portion: what a seed stands for, and is repeated by it.
import { noToken, type Stage, setStage } from '../stories/stage.ts';
import { soakChip } from './chips.ts';
import { soakDamagedPages } from './damaged-pages.ts';
import { soakFuses } from './fuses.ts';
import { soakInstants } from './instants/boards.ts';
import { soakSwaps } from './instants/swaps.ts';
import { soakLedger, soakMigration, soakProgram } from './kills.ts';
import { soakStation } from './station.ts';
import { atOnce, type Tally } from './tally.ts';
import { soakTokenMaking } from './token-making.ts';
import { soakTornLedger } from './torn-ledger.ts';

/** What is struck in each. The first five do most of it: they need no process of their own. */
export const partNames = [
  /** whole boards by the engine, on a ledger in a file, over every kind of port, with a token in memory */
  'boards',
  /** the fuses of every chip, at the registers */
  'fuses',
  /** files of a ledger as a disk may hold them */
  'torn-ledger',
  /** a page of a ledger, as a bad disk gives it back */
  'pages',
  /** the fuses of every chip, over every kind of port */
  'chips',
  /** whole boards by the engine, of which a hand changes one for another */
  'swaps',
  /** whole boards on one station with a real token */
  'station',
  /** the token process, while it makes a key */
  'keys',
  /** the program itself */
  'program',
  'ledger',
  'migration',
] as const;
export type Part = (typeof partNames)[number];

export const isPart = (name: string): name is Part => (partNames as readonly string[]).includes(name);

const fusesInPortion = 250;
const filesInPortion = 300;
const chipsInPortion = 400;
const chipsAtOnce = 100;
const stationBoards = 8;
const keysInPortion = 5;
/** Portions that a station has before another one is opened. */
const portionsOfStage = 20;

export class Parts {
  #stage: Stage | null = null;
  #portions = 0;

  async run(name: Part, seed: number, tally: Tally): Promise<void> {
    switch (name) {
      case 'boards':
        return await soakInstants(seed, tally);
      case 'fuses':
        for (let n = 0; n < fusesInPortion; n++) await soakFuses(seed * fusesInPortion + n, tally);
        return;
      case 'torn-ledger':
        return soakTornLedger(seed, filesInPortion, tally);
      case 'pages':
        return soakDamagedPages(seed, filesInPortion, tally);
      case 'chips':
        await atOnce(chipsAtOnce, chipsInPortion, (n) => soakChip(seed * chipsInPortion + n, tally));
        return;
      case 'swaps':
        return await soakSwaps(seed, tally);
      case 'station':
        return await this.#station(seed, tally);
      case 'keys':
        return noToken === false ? await soakTokenMaking(keysInPortion, seed, tally) : this.#leaveOut(name);
      case 'program':
        return await soakProgram(seed, tally);
      case 'ledger':
        return await soakLedger(seed, tally);
      case 'migration':
        return await soakMigration(seed, tally);
    }
  }

  async close(): Promise<void> {
    await this.#stage?.close();
    this.#stage = null;
  }

  async #station(seed: number, tally: Tally): Promise<void> {
    if (noToken !== false) return this.#leaveOut('station');
    if (this.#portions++ % portionsOfStage === 0) await this.close();
    this.#stage ??= await setStage();
    await soakStation(this.#stage, seed, stationBoards, tally);
  }

  #leaveOut(name: Part): void {
    console.log(`${name} is left out: ${noToken}`);
  }
}
