// The fuses of every chip, with the station's own planning and burning on the registers of the controller and no line between: the supply
// goes inside a program command (any subset of its bits, few or nearly all; one half of the block; right behind it) or at any access to a
// register, or the program dies there and what it staged stays staged. What the next one knows is the book.

import { concat } from '../../main/base/bytes.ts';
import type { Clock } from '../../main/base/clock.ts';
import { type RandomSource, seededRandom } from '../../main/base/random.ts';
import { openBoard } from '../../main/chip/live-board.ts';
import { profileOf } from '../../main/chip/profiles.ts';
import type { WantedEfuses } from '../../main/efuse/plan-types.ts';
import { efuseTables } from '../../main/efuse/tables.ts';
import type { EfuseTable } from '../../main/efuse/types.ts';
import { isFault } from '../../main/model/fault.ts';
import { downloadDisabled, noAnswer, timedOut } from '../../main/protocol/faults.ts';
import type { Loader, RegisterWrite } from '../../main/protocol/loader.ts';
import { parseSecurityInfo } from '../../main/protocol/security-info.ts';
import { downloadDoor } from '../../main/virtual/boot/banner.ts';
import type { BurnFault } from '../../main/virtual/efuse/cells.ts';
import { ClassicEfuseController } from '../../main/virtual/efuse/classic-controller.ts';
import { EfuseController } from '../../main/virtual/efuse/controller.ts';
import { burnFactoryValues } from '../../main/virtual/efuse/factory.ts';
import { NorFlash } from '../../main/virtual/flash.ts';
import { kindFacts } from '../../main/virtual/kinds.ts';
import { RegisterSpace } from '../../main/virtual/loader/registers.ts';
import { securityInfo, tellsSecurity } from '../../main/virtual/loader/security-info.ts';
import { Book, classicProduction, production } from '../unit/chip/rig.ts';
import { below } from './draws.ts';
import { FuseJudge, type Fuses } from './fuse-judge.ts';
import { Killed } from './instants/life.ts';
import type { Tally } from './tally.ts';

const struckVisits = 30;
const calmVisits = 3;
/** A visit in which nothing happens asks so many registers at most. */
const mostAccesses = 700;

/** No time passes but what the chip itself takes. */
const still: Clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };

/** A chip without a line: its controller, its registers, its supply. */
class Silicon implements Fuses {
  readonly table: EfuseTable;
  readonly efuse: EfuseController | ClassicEfuseController;
  readonly registers: RegisterSpace;
  isOn = false;
  /** What the next programs come to, drawn when they come; null: nothing happens to any. */
  trouble: (() => BurnFault | null) | null = null;
  cuts = 0;
  /** Access after which something ends, and what. */
  strike: { readonly at: number; readonly ending: 'supply' | 'program' } | null = null;
  #accesses = 0;

  constructor(table: EfuseTable, random: RandomSource) {
    const { chip: kind, revisions } = table;
    const facts = kindFacts(kind);
    this.table = table;
    const Controller = table.blocks.some(({ coding }) => coding === 'bits') ? ClassicEfuseController : EfuseController;
    this.efuse = new Controller(table, skewed(random), {
      faultOf: () => this.trouble?.() ?? null,
      cutPower: () => {
        this.isOn = false;
        this.cuts++;
      },
    });
    const { packageVersion, factory = {} } = facts;
    const mac = concat(Uint8Array.from(facts.macPrefix), random(3));
    burnFactoryValues(this.efuse, {
      revision: revisions.min,
      blockVersion: 1,
      mac,
      packageVersion,
      uniqueId: random(16),
      others: factory,
    });
    this.registers = new RegisterSpace({
      revision: revisions.min,
      facts,
      efuse: this.efuse,
      flash: new NorFlash(4096),
      baudRate: () => 115200,
      watchdogFired: () => undefined,
    });
    this.powerOn();
  }

  /** Supply or EN: eFuses are read, registers are as at power-on. */
  powerOn(): void {
    this.isOn = true;
    this.efuse.powerOn();
    this.registers.reset('power-on');
  }

  meet(strike: Silicon['strike']): void {
    this.strike = strike;
    this.#accesses = 0;
  }

