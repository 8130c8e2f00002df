import { bytesOfWords, wordsOf } from '../base/bytes.ts';
import type { RandomSource } from '../base/random.ts';
import { fieldOf, hasField } from '../efuse/tables.ts';
import { decodeThreeQuarter, encodeThreeQuarter } from '../efuse/three-quarter.ts';
import type { EfuseBlock, EfuseTable } from '../efuse/types.ts';
import { type BurnFault, type BurnTrouble, FuseCells } from './efuse-cells.ts';
import type { EfuseSilicon } from './silicon.ts';

const writeOpcode = 0x5a5a;
const readOpcode = 0x5aa5;
const commandRead = 1;
const commandProgram = 2;
/** How long the controller is busy, microseconds; orders of magnitude, not measured. */
const programMicros = 1000;
const readMicros = 100;

/** Values of CODING_SCHEME that mean no coding: 3 was burned by a recovery (esptool, espefuse/efuse/esp32). */
const threeQuarter = 1;
const windowWords = 0x200 / 4;

/**
 * The eFuse controller of the classic ESP32 (FACTS 2.10): every block has write registers of its own, and one program command burns what
 * is staged in all of them. No copies, no Reed-Solomon; with CODING_SCHEME 1 the blocks 1 to 3 hold 3/4 code, whose check bytes the host
 * makes, and DEC_STATUS marks groups that do not fit.
 */
export class ClassicEfuseController implements EfuseSilicon {
  readonly table: EfuseTable;
  readonly #trouble: BurnTrouble;
  readonly #cells: readonly FuseCells[];
  readonly #latched: number[][];
  readonly #registers = new Uint32Array(windowWords);
  /** Block and word behind a read register, by offset. */
  readonly #readWords = new Map<number, readonly [EfuseBlock, number]>();
  #decodeStatus = 0;
  #programs = 0;
  #busyMicros = 0;

  constructor(table: EfuseTable, random: RandomSource, trouble: BurnTrouble) {
    this.table = table;
    this.#trouble = trouble;
    this.#cells = table.blocks.map(({ words }) => new FuseCells(4 * words, 1, random));
    this.#latched = table.blocks.map(({ words }) => new Array<number>(words).fill(0));
    for (const block of table.blocks)
      for (let word = 0; word < block.words; word++) this.#readWords.set(block.readOffset + 4 * word, [block, word]);
  }

