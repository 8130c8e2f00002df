import { sectorSize } from '../flash.ts';
import { type RomEdition, romEdition } from '../rom-edition.ts';
import { checksumOf, type LoaderHost } from './host.ts';
import { type DeflateResult, DeflateStream } from './rom-deflate.ts';
import { largestBlock, largestBlockRequest, romError } from './rom-error.ts';

/** Flash that the ROM assumes until SPI_SET_PARAMS says otherwise (FACTS 1.8). */
const assumedFlashSize = 2 * 1024 * 1024;
/** Flash beyond this cannot be addressed with three bytes: it wraps (FACTS 1.8). */
const addressable = 16 * 1024 * 1024;
/** Unit in which the ROM hands data to the encryption engine. */
const encryptedUnit = 16;

/** One write begun by FLASH_BEGIN or FLASH_DEFL_BEGIN; the ROM keeps one of each sort, side by side. */
interface Session {
  address: number;
  expected: number;
  written: number;
  readonly size: number;
  readonly blocks: number;
  readonly blockSize: number;
  readonly encrypt: boolean;
}

/** A block as it came: sequence number, data, the low byte of the checksum, bytes of request data. */
export interface Block {
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly checksum: number;
  readonly given: number;
}

/** The ROM's flash commands, as they were seen to act in the ROMs that were run (test/rom; FACTS 17, 19) and read in that of the P4. */
export class RomFlash {
  readonly #host: LoaderHost;
  readonly #window = DeflateStream.window();
  #plain: Session | null = null;
  #deflated: Session | null = null;
  #stream: DeflateStream | null = null;
  #size = assumedFlashSize;

  constructor(host: LoaderHost) {
    this.#host = host;
  }

  get #edition(): RomEdition {
    return romEdition(this.#host.kind, this.#host.revision);
  }

  close(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#plain = null;
    this.#deflated = null;
  }

  setSize(size: number): void {
    this.#size = size;
  }

  /**
   * `words`: eraseSize, blocks, blockSize, offset, encrypt; `given`: bytes of request data. A place that cannot be erased is refused, and
   * yet the blocks that follow go there.
   */
  begin(words: readonly number[], given: number, deflated: boolean): number {
    const [size, blocks, blockSize, offset, flag] = words as [number, number, number, number, number];
    const { efuse, flash } = this.#host;
    // of the block size of the first ROM nothing was seen
    const { flashBeginWords } = this.#edition;
    if (given !== 4 * flashBeginWords || blockSize > largestBlock) return romError.badMessage;
    const encrypt = flashBeginWords === 5 && flag !== 0;
    if (encrypt && (deflated || efuse.field('DIS_DOWNLOAD_MANUAL_ENCRYPT') === 1)) return romError.invalidParameter;
    const session: Session = { address: offset, expected: 0, written: 0, size, blocks, blockSize, encrypt };
    if (deflated) {
      this.#deflated = session;
      this.#stream?.close();
      this.#stream = new DeflateStream(this.#window, (data) => {
        this.#write(session, data);
        session.address += data.length;
      });
    } else this.#plain = session;
    if (offset % sectorSize !== 0 || offset + size > this.#size || !this.#host.registers.flashReachable())
      return romError.failed;
    for (let at = 0; at < size; ) {
      const place = (offset + at) % addressable;
      const length = Math.min(size - at, addressable - place);
      flash.erase(place, length);
      at += length;
    }
    return 0;
  }

  /**
   * A plain block. The sequence number must be the expected one; a refused length leaves it, a bad checksum and a length that the
   * encryption engine does not take use it up. Data goes where the last good block ended, and is read back.
   */
  data({ sequence, data, checksum, given }: Block): number {
    const session = this.#plain;
    if (given > largestBlockRequest || session === null || sequence !== session.expected) return romError.badMessage;
    if (data.length > session.blockSize || data.length % 4 !== 0) return romError.badMessage;
    session.expected++;
    if (checksumOf(data) !== checksum) return romError.checksum;
    if (session.encrypt && (data.length % encryptedUnit !== 0 || session.address % encryptedUnit !== 0))
      return romError.invalidParameter;
    const error = this.#write(session, data);
    if (error !== 0) return error;
    const place = session.address % addressable;
    if (!session.encrypt && checksumOf(this.#host.flash.read(place, data.length)) !== checksum)
      return romError.flashVerify;
    session.address += data.length;
    session.written += data.length;
    return 0;
  }

  /**
   * A block of the deflate stream, of any length. A number used up by a bad checksum makes the last block come too late: what is left in
   * the window is then never written.
   */
  deflatedData({ sequence, data, checksum, given }: Block): Promise<DeflateResult> | number {
    const session = this.#deflated;
    if (given > largestBlockRequest || session === null || sequence !== session.expected) return romError.badMessage;
    if (data.length > session.blockSize) return romError.badMessage;
    session.expected++;
    if (checksumOf(data) !== checksum) return romError.checksum;
    return this.#stream!.push(data, session.expected === session.blocks);
  }

  /** FLASH_END: whether all that was announced has come. */
  complete(secure: boolean): boolean {
    if (this.#plain === null) return !secure && this.#edition.endsNothing;
    const { expected, blocks, written, size } = this.#plain;
    return expected === blocks && written === size;
  }

  /** FLASH_DEFL_END: whether as many blocks came as were announced. */
  get deflatedComplete(): boolean {
    return this.#deflated === null || this.#deflated.expected === this.#deflated.blocks;
  }

  read(offset: number, length: number): Uint8Array | null {
    if (!this.#host.registers.flashReachable()) return null;
    return this.#host.flash.read(offset % addressable, length);
  }

  /** MD5 as 16 bytes; null where the flash cannot be reached. Beyond its end the flash begins anew. */
  md5(offset: number, length: number): Uint8Array | null {
    if (!this.#host.registers.flashReachable()) return null;
    return this.#host.flash.md5(offset % addressable, length);
  }

  #write(session: Session, data: Uint8Array): number {
    if (!this.#host.registers.flashReachable()) return romError.failed;
    const place = session.address % addressable;
    this.#host.flash.program(place, session.encrypt ? this.#host.encrypt(data, place) : data);
    return 0;
  }
}
