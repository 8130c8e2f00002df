import { bytesOfWords, wordsOf } from '../../base/bytes.ts';
import type { RandomSource } from '../../base/random.ts';
import { decode34, encode34 } from '../../efuse/coding-34.ts';
import type { EfuseBlock, EfuseTable } from '../../efuse/types.ts';
import { type BurnFault, type BurnTrouble, FuseCells } from './cells.ts';
import { FuseController } from './fuse-controller.ts';

/** Values of CODING_SCHEME that mean no coding: 3 was burned by a recovery (esptool, espefuse/efuse/esp32). */
const threeQuarter = 1;

/**
 * The eFuse controller of the classic ESP32 (FACTS 2.10): every block has write registers of its own, and one program command burns what
 * is staged in all of them. No copies, no Reed-Solomon; with CODING_SCHEME 1 the blocks 1 to 3 hold 3/4 code, whose check bytes the host
 * makes, and DEC_STATUS marks groups that do not fit.
 */
export class ClassicEfuseController extends FuseController {
  #decodeStatus = 0;

  constructor(table: EfuseTable, random: RandomSource, trouble: BurnTrouble) {
    super(
      table,
      table.blocks.map(({ words }) => new FuseCells(4 * words, 1, random)),
      trouble,
    );
  }

  burnField(name: string, value: number): void {
    const bits = this.bitsOf(name, value);
    for (const block of this.table.blocks) this.#burn(block, bits[block.number]!, null);
    this.latch();
  }

  /** The data of a block as the factory delivers it, before coding. */
  setFactoryBlock(block: number, bytes: Uint8Array): void {
    const coded = block > 0 && this.#coded && bytes.length === 24 ? encode34(bytes) : bytes;
    const whole = new Uint8Array(4 * this.table.blocks[block]!.words);
    whole.set(coded.subarray(0, whole.length));
    this.cells[block]!.burn(whole, null);
    this.latch();
  }

  get #coded(): boolean {
    return this.field('CODING_SCHEME') === threeQuarter;
  }

  protected errorAt(offset: number): number | null {
    return offset === this.table.registers.status ? this.#decodeStatus : null;
  }

  protected isReadOnly(offset: number): boolean {
    return offset === this.table.registers.status;
  }

  /** Everything that is staged, in all blocks. */
  protected program(_command: number, fault: BurnFault | null): void {
    for (const block of this.table.blocks) {
      const at = block.writeOffset! >>> 2;
      const staged = bytesOfWords([...this.registers.subarray(at, at + block.words)]);
      this.#burn(block, staged, staged.some((byte) => byte !== 0) ? fault : null);
    }
  }

  #burn(block: EfuseBlock, staged: Uint8Array, fault: BurnFault | null): void {
    if (this.isFrozen(block.writeDisableBit)) return;
    this.cells[block.number]!.burn(this.withoutFrozen(block.number, staged), fault);
  }

  protected latch(): void {
    for (const { number } of this.table.blocks) this.latched[number] = wordsOf(this.cells[number]!.bytes);
    this.#decodeStatus = 0;
    if (!this.#coded) return;
    for (const { number, words } of this.table.blocks.slice(1)) {
      const { data, wrong } = decode34(this.cells[number]!.bytes);
      const whole = new Uint8Array(4 * words);
      whole.set(data);
      this.latched[number] = wordsOf(whole);
      for (const group of wrong) this.#decodeStatus |= 1 << (4 * (number - 1) + group);
    }
  }

  /** Bits of a read word that RD_DIS hides: whole blocks, and a few fields of BLOCK0. */
  protected hiddenBits({ number, readDisableBits }: EfuseBlock, word: number): number {
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
