// The eFuse controller over the loader's two register commands, in as few exchanges as the sequence allows (FACTS 2.4, 18).
//
//   stage     PGM_DATA (and CHECK_VALUE) of the block
//   look      all PGM_DATA of BLOCK0 again                     WRITE_REG has no checksum, and a wrong fuse is for ever;
//                                                              a wrong key block shows itself by its parity
//   ask       who lies in the fixture (SameBoard)              a board that came in since has nothing staged: what
//                                                              follows burns nothing in it
//   program   CONF = 0x5A5A, CMD = block << 2 | 2              a packet of its own
//   wait      CMD until idle
//   clear     PGM_DATA, CHECK_VALUE back to zero, then          no register keeps a key
//   read      CONF = 0x5AA5, CMD = 1, wait until idle           in the same packets; of the two looks that this wait needs
//                                                              the loader takes the first, behind the pause
//
// ESP32's controller (FACTS 2.10) differs in this: each block has write registers of its own, and CMD = 2 burns what stands in any of them,
// so that all of them are zeroed first and every word that was staged is looked at, as no parity guards it.

import { bytesOfWords, wordsOf } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { rsEncode } from '../efuse/reed-solomon.ts';
import type { EfuseBlock, EfuseSnapshot, EfuseTable, TimingWrite } from '../efuse/types.ts';
import { BoardFault, FixtureFault, isFault } from '../model/fault.ts';
import type { DoorState, Loader, RegisterWrite } from '../protocol/loader.ts';

const writeOpcode = 0x5a5a;
const readOpcode = 0x5aa5;
const readCommand = 1;
const programCommand = 2;
const busyMask = readCommand | programCommand;
/** Longest that espefuse waits for the controller, milliseconds. */
const idleTimeoutMs = 250;
/** The chip waits so long after a command before it answers, microseconds: most polls then find it idle at once. */
const settleUs = 1000;

/** How far a crystal may be from its name: the divider is a whole number, and the ROM measured the line's rate. */
const crystalTolerance = 0.15;

/** Times that staging is tried on a line that damages it. */
const tries = 3;

const dataWords = 8;
const checkWords = 3;

/** One burn as registers see it. Words of a key are secret: `wipe` zeroes them. */
export interface Codeword {
  readonly block: number;
  /** PGM_DATA0 upwards, or the block's own write registers. */
  readonly data: number[];
  /** CHECK_VALUE0 upwards; empty where there are none or they are ignored (BLOCK0). */
  readonly check: number[];
}

/** Codeword of a key block: 32 bytes as they shall lie in the block, byte 0 first. */
export function codewordOf(block: number, data: Uint8Array, coding: EfuseBlock['coding'] = 'reed-solomon'): Codeword {
  if (coding === 'bits') return { block, data: wordsOf(data), check: [] };
  const parity = rsEncode(data);
  const codeword = { block, data: wordsOf(data), check: wordsOf(parity) };
  parity.fill(0);
  return codeword;
}

export function wipe(codeword: Codeword): void {
  codeword.data.fill(0);
  codeword.check.fill(0);
}

/** A word for a staging register; it is zeroed when it has been sent. */
type StagedWord = { readonly address: number; value: number };

export type RegisterAccess = Pick<Loader, 'readRegister' | 'readRegisters' | 'writeRegisters' | 'baudRate'>;

/** How a loader is asked that may have shut its door. */
export type DoorAccess = Pick<Loader, 'writeToDoor'>;

/** The controller of one chip. Every method may raise the loader's faults; nothing is repeated here that programs. */
export class EfuseBus {
  readonly table: EfuseTable;
  readonly #loader: RegisterAccess;
  readonly #clock: Clock;
  /** Register that a write with an empty mask leaves alone: its delay is one after the write before it (FACTS 1.2). */
  readonly #idleRegister: number;
  readonly #clockDivider: number | null;

  /** `clockDivider`: register of the ROM's UART divider on chips whose crystals want times of their own. */
  constructor(
    loader: RegisterAccess,
    table: EfuseTable,
    clock: Clock,
    idleRegister: number,
    clockDivider: number | null = null,
  ) {
    this.#clockDivider = clockDivider;
    this.#loader = loader;
    this.table = table;
    this.#clock = clock;
    this.#idleRegister = idleRegister;
  }

