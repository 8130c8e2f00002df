import { bytesOfWords, concat, viewOf, wordsOf } from '../../base/bytes.ts';
import type { RandomSource } from '../../base/random.ts';
import { readDisableBitsOf } from '../../efuse/parts.ts';
import { rsDecode } from '../../efuse/reed-solomon.ts';
import { fieldOf } from '../../efuse/tables.ts';
import type { EfuseBlock, EfuseTable } from '../../efuse/types.ts';
import { type BurnFault, type BurnTrouble, FuseCells } from './cells.ts';
import { FuseController } from './fuse-controller.ts';

/** Bytes of a Reed-Solomon block in the array: 32 of data, 12 of parity. */
const codeBytes = 44;
/** Copies of BLOCK0. */
const copies = 4;

/**
 * The eFuse controller and the array behind it (FACTS 2.1 to 2.4). In the array bits only go up; Reed-Solomon blocks hold data and
 * parity as they were programmed, so a second burn of another value spoils them. What the bus shows was latched by the last read
 * command.
 */
export class EfuseController extends FuseController {
  #rsErrors: [number, number] = [0, 0];
  readonly #repeatErrors: number[];
  /** Bytes of BLOCK0, whose cells hold them four times; every other block has its 44 bytes. */
  readonly #copyBytes: number;

  constructor(table: EfuseTable, random: RandomSource, trouble: BurnTrouble) {
    const copyBytes = 4 * table.blocks[0]!.words;
    const cells = table.blocks.map(({ coding }) =>
      coding === 'repeat' ? new FuseCells(copies * copyBytes, copies, random) : new FuseCells(codeBytes, 1, random),
    );
    super(table, cells, trouble);
    this.#copyBytes = copyBytes;
    this.#repeatErrors = table.registers.repeatErrors.map(() => 0);
  }

  /** Burns a field of BLOCK0 as code on the chip does, and reads it back at once. Write protection holds for it too. */
  burnField(name: string, value: number): void {
    const elsewhere = fieldOf(this.table, name).pieces.find(({ block }) => block !== 0);
    if (elsewhere !== undefined)
      throw new RangeError(`${name} lies in BLOCK${elsewhere.block}, which is burned as a whole`);
    this.cells[0]!.burn(this.#repeated(this.withoutFrozen(0, this.bitsOf(name, value)[0]!)), null);
    this.latch();
  }

  /** Puts a block as the factory delivers it: 44 bytes for a Reed-Solomon block, all of its words for BLOCK0. */
  setFactoryBlock(block: number, bytes: Uint8Array): void {
    this.cells[block]!.burn(this.table.blocks[block]!.coding === 'repeat' ? this.#repeated(bytes) : bytes, null);
  }

  protected errorAt(offset: number): number | null {
    const { rsErr0, rsErr1, repeatErrors } = this.table.registers;
    if (offset === rsErr0) return this.#rsErrors[0];
    if (offset === rsErr1) return this.#rsErrors[1];
    return this.#repeatErrors[repeatErrors.indexOf(offset)] ?? null;
  }

  protected isReadOnly(offset: number): boolean {
    return offset === this.table.registers.date;
  }

  protected hiddenBits(block: EfuseBlock, word: number): number {
    if (block.readDisableBits.length === 0) return 0;
    const hidden = this.field('RD_DIS');
    const bits = readDisableBitsOf(block, { bit: 32 * word, length: 32 });
    return bits.some((bit) => ((hidden >>> bit) & 1) === 1) ? 0xffffffff : 0;
  }

  /** The one block that the command names. */
  protected program(command: number, fault: BurnFault | null): void {
    const block = this.table.blocks[(command >>> 2) & 0xf];
    if (block === undefined || this.isFrozen(block.writeDisableBit)) return;
    const { pgmData0, checkValue0 } = this.table.registers;
    const bytes = bytesOfWords([...this.registers.subarray(pgmData0 >>> 2, (checkValue0 >>> 2) + 3)]);
    const wanted =
      block.coding === 'repeat' ? this.#repeated(this.withoutFrozen(0, bytes.subarray(0, this.#copyBytes))) : bytes;
    this.cells[block.number]!.burn(wanted, fault);
  }

  /** BLOCK0 data four times. */
  #repeated(data: Uint8Array): Uint8Array {
    return concat(...Array.from({ length: copies }, () => data.subarray(0, this.#copyBytes)));
  }

  protected latch(): void {
    const errors: [number, number] = [0, 0];
    for (const block of this.table.blocks) {
      if (block.coding === 'repeat') {
        this.#latchRepeated(block.number);
        continue;
      }
      const { data, corrected, failed } = rsDecode(this.cells[block.number]!.bytes);
      this.latched[block.number] = wordsOf(data).slice(0, block.words);
      // FACTS 2.4: bits 2:0 count, bit 3 fail; a decoder that gave up shows the count full (espefuse reads only the bit then)
      const nibble = block.number - 1;
      if (failed || corrected > 0) mark(errors, nibble, failed ? 7 : corrected);
      if (failed) mark(errors, nibble + this.table.rsFailBitShift, 8);
    }
    this.#rsErrors = [errors[0] >>> 0, errors[1] >>> 0];
  }

  /** Majority of the four copies (two of four count as set); a position where they differ shows in the error words. */
  #latchRepeated(number: number): void {
    const view = viewOf(this.cells[number]!.bytes);
    const words = this.#copyBytes / 4;
    for (let word = 0; word < words; word++) {
      const [a, b, c, d] = [0, 1, 2, 3].map((copy) => view.getUint32(copy * this.#copyBytes + 4 * word, true)) as [
        number,
        number,
        number,
        number,
      ];
      this.latched[number]![word] = ((a & b) | (a & c) | (a & d) | (b & c) | (b & d) | (c & d)) >>> 0;
      if (word > 0) this.#repeatErrors[word - 1] = ((a | b | c | d) & ~(a & b & c & d)) >>> 0;
    }
  }
}

/** ORs `value` into nibble `nibble` of the two error words; nibbles beyond BLOCK10's do not exist. */
function mark(errors: [number, number], nibble: number, value: number): void {
  if (nibble < 8) errors[0] |= value << (4 * nibble);
  else if (nibble < 10) errors[1] |= value << (4 * (nibble - 8));
}
