import { checksumOf, type LoaderHost } from './host.ts';
import { largestBlock, romError } from './rom-error.ts';
import type { Block } from './rom-flash.ts';

/** The ROM's MEM_BEGIN and MEM_DATA. Every method gives the error byte, 0 where it went well. */
export class RomRam {
  readonly #host: LoaderHost;
  #address = 0;
  #blockSize = 0;
  #expected = 0;

  constructor(host: LoaderHost) {
    this.#host = host;
  }

  /** `words`: size, blocks, blockSize, address; `given`: bytes of request data. Size and blocks are not held against what comes (run). */
  begin(words: readonly number[], given: number): number {
    const [, , blockSize, address] = words as [number, number, number, number];
    if (given !== 16 || blockSize > largestBlock) return romError.badMessage;
    this.#address = address;
    this.#blockSize = blockSize;
    this.#expected = 0;
    return 0;
  }

  /** A block of any length up to that of the blocks (run); a bad checksum uses its sequence number up, a refused length does not. */
  data({ sequence, data, checksum }: Block): number {
    if (sequence !== this.#expected || data.length > this.#blockSize) return romError.badMessage;
    this.#expected++;
    if (checksumOf(data) !== checksum) return romError.checksum;
    this.#host.registers.load(this.#address, data);
    this.#address += data.length;
    return 0;
  }
}