  readRegister(offset: number): number {
    const shown = this.#readWords.get(offset);
    if (shown !== undefined) {
      const [block, word] = shown;
      return (this.#latched[block.number]![word]! & ~this.#hiddenBits(block, word)) >>> 0;
    }
    if (offset === this.table.registers.status) return this.#decodeStatus;
    return this.#registers[offset >>> 2] ?? 0;
  }

  writeRegister(offset: number, value: number): void {
    const { cmd, status } = this.table.registers;
    if (offset === cmd) this.#command(value);
    else if (this.#readWords.has(offset) || offset === status) return;
    else if (offset >>> 2 < windowWords) this.#registers[offset >>> 2] = value;
  }

  advance(micros: number): void {
    this.#busyMicros = Math.max(0, this.#busyMicros - micros);
    if (this.#busyMicros === 0) this.#registers[this.table.registers.cmd >>> 2] = 0;
  }

  hardwareBlock(block: number): readonly number[] {
    return this.#latched[block]!;
  }

  field(name: string): number {
    if (!hasField(this.table, name)) return 0;
    let value = 0;
    let weight = 1;
    for (const { block, bit, length } of fieldOf(this.table, name).pieces)
      for (let i = bit; i < bit + length; i++, weight *= 2) if (this.#isSet(block, i)) value += weight;
    return value;
  }

  powerOn(): void {
    this.reset();
    this.#latch();
  }

  reset(): void {
    this.#registers.fill(0);
    this.#busyMicros = 0;
  }

  burnField(name: string, value: number): void {
    const staged = this.table.blocks.map(({ words }) => new Uint8Array(4 * words));
    let rest = value;
    for (const { block, bit, length } of fieldOf(this.table, name).pieces)
      for (let i = bit; i < bit + length; i++, rest = Math.floor(rest / 2))
        if (rest % 2 === 1) staged[block]![i >>> 3]! |= 1 << (i & 7);
    for (const block of this.table.blocks) this.#burn(block, staged[block.number]!, null);
    this.#latch();
  }

  /** The data of a block as the factory delivers it, before coding. */
  setFactoryBlock(block: number, bytes: Uint8Array): void {
    const coded = block > 0 && this.#coded && bytes.length === 24 ? encodeThreeQuarter(bytes) : bytes;
    const whole = new Uint8Array(4 * this.table.blocks[block]!.words);
    whole.set(coded.subarray(0, whole.length));
    this.#cells[block]!.burn(whole, null);
    this.#latch();
  }

  burned(): Uint8Array[] {
    return this.#cells.map(({ bytes }) => bytes.slice());
  }

  restore(array: readonly Uint8Array[]): void {
    if (array.length !== this.#cells.length || array.some((bytes, n) => bytes.length !== this.#cells[n]!.bytes.length))
      throw new RangeError('this eFuse array is of another shape');
    for (const [n, bytes] of array.entries()) this.#cells[n]!.bytes.set(bytes);
  }

  get #coded(): boolean {
    return this.field('CODING_SCHEME') === threeQuarter;
  }

  #isSet(block: number, bit: number): boolean {
    return ((this.#latched[block]![bit >>> 5]! >>> (bit & 31)) & 1) === 1;
  }

  #command(value: number): void {
    if (this.#busyMicros > 0) return;
    const { conf, cmd } = this.table.registers;
    const opcode = this.#registers[conf >>> 2]! & 0xffff;
    if ((value & commandProgram) !== 0 && opcode === writeOpcode) {
      this.#registers[cmd >>> 2] = value;
      this.#busyMicros = programMicros;
      this.#program();
    } else if ((value & commandRead) !== 0 && opcode === readOpcode) {
      this.#registers[cmd >>> 2] = value;
      this.#busyMicros = readMicros;
      this.#latch();
    }
  }

  /** Everything that is staged, in all blocks. */
  #program(): void {
    this.#programs++;
    const fault = this.#trouble.faultOf(this.#programs);
    for (const block of this.table.blocks) {
      const at = block.writeOffset! >>> 2;
      const staged = bytesOfWords([...this.#registers.subarray(at, at + block.words)]);
      this.#burn(block, staged, staged.some((byte) => byte !== 0) ? fault : null);
    }
    if (fault === 'power-cut-in-burn' || fault === 'power-cut-after-burn') this.#trouble.cutPower();
  }

  #burn(block: EfuseBlock, staged: Uint8Array, fault: BurnFault | null): void {
    const allowed = staged.slice();
    if (block.writeDisableBit !== null && this.#isSet(0, block.writeDisableBit)) return;
    for (const { pieces, writeDisableBit } of this.table.fields)
      if (writeDisableBit !== null && this.#isSet(0, writeDisableBit))
        for (const piece of pieces)
          if (piece.block === block.number)
            for (let i = piece.bit; i < piece.bit + piece.length; i++) allowed[i >>> 3]! &= ~(1 << (i & 7));
    this.#cells[block.number]!.burn(allowed, fault);
  }

  #latch(): void {
    for (const { number } of this.table.blocks) this.#latched[number] = wordsOf(this.#cells[number]!.bytes);
    this.#decodeStatus = 0;
    if (!this.#coded) return;
    for (const { number, words } of this.table.blocks.slice(1)) {
      const { data, wrong } = decodeThreeQuarter(this.#cells[number]!.bytes);
      const whole = new Uint8Array(4 * words);
      whole.set(data);
      this.#latched[number] = wordsOf(whole);
      for (const group of wrong) this.#decodeStatus |= 1 << (4 * (number - 1) + group);
    }
  }

  /** Bits of a read word that RD_DIS hides: whole blocks, and a few fields of BLOCK0. */
  #hiddenBits({ number, readDisableBits }: EfuseBlock, word: number): number {
    const hides = (bit: number) => ((this.field('RD_DIS') >>> bit) & 1) === 1;
    if (readDisableBits.some(hides)) return 0xffffffff;
    let hidden = 0;
    if (number !== 0) return hidden;
    for (const { pieces, readDisableBits: bits } of this.table.fields)
      if (bits.some(hides))
        for (const { block, bit, length } of pieces)
          for (let i = bit; block === 0 && i < bit + length; i++) if (i >>> 5 === word) hidden |= 1 << (i & 31);
    return hidden;
  }
}
