// What the tests of this folder share: a station around a scripted ledger and token, and boards that are the real ones above silicon in
// software, whose burns can be told.
import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../../main/base/clock.ts';
import { silentLog } from '../../../main/base/log.ts';
import { seededRandom } from '../../../main/base/random.ts';
import type { Board } from '../../../main/chip/board.ts';
import { openBoard } from '../../../main/chip/live-board.ts';
import type { Ledger } from '../../../main/ledger/ledger.ts';
import type { FactorySystem } from '../../../main/model/factory.ts';
import type { RunRecord } from '../../../main/model/record.ts';
import { connectLoader } from '../../../main/protocol/loader-session.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import { CredentialShelf } from '../../../main/station/credential-shelf.ts';
import type { StationEvent } from '../../../main/station/events.ts';
import { FixtureHealth } from '../../../main/station/fixture-health.ts';
import { Run, type RunEnd, type RunJob, type RunParts } from '../../../main/station/run.ts';
import { Station } from '../../../main/station/station.ts';
import { openVirtualPort } from '../../../main/virtual/bench/port.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualChipOptions } from '../../../main/virtual/silicon.ts';
import { ScriptedLedger } from './scripted-ledger.ts';
import { ScriptedSigner } from './scripted-signer.ts';

/** A board of silicon in software that boots what lies in its flash. */
export function siliconOf(loaded: LoadedRecipe, options: Partial<VirtualChipOptions> = {}): VirtualChip {
  const { chip, silicon } = loaded.recipe;
  return new VirtualChip({ kind: chip, revision: silicon.min, seed: 11, ...options }, bootFromFlash);
}

/** Flash in which the application's first bytes do not take: four, since a dead one reads 0xff, as one in 256 of encrypted flash is meant to. */
export const deadFlash = [0x10000, 0x10001, 0x10002, 0x10003].map(
  (address) => ({ kind: 'bad-flash', address }) as const,
);

/** The board in that silicon, as the station meets it; the caller closes it. */
export async function meet(chip: VirtualChip, clock: Clock = systemClock): Promise<Board> {
  const loader = await connectLoader(openVirtualPort(chip, 'virtual:test'), { clock });
  return openBoard(loader, { clock });
}

/** What is burned into a chip, in one word: two that differ are a burn. */
export function burnedInto(chip: VirtualChip): string {
  return createHash('sha256').update(Buffer.concat(chip.efuse.burned())).digest('hex');
}

/** What is asked of a board where nobody narrows who may be one. */
export const takesAll: RunJob['allowance'] = {
  refuse: () => null,
  refuseSerial: () => null,
  count: (_, bind) => bind(),
};

/** A scripted station around one recipe: runs on it, one after the other, on whatever silicon a test gives. */
export class Rig {
  readonly book = new ScriptedLedger();
  readonly token = new ScriptedSigner();
  readonly shelf = new CredentialShelf();
  readonly health = new FixtureHealth();
  readonly heard: StationEvent[] = [];
  readonly loaded: LoadedRecipe;
  /** What a run is given for the board that was met. */
  given: (board: Board) => Board = (board) => board;
  /** What a run is given for the book. */
  ledgerOf: (ledger: Ledger) => Ledger = (ledger) => ledger;
  clock: Clock = systemClock;
  /** The factory's own system, where a test has one. */
  factory: FactorySystem | null = null;
  #runs = 0;

  constructor(loaded: LoadedRecipe) {
    this.loaded = loaded;
  }

  get parts(): RunParts {
    return {
      station: 'line-1',
      software: { name: 'fuseline', version: '0.0.0' },
      ledger: this.ledgerOf(this.book.ledger),
      signer: this.token.signer,
      clock: this.clock,
      log: silentLog,
      random: seededRandom(5),
      listen: (event) => this.heard.push(event),
      shelf: this.shelf,
      health: this.health,
      ...(this.factory === null ? {} : { factory: this.factory }),
    };
  }

  /** The station of these parts, for what it does beside runs. */
  get station(): Station {
    const { log: _, ...parts } = this.parts;
    return new Station({
      ...parts,
      name: 'line-1',
      people: { find: () => null, custodians: 0 },
      development: false,
      openPort: async () => {
        throw new Error('no port is opened by address here');
      },
    });
  }

  /** One run on this silicon, from the meeting to its end. `record` gets its id. */
  async run(chip: VirtualChip, job: Partial<RunJob> = {}, facts: Partial<RunRecord> = {}): Promise<RunEnd> {
    const record: RunRecord = {
      id: `R-${++this.#runs}`,
      batch: 'B-1',
      fixture: 'nest',
      operator: 'op-7',
      recipe: this.loaded.ref,
      mac: null,
      serial: null,
      startedAt: '2026-11-22T10:00:00.000Z',
      endedAt: null,
      outcome: null,
      fault: null,
      ...facts,
    };
    await this.book.openRun(record);
    const release = job.release ?? (await this.station.prepareRelease(this.loaded));
    const whole: RunJob = {
      loaded: this.loaded,
      allowance: takesAll,
      release,
      resetBy: 'lines',
      canReset: true,
      serial: null,
      signal: new AbortController().signal,
      ...job,
    };
    const board = await meet(chip, this.clock);
    try {
      return await new Run(this.parts, whole, record).perform(this.given(board));
    } finally {
      await board.close();
    }
  }
}
