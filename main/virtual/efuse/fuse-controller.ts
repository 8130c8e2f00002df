import { fieldOf, hasField } from '../../efuse/tables.ts';
import type { EfuseBlock, EfuseTable } from '../../efuse/types.ts';
import type { EfuseSilicon } from '../silicon.ts';
import type { BurnFault, BurnTrouble, FuseCells } from './cells.ts';

const writeOpcode = 0x5a5a;
const readOpcode = 0x5aa5;
const commandRead = 1;
const commandProgram = 2;
/** How long a controller is busy, microseconds. A CMD write in that time is lost. Orders of magnitude, not measured. */
const programMicros = 1000;
const readMicros = 100;

/** Size of a controller's register window. */
export const efuseWindow = 0x200;

/**
 * What every eFuse controller has, whatever its coding (FACTS 2.1, 2.10): a register window, two opcodes and a command, an array whose
 * bits only go up, and a bus that shows what the last read command latched.
 */
export abstract class FuseController implements EfuseSilicon {
  readonly table: EfuseTable;
  /** What is burned, block by block. */
  protected readonly cells: readonly FuseCells[];
  /** Words as decoded by the last read command, read protection left out. */
  protected readonly latched: number[][];
  protected readonly registers = new Uint32Array(efuseWindow / 4);
  readonly #trouble: BurnTrouble;
  /** Block and word behind a read register, by offset. */
  readonly #readWords = new Map<number, readonly [EfuseBlock, number]>();
  #programs = 0;
  #busyMicros = 0;

  constructor(table: EfuseTable, cells: readonly FuseCells[], trouble: BurnTrouble) {
    this.table = table;
    this.cells = cells;
    this.#trouble = trouble;
    this.latched = table.blocks.map(({ words }) => new Array<number>(words).fill(0));
    for (const block of table.blocks)
      for (let word = 0; word < block.words; word++) this.#readWords.set(block.readOffset + 4 * word, [block, word]);
  }

  /** One program command: burns what is staged. */
  protected abstract program(command: number, fault: BurnFault | null): void;
  /** One read command: decodes the array into `latched` and the error registers. */
  protected abstract latch(): void;
  /** Bits of a read word that RD_DIS hides. */
  protected abstract hiddenBits(block: EfuseBlock, word: number): number;
  /** An error register's value; null where the offset is none. */
  protected abstract errorAt(offset: number): number | null;
  /** Whether the bus cannot write here, read words and CMD left out. */
  protected abstract isReadOnly(offset: number): boolean;
  abstract burnField(name: string, value: number): void;
  abstract setFactoryBlock(block: number, bytes: Uint8Array): void;

  readRegister(offset: number): number {
    const shown = this.#readWords.get(offset);
    if (shown !== undefined) {
      const [block, word] = shown;
      return (this.latched[block.number]![word]! & ~this.hiddenBits(block, word)) >>> 0;
    }
    return this.errorAt(offset) ?? this.registers[offset >>> 2] ?? 0;
  }

  writeRegister(offset: number, value: number): void {
    if (offset === this.table.registers.cmd) this.#command(value);
    else if (this.#readWords.has(offset) || this.isReadOnly(offset)) return;
    else if (offset < efuseWindow) this.registers[offset >>> 2] = value;
  }

  /** Time that passes for the controller, microseconds: delays inside one packet of register writes. */
  advance(micros: number): void {
    this.#busyMicros = Math.max(0, this.#busyMicros - micros);
    if (this.#busyMicros === 0) this.registers[this.table.registers.cmd >>> 2] = 0;
  }

  hardwareBlock(block: number): readonly number[] {
    return this.latched[block]!;
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
    this.latch();
  }

  /** Reset without loss of power: staged words are gone, the latched values stay. */
  reset(): void {
    this.registers.fill(0);
    this.#busyMicros = 0;
  }

  /** Copy of the array, block by block, for the state file. */
  burned(): Uint8Array[] {
    return this.cells.map(({ bytes }) => bytes.slice());
  }

  /** Puts an array that `burned` gave. RangeError where its shape is another chip's. */
  restore(array: readonly Uint8Array[]): void {
    if (array.length !== this.cells.length || array.some((bytes, n) => bytes.length !== this.cells[n]!.bytes.length))
      throw new RangeError('this eFuse array is of another shape');
    for (const [n, bytes] of array.entries()) this.cells[n]!.bytes.set(bytes);
  }

  /** The bits of a field's value, block by block. */
  protected bitsOf(name: string, value: number): Uint8Array[] {
    const bits = this.table.blocks.map(({ words }) => new Uint8Array(4 * words));
    let rest = value;
    for (const { block, bit, length } of fieldOf(this.table, name).pieces)
      for (let i = bit; i < bit + length; i++, rest = Math.floor(rest / 2))
        if (rest % 2 === 1) bits[block]![i >>> 3]! |= 1 << (i & 7);
    return bits;
  }

  protected isFrozen(writeDisableBit: number | null): boolean {
    return writeDisableBit !== null && this.#isSet(0, writeDisableBit);
  }

  /** A copy of what is staged for a block, without the bits of fields that are write-protected. */
  protected withoutFrozen(number: number, staged: Uint8Array): Uint8Array {
    const allowed = staged.slice();
    for (const { pieces, writeDisableBit } of this.table.fields)
      if (this.isFrozen(writeDisableBit))
        for (const { block, bit, length } of pieces)
          if (block === number) for (let i = bit; i < bit + length; i++) allowed[i >>> 3]! &= ~(1 << (i & 7));
    return allowed;
  }

  #isSet(block: number, bit: number): boolean {
    return ((this.latched[block]![bit >>> 5]! >>> (bit & 31)) & 1) === 1;
  }

  #command(value: number): void {
    if (this.#busyMicros > 0) return;
    const { conf, cmd } = this.table.registers;
    const opcode = this.registers[conf >>> 2]! & 0xffff;
    if ((value & commandProgram) !== 0 && opcode === writeOpcode) {
      this.registers[cmd >>> 2] = value;
      this.#busyMicros = programMicros;
      this.#programs++;
      const fault = this.#trouble.faultOf(this.#programs);
      this.program(value, fault);
      if (fault?.startsWith('power-cut') === true) this.#trouble.cutPower();
    } else if ((value & commandRead) !== 0 && opcode === readOpcode) {
      this.registers[cmd >>> 2] = value;
      this.#busyMicros = readMicros;
      this.latch();
    }
  }
}
