import { bytesOfWords, viewOf, wordsOf } from '../base/bytes.ts';
import type { RandomSource } from '../base/random.ts';
import { readDisableBitsOf } from '../efuse/parts.ts';
import { rsDecode } from '../efuse/reed-solomon.ts';
import { fieldOf, hasField } from '../efuse/tables.ts';
import type { EfuseBlock, EfuseTable } from '../efuse/types.ts';
import { type BurnTrouble, FuseCells } from './efuse-cells.ts';
import type { EfuseSilicon } from './silicon.ts';

/** Bytes of a Reed-Solomon block in the array: 32 of data, 12 of parity. */
const codeBytes = 44;
/** Copies of BLOCK0. */
const copies = 4;

const writeOpcode = 0x5a5a;
const readOpcode = 0x5aa5;
const commandRead = 1;
const commandProgram = 2;
/** How long the controller is busy, microseconds. A CMD write in that time is lost. Orders of magnitude, not measured. */
const programMicros = 1000;
const readMicros = 100;

/** Size of the controller's register window. */
export const efuseWindow = 0x200;

/**
 * The eFuse controller and the array behind it (FACTS 2.1 to 2.4). In the array bits only go up; Reed-Solomon blocks hold data and
 * parity as they were programmed, so a second burn of another value spoils them. What the bus shows was latched by the last read
 * command.
 */
export class EfuseController implements EfuseSilicon {
  readonly table: EfuseTable;
  readonly #trouble: BurnTrouble;
  /** What is burned: BLOCK0 four times, every other block as its 44 bytes. */
  readonly #cells: readonly FuseCells[];
  /** Words as decoded by the last read command, read protection left out. */
  readonly #latched: number[][];
  readonly #registers = new Uint32Array(efuseWindow / 4);
  /** Block and word behind a read register, by offset. */
  readonly #readWords = new Map<number, readonly [EfuseBlock, number]>();
  #rsErrors: [number, number] = [0, 0];
  #repeatErrors: number[];
  /** Bytes of BLOCK0. */
  readonly #copyBytes: number;
  #programs = 0;
  #busyMicros = 0;

  constructor(table: EfuseTable, random: RandomSource, trouble: BurnTrouble) {
    this.table = table;
    this.#copyBytes = 4 * table.blocks[0]!.words;
    this.#trouble = trouble;
    this.#cells = table.blocks.map(({ coding }) =>
      coding === 'repeat'
        ? new FuseCells(copies * this.#copyBytes, copies, random)
        : new FuseCells(codeBytes, 1, random),
    );
    this.#latched = table.blocks.map(({ words }) => new Array<number>(words).fill(0));
    this.#repeatErrors = table.registers.repeatErrors.map(() => 0);
    for (const block of table.blocks)
      for (let word = 0; word < block.words; word++) this.#readWords.set(block.readOffset + 4 * word, [block, word]);
  }

  readRegister(offset: number): number {
    const { registers } = this.table;
    const shown = this.#readWords.get(offset);
    if (shown !== undefined) {
      const [block, word] = shown;
      return this.#readProtected(block, word) ? 0 : this.#latched[block.number]![word]!;
    }
    if (offset === registers.rsErr0) return this.#rsErrors[0];
    if (offset === registers.rsErr1) return this.#rsErrors[1];
    const repeat = registers.repeatErrors.indexOf(offset);
    if (repeat >= 0) return this.#repeatErrors[repeat]!;
    return this.#registers[offset >>> 2] ?? 0;
  }