  access(): void {
    if (++this.#accesses === this.strike?.at) {
      this.cuts++;
      if (this.strike.ending === 'program') throw new Killed();
      this.isOn = false;
    }
    if (this.strike !== null && this.#accesses > this.strike.at && this.strike.ending === 'program') throw new Killed();
    if (!this.isOn) throw timedOut('register access', 0, 3000);
  }
}

/** Masks of which few, half or nearly all bits are set: what of a pulse gets in. */
function skewed(random: RandomSource): RandomSource {
  return (length) => {
    const bytes = random(length);
    if (length === 1) return bytes;
    const way = below(random, 5);
    if (way === 0 || way === 1)
      for (const other of [random(length), random(length)])
        for (let i = 0; i < length; i++) bytes[i] = way === 0 ? bytes[i]! & other[i]! : bytes[i]! | other[i]!;
    return bytes;
  };
}

/** The loader in ROM, as far as burning asks it, right at the registers. */
function loaderOf(silicon: Silicon): Loader {
  const { efuse, registers, table } = silicon;
  const own = { kind: table.chip, revision: table.revisions.min, efuse };
  const write = (writes: readonly RegisterWrite[]) => {
    silicon.access();
    for (const { address, value, mask = 0xffffffff, delayUs = 0 } of writes) {
      efuse.advance(delayUs);
      if (mask !== 0) registers.write(address, ((registers.read(address) & ~mask) | (value & mask)) >>> 0);
      if (!silicon.isOn) throw timedOut('WRITE_REG', 9, 3000);
    }
    // an answer takes longer than any program command
    efuse.advance(10_000);
  };
  const loader = {
    signal: null,
    mode: 'rom',
    security: tellsSecurity(own) ? parseSecurityInfo(securityInfo(own)) : null,
    get secureDownload() {
      return downloadDoor(efuse) === 'secure';
    },
    console: [],
    baudRate: 115200,
    canReset: true,
    counters: {
      exchanges: 0,
      commands: 0,
      bytesSent: 0,
      bytesReceived: 0,
      resyncs: 0,
      retries: 0,
      contactRetries: 0,
      slowerRates: 0,
    },
    resetCauses: [1],
    async readRegister(address: number) {
      silicon.access();
      efuse.advance(10_000);
      return registers.read(address) >>> 0;
    },
    async readRegisters(addresses: readonly number[]) {
      const values: number[] = [];
      for (const address of addresses) values.push(await this.readRegister(address));
      return values;
    },
    async writeRegisters(writes: readonly RegisterWrite[]) {
      write(writes);
    },
    async writeToDoor(writes: readonly RegisterWrite[]) {
      try {
        write(writes);
      } catch (error) {
        if (isFault(error)) return 'silent';
        throw error;
      }
      return table.chip === 'esp32' ? 'open' : downloadDoor(efuse);
    },
    async readSecurityInfo() {
      silicon.access();
      return parseSecurityInfo(securityInfo(own));
    },
    async resetToLoader() {
      if (!silicon.isOn) throw noAnswer('registers', true, []);
      silicon.access();
      silicon.powerOn();
      if (isShut(silicon)) throw downloadDisabled(115200);
    },
    async close() {},
  };
  return loader as unknown as Loader;
}

export function isShut({ efuse, table }: Fuses): boolean {
  return table.chip === 'esp32' ? efuse.field('UART_DOWNLOAD_DIS') === 1 : downloadDoor(efuse) !== 'open';
}

/** One chip from blank to whole; `seed` makes it the same again. */
export async function soakFuses(seed: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const table = efuseTables[below(random, efuseTables.length)]!;
  const silicon = new Silicon(table, random);
  const wanted = wantedOf(table, random);
  const book = new Book();
  const name = `fuses, seed ${seed} (${table.name})`;
  const judge = new FuseJudge({ name, silicon, wanted, book, tally });
  for (let visit = 1; ; visit++) {
    if (visit > struckVisits + calmVisits) return judge.lose('never whole');
    const isCalm = visit > struckVisits;
    silicon.trouble = isCalm ? null : () => burnTrouble(random);
    // A port without lines resets nothing: what was staged is staged still.
    if (!silicon.isOn || below(random, 2) === 0) silicon.powerOn();
    if (isShut(silicon)) break;
    const at = 1 + below(random, mostAccesses);
    silicon.meet(
      isCalm || below(random, 8) === 0 ? null : { at, ending: below(random, 2) === 0 ? 'supply' : 'program' },
    );
    silicon.cuts = 0;
    judge.begin();
    let end: unknown = null;
    try {
      const board = await openBoard(loaderOf(silicon), { clock: still });
      await book.run(board, wanted);
    } catch (error) {
      end = error;
    }
    tally.strike('fuses: supply or program, at a burn or at a register', silicon.cuts);
    if (!judge.goesOn(`${visit}. ${silicon.cuts} cuts`, end)) return;
    if (end === null) break;
  }
  judge.end();
}

export function wantedOf(table: EfuseTable, random: RandomSource): WantedEfuses {
  if (table.chip === 'esp32') return classicProduction;
  const { disabled, secure } = profileOf(table.chip).downloadModes;
  const doors = [
    ...(secure !== null && table.revisions.min >= secure ? ['ENABLE_SECURITY_DOWNLOAD'] : []),
    ...(disabled !== null && table.revisions.min >= disabled ? ['DIS_DOWNLOAD_MODE'] : []),
  ];
  return production(table.chip, table.revisions.min, doors[below(random, doors.length)] ?? null);
}

export function burnTrouble(random: RandomSource): BurnFault | null {
  switch (below(random, 9)) {
    case 0:
      return 'power-cut-in-burn';
    case 1:
      return below(random, 3) === 0 ? 'power-cut-in-half' : 'power-cut-in-burn';
    case 2:
      return 'power-cut-after-burn';
    default:
      return null;
  }
}