  /** Before the first burn of a visit: programming times set for the board's crystal, staging registers zeroed. */
  async prepare(): Promise<void> {
    await this.#waitIdle();
    const times = await this.#times();
    await this.#retried(() =>
      this.#loader.writeRegisters([
        ...times.map(({ offset, mask, value }) => ({ address: this.#at(offset), value, mask })),
        ...this.#allZeros(),
      ]),
    );
  }

  /**
   * Programs one block. Resolves when the controller is idle again, or with `lost` when no answer came: then nobody knows whether the
   * burn took place, and the caller has to read back. `beforeCommit`: asked between the staging of the words and the command that burns
   * them; what it raises leaves the chip unburned. `answered`: called when that command was answered, by the very chip that took it.
   */
  async program(
    codeword: Codeword,
    beforeCommit: () => Promise<void>,
    answered: () => void = () => undefined,
  ): Promise<'done' | 'lost'> {
    const { checkValue0, conf, cmd } = this.table.registers;
    const { writeOffset } = this.table.blocks[codeword.block]!;
    // Where one command burns all that is staged anywhere, the zeros are staged and looked at like everything else.
    const zeros = writeOffset === undefined ? [] : this.#allZeros({ except: codeword.block });
    const staged = [
      ...this.#staged(this.#stagingOf(codeword), codeword.data),
      ...this.#staged(checkValue0, codeword.check),
      ...zeros,
    ];
    const named = writeOffset === undefined ? codeword.block << 2 : 0;
    const commit = [
      { address: this.#at(conf), value: writeOpcode },
      { address: this.#at(cmd), value: (named | programCommand) >>> 0 },
      this.#pause(),
    ];
    // Without check words nothing would show that a word came damaged.
    const looks = codeword.check.length === 0;
    try {
      if (looks) await this.#stageAndLook(staged);
      else await this.#retried(() => this.#loader.writeRegisters(staged));
      await beforeCommit();
      await this.#loader.writeRegisters(commit);
      answered();
    } catch (error) {
      if (isLostAnswer(error)) return 'lost';
      // Another board may hold what was staged.
      const cleared = staged.map(({ address }) => ({ address, value: 0 }));
      await this.#loader.writeRegisters(cleared).catch(() => undefined);
      throw error;
    } finally {
      for (const write of staged) write.value = 0;
    }
    await this.#waitIdle();
    return 'done';
  }

  /** Clears the staging registers that `codeword` used and makes the read registers show what is burned now. */
  async refresh(codeword: Codeword): Promise<void> {
    await this.#retried(() => this.#loader.writeRegisters(this.#refreshing(codeword)));
    await this.#settled();
  }

  /** The same where what was burned may shut the loader's door: it may answer nothing more, and whoever asked looks what became of it. */
  async refreshDoor(codeword: Codeword, door: DoorAccess): Promise<DoorState> {
    const state = await door.writeToDoor(this.#refreshing(codeword), this.#at(this.table.registers.cmd));
    if (state === 'open') await this.#settled();
    return state;
  }

  #refreshing(codeword: Codeword): RegisterWrite[] {
    const { checkValue0, conf, cmd } = this.table.registers;
    // Words of BLOCK0 that are zero were seen to be so when they were staged.
    const used = (base: number, words: readonly number[]) =>
      this.#zeros(base, words.length).filter((_, i) => codeword.block !== 0 || words[i] !== 0);
    return [
      ...used(this.#stagingOf(codeword), codeword.data),
      ...used(checkValue0, codeword.check),
      { address: this.#at(conf), value: readOpcode },
      { address: this.#at(cmd), value: readCommand },
      this.#pause(),
    ];
  }

  /** The controller idle after a read command. A quirk of the hardware: only the second look at the read bit counts (espefuse, wait_efuse_idle). */
  async #settled(): Promise<void> {
    const { cmd } = this.table.registers;
    const looks = await this.#readAll([cmd, cmd]);
    if (looks.every((look) => (look & busyMask) === 0)) return;
    await this.#waitIdle();
    await this.#waitIdle();
  }

  /** Read words `indexes` of a block, by index. */
  async readWords(block: number, indexes: readonly number[]): Promise<Map<number, number>> {
    const words = await this.#readAll(indexes.map((index) => this.#placeOf(block, index)));
    return new Map(indexes.map((index, at) => [index, words[at]!]));
  }

  /** Words of any blocks, in this order. */
  readPlaces(places: readonly { readonly block: number; readonly index: number }[]): Promise<number[]> {
    return this.#readAll(places.map(({ block, index }) => this.#placeOf(block, index)));
  }

  /** Words of BLOCK0 as `readWords`, with the error word of each. */
  async readChecked(
    indexes: readonly number[],
  ): Promise<Map<number, { readonly word: number; readonly error: number }>> {
    const { repeatErrors } = this.table.registers;
    const errors = indexes.map((index) => repeatErrors[index - 1]);
    const there = errors.filter((offset) => offset !== undefined);
    const read = await this.#readAll([...indexes.map((index) => this.#placeOf(0, index)), ...there]);
    let next = indexes.length;
    return new Map(
      indexes.map((index, at) => [index, { word: read[at]!, error: errors[at] === undefined ? 0 : read[next++]! }]),
    );
  }

  /** All read words of a block as bytes. */
  async readBlock(block: number): Promise<Uint8Array> {
    const indexes = Array.from({ length: this.table.blocks[block]!.words }, (_, i) => i);
    const words = await this.readWords(block, indexes);
    return bytesOfWords(indexes.map((index) => words.get(index)!));
  }

  /** Error word of a BLOCK0 word; 0 for WR_DIS, which has none, and for all of ESP32's. */
  repeatError(word: number): Promise<number> {
    const offset = this.table.registers.repeatErrors[word - 1];
    return offset === undefined ? Promise.resolve(0) : this.#read(offset);
  }

  /** The error words that hold the nibble of `block`, and on ESP32-C3 its fail bit; the other one shows as 0. */
  async rsErrors(block: number): Promise<[number, number]> {
    const errors: [number, number] = [0, 0];
    const places = new Set([block - 1, block - 1 + this.table.rsFailBitShift].map((nibble) => nibble >>> 3));
    for (const place of places) if (place < 2) errors[place] = await this.#rsError(place);
    return errors;
  }

  /** Everything: all blocks and all error registers. */
  async snapshot(): Promise<EfuseSnapshot> {
    const { blocks, registers } = this.table;
    const { rsErr0, rsErr1 } = registers;
    const runs = blocks.map(({ number, words }) => Array.from({ length: words }, (_, i) => this.#placeOf(number, i)));
    const rsErrors = [rsErr0, rsErr1].filter((offset) => offset !== null);
    const read = await this.#readAll([...runs.flat(), ...registers.repeatErrors, ...rsErrors]);
    const take = (count: number) => read.splice(0, count);
    return {
      table: this.table,
      blocks: runs.map(({ length }) => take(length)),
      repeatErrors: take(registers.repeatErrors.length),
      rsErrors: [rsErr0 === null ? 0 : take(1)[0]!, rsErr1 === null ? 0 : take(1)[0]!],
    };
  }

  /** The times of the crystal, which is measured on the chips where they differ. */
  async #times(): Promise<readonly TimingWrite[]> {
    const { timing, crystalMHz } = this.table;
    if (this.#clockDivider === null) return timing[crystalMHz[0]!] ?? [];
    // The ROM's UART runs at the line's rate, whatever crystal the ROM believes to have.
    const divider = (await this.#loader.readRegister(this.#clockDivider)) & 0xfffff;
    const measured = (divider * this.#loader.baudRate) / 1e6;
    const fitting = crystalMHz.find((frequency) => Math.abs(measured / frequency - 1) < crystalTolerance);
    if (fitting === undefined) throw unknownCrystal(measured, crystalMHz);
    return timing[fitting]!;
  }

  #rsError(place: number): Promise<number> {
    const { rsErr0, rsErr1 } = this.table.registers;
    const offset = place === 0 ? rsErr0 : rsErr1;
    return offset === null ? Promise.resolve(0) : this.#read(offset);
  }

  #placeOf(block: number, index: number): number {
    return this.table.blocks[block]!.readOffset + 4 * index;
  }

  #readAll(offsets: readonly number[]): Promise<number[]> {
    return this.#loader.readRegisters(offsets.map((offset) => this.#at(offset)));
  }

  #read(offset: number): Promise<number> {
    return this.#loader.readRegister(this.#at(offset));
  }

  #at(offset: number): number {
    return (this.table.base + offset) >>> 0;
  }

  #zeros(offset: number, count: number): StagedWord[] {
    return Array.from({ length: count }, (_, i) => ({ address: this.#at(offset + 4 * i), value: 0 }));
  }

  /** Stages words and reads them back before anything is programmed: the line may have damaged these or what cleared them before. */
  async #stageAndLook(staged: readonly RegisterWrite[]): Promise<void> {
    for (let round = 1; ; round++) {
      await this.#retried(() => this.#loader.writeRegisters(staged));
      const found = await this.#loader.readRegisters(staged.map(({ address }) => address));
      if (staged.every(({ value }, at) => found[at] === value)) return;
      if (round === tries) {
        throw new FixtureFault({
          code: 'chip.staging-differs',
          what: 'The eFuse controller did not hold what was sent to it, so nothing was burned.',
          next: 'Look at cable and supply of the fixture, and insert the board again.',
          safety: 'resumable',
        });
      }
      await this.prepare();
    }
  }

  /** Where the data of a block are staged. */
  #stagingOf({ block }: Codeword): number {
    return this.table.blocks[block]!.writeOffset ?? this.table.registers.pgmData0;
  }

  /** Zeros for every staging register there is; on ESP32 for those of all blocks `except` one. */
  #allZeros({ except }: { readonly except?: number } = {}): StagedWord[] {
    const { registers, blocks } = this.table;
    if (blocks[0]!.writeOffset !== undefined)
      return blocks
        .filter(({ number }) => number !== except)
        .flatMap(({ writeOffset, words }) => this.#zeros(writeOffset!, words));
    return [...this.#zeros(registers.pgmData0, dataWords), ...this.#zeros(registers.checkValue0, checkWords)];
  }

  #staged(offset: number, words: readonly number[]): StagedWord[] {
    return words.map((word, i) => ({ address: this.#at(offset + 4 * i), value: word >>> 0 }));
  }

  #pause(): RegisterWrite {
    return { address: this.#idleRegister, value: 0, mask: 0, delayUs: settleUs };
  }

  async #waitIdle(): Promise<void> {
    const until = this.#clock.monotonic() + idleTimeoutMs;
    for (;;) {
      const busy = (await this.#read(this.table.registers.cmd)) & busyMask;
      if (busy === 0) return;
      if (this.#clock.monotonic() > until) {
        throw new BoardFault({
          code: 'chip.efuse-busy',
          what: `The eFuse controller was still busy after ${idleTimeoutMs} ms.`,
          next: 'Insert the board again; set it aside when it happens again.',
          safety: 'resumable',
        });
      }
    }
  }

  /** Writes that may be sent twice are: clearing and reading do no more the second time. */
  async #retried(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isLostAnswer(error)) throw error;
      await work();
    }
  }
}

/** Burning with the times of another crystal could damage fuses. */
function unknownCrystal(measured: number, known: readonly number[]): BoardFault {
  return new BoardFault({
    code: 'chip.unknown-crystal',
    what: `The crystal of the board measures ${measured.toFixed(1)} MHz, and eFuses can be burned with ${known.join(' or ')} MHz only.`,
    next: 'Look whether line and adapter run at the rate that the fixture states; set the board aside when another fixture says the same.',
    safety: 'resumable',
    details: { measured },
  });
}

/** No answer, or one that could not be read: what was asked may or may not have been done. */
export function isLostAnswer(error: unknown): boolean {
  return isFault(error, 'protocol.timeout') || isFault(error, 'protocol.garbled');
}