  writeRegister(offset: number, value: number): void {
    const { registers } = this.table;
    if (offset === registers.cmd) this.#command(value);
    else if (this.#readWords.has(offset)) return;
    else if (offset < efuseWindow && offset !== registers.date) this.#registers[offset >>> 2] = value;
  }

  /** Time that passes for the controller, microseconds: delays inside one packet of register writes. */
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
      for (let i = bit; i < bit + length; i++, weight *= 2)
        if ((this.#latched[block]![i >>> 5]! >>> (i & 31)) & 1) value += weight;
    return value;
  }

  powerOn(): void {
    this.#registers.fill(0);
    this.#busyMicros = 0;
    this.#latch();
  }

  /** Reset without loss of power: staged words are gone, the latched values stay. */
  reset(): void {
    this.#registers.fill(0);
    this.#busyMicros = 0;
  }

  /** Burns a field of BLOCK0 as code on the chip does, and reads it back at once. Write protection holds for it too. */
  burnField(name: string, value: number): void {
    const data = new Uint8Array(this.#copyBytes);
    let rest = value;
    for (const { block, bit, length } of fieldOf(this.table, name).pieces) {
      if (block !== 0) throw new RangeError(`${name} lies in BLOCK${block}, which is burned as a whole`);
      for (let i = bit; i < bit + length; i++, rest = Math.floor(rest / 2))
        if (rest % 2 === 1) data[i >>> 3] = data[i >>> 3]! | (1 << (i & 7));
    }
    this.#cells[0]!.burn(this.#repeated(data), null);
    this.#latch();
  }

  /** Puts a block as the factory delivers it: 44 bytes for a Reed-Solomon block, all of its words for BLOCK0. */
  setFactoryBlock(block: number, bytes: Uint8Array): void {
    this.#cells[block]!.burn(this.#coding(block) === 'repeat' ? this.#repeated(bytes, false) : bytes, null);
  }

  /** Copy of the array, block by block, for the state file. */
  burned(): Uint8Array[] {
    return this.#cells.map(({ bytes }) => bytes.slice());
  }

  /** Puts an array that `burned` gave. RangeError where its shape is another chip's. */
  restore(array: readonly Uint8Array[]): void {
    if (array.length !== this.#cells.length || array.some((bytes, n) => bytes.length !== this.#cells[n]!.bytes.length))
      throw new RangeError('this eFuse array is of another shape');
    for (const [n, bytes] of array.entries()) this.#cells[n]!.bytes.set(bytes);
  }

  #coding(block: number): EfuseBlock['coding'] {
    return this.table.blocks[block]!.coding;
  }

  #readProtected(block: EfuseBlock, word: number): boolean {
    if (block.readDisableBits.length === 0) return false;
    const hidden = this.field('RD_DIS');
    return readDisableBitsOf(block, { bit: 32 * word, length: 32 }).some((bit) => ((hidden >>> bit) & 1) === 1);
  }

  #writeProtected(bit: number | null): boolean {
    return bit !== null && ((this.#latched[0]![0]! >>> bit) & 1) === 1;
  }

  #command(value: number): void {
    if (this.#busyMicros > 0) return;
    const { registers } = this.table;
    const opcode = this.#registers[registers.conf >>> 2]! & 0xffff;
    if ((value & commandProgram) !== 0 && opcode === writeOpcode) {
      this.#registers[registers.cmd >>> 2] = value;
      this.#busyMicros = programMicros;
      this.#program((value >>> 2) & 0xf);
    } else if ((value & commandRead) !== 0 && opcode === readOpcode) {
      this.#registers[registers.cmd >>> 2] = value;
      this.#busyMicros = readMicros;
      this.#latch();
    }
  }

  #program(number: number): void {
    const block = this.table.blocks[number];
    this.#programs++;
    const fault = this.#trouble.faultOf(this.#programs);
    if (block !== undefined && !this.#writeProtected(block.writeDisableBit)) {
      const { pgmData0, checkValue0 } = this.table.registers;
      const staged = this.#registers.subarray(pgmData0 >>> 2, (checkValue0 >>> 2) + 3);
      const bytes = bytesOfWords([...staged]);
      this.#cells[number]!.burn(
        block.coding === 'repeat' ? this.#repeated(bytes.subarray(0, this.#copyBytes)) : bytes,
        fault,
      );
    }
    if (fault === 'power-cut-in-burn' || fault === 'power-cut-after-burn') this.#trouble.cutPower();
  }

  /** BLOCK0 data four times, without the bits that are write-protected. */
  #repeated(data: Uint8Array, protect = true): Uint8Array {
    const allowed = data.slice(0, this.#copyBytes);
    if (protect)
      for (const { pieces, writeDisableBit } of this.table.fields)
        if (this.#writeProtected(writeDisableBit))
          for (const { block, bit, length } of pieces)
            if (block === 0)
              for (let i = bit; i < bit + length; i++) allowed[i >>> 3] = allowed[i >>> 3]! & ~(1 << (i & 7));
    const all = new Uint8Array(copies * allowed.length);
    for (let copy = 0; copy < copies; copy++) all.set(allowed, copy * allowed.length);
    return all;
  }

  #latch(): void {
    const errors: [number, number] = [0, 0];
    for (const block of this.table.blocks) {
      if (block.coding === 'repeat') {
        this.#latchRepeated(block.number);
        continue;
      }
      const { data, corrected, failed } = rsDecode(this.#cells[block.number]!.bytes);
      this.#latched[block.number] = wordsOf(data).slice(0, block.words);
      // FACTS 2.4: bits 2:0 count, bit 3 fail; a decoder that gave up shows the count full (espefuse reads only the bit then)
      const nibble = block.number - 1;
      if (failed || corrected > 0) mark(errors, nibble, failed ? 7 : corrected);
      if (failed) mark(errors, nibble + this.table.rsFailBitShift, 8);
    }
    this.#rsErrors = [errors[0] >>> 0, errors[1] >>> 0];
  }

  /** Majority of the four copies (two of four count as set); a position where they differ shows in the error words. */
  #latchRepeated(number: number): void {
    const view = viewOf(this.#cells[number]!.bytes);
    const words = this.#copyBytes / 4;
    for (let word = 0; word < words; word++) {
      const [a, b, c, d] = [0, 1, 2, 3].map((copy) => view.getUint32(copy * this.#copyBytes + 4 * word, true)) as [
        number,
        number,
        number,
        number,
      ];
      this.#latched[number]![word] = ((a & b) | (a & c) | (a & d) | (b & c) | (b & d) | (c & d)) >>> 0;
      if (word > 0) this.#repeatErrors[word - 1] = ((a | b | c | d) & ~(a & b & c & d)) >>> 0;
    }
  }
}

/** ORs `value` into nibble `nibble` of the two error words; nibbles beyond BLOCK10's do not exist. */
function mark(errors: [number, number], nibble: number, value: number): void {
  if (nibble < 8) errors[0] |= value << (4 * nibble);
  else if (nibble < 10) errors[1] |= value << (4 * (nibble - 8));
}
