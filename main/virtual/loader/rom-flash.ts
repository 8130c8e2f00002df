import { sectorSize } from '../flash.ts';
import { checksumOf, type LoaderHost } from './host.ts';
import { Inflater } from './inflater.ts';
import { largestBlock, romError } from './rom-error.ts';

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
  /** Bytes that were announced and have not come; below zero: more came. */
  remaining: number;
  readonly blockSize: number;
  readonly encrypt: boolean;
}

/** What a command comes to: the error byte, 0 where it went well; 'deaf': the ROM loops for ever and answers nothing. */
export type FlashResult = number | 'deaf';

/** The ROM's flash commands, as they were seen to act in the ROMs that were run (test/rom; FACTS 17, 19). */
export class RomFlash {
  readonly #host: LoaderHost;
  #plain: Session | null = null;
  #deflated: Session | null = null;
  #inflater: Inflater | null = null;
  #size = assumedFlashSize;

  constructor(host: LoaderHost) {
    this.#host = host;
  }

  close(): void {
    this.#inflater?.close();
    this.#inflater = null;
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
    const [size, , blockSize, offset, flag] = words as [number, number, number, number, number];
    const { efuse, flash, kind } = this.#host;
    // the first ROM knows no fifth word (recorded); of its block size nothing was seen
    const classic = kind === 'esp32';
    if (given !== (classic ? 16 : 20) || blockSize > largestBlock) return romError.badMessage;
    const encrypt = !classic && flag !== 0;
    if (encrypt && (deflated || efuse.field('DIS_DOWNLOAD_MANUAL_ENCRYPT') === 1)) return romError.invalidParameter;
    const session = { address: offset, expected: 0, remaining: size, blockSize, encrypt };
    if (deflated) {
      this.#deflated = session;
      this.#inflater?.close();
      this.#inflater = new Inflater();
    } else this.#plain = session;
    if (offset % sectorSize !== 0 || offset + size > this.#size || !this.#host.registers.flashReachable())
      return romError.failed;
    for (let at = 0; at < size; at += sectorSize) flash.erase((offset + at) % addressable, sectorSize);
    return 0;
  }

  /**
   * A plain block. The sequence number must be the expected one; a refused length leaves it, a bad checksum and a length that the
   * encryption engine does not take use it up. Data goes where the last good block ended.
   */
  data(sequence: number, data: Uint8Array, checksum: number): number {
    const session = this.#plain;
    if (session === null || sequence !== session.expected) return romError.badMessage;
    if (data.length > session.blockSize || data.length % 4 !== 0) return romError.badMessage;
    session.expected++;
    if (checksumOf(data) !== checksum) return romError.checksum;
    if (session.encrypt && data.length % encryptedUnit !== 0) return romError.invalidParameter;
    return this.#write(session, data);
  }

  /** A block of the deflate stream, of any length. Behind the stream's end the ROM waits for more of it for ever. */
  deflatedData(sequence: number, data: Uint8Array, checksum: number): Promise<FlashResult> | number {
    const session = this.#deflated;
    const inflater = this.#inflater;
    if (session === null || inflater === null || sequence !== session.expected || data.length > session.blockSize)
      return romError.badMessage;
    session.expected++;
    if (checksumOf(data) !== checksum) return romError.checksum;
    return inflater.push(data).then(
      (pieces) => {
        let error = 0;
        for (const piece of pieces) error ||= this.#write(session, piece);
        return inflater.overrun ? 'deaf' : error;
      },
      () => romError.deflate,
    );
  }

  /** FLASH_END: whether all that was announced has come. With nothing begun the ROMs differ (run). */
  get complete(): boolean {
    const { kind } = this.#host;
    if (this.#plain === null) return kind !== 'esp32c2' && kind !== 'esp32c3';
    return this.#plain.remaining === 0;
  }

  /** The same of FLASH_DEFL_END. */
  get deflatedComplete(): boolean {
    return this.#deflated === null || this.#deflated.remaining === 0;
  }

  read(offset: number, length: number): Uint8Array | null {
    if (!this.#host.registers.flashReachable()) return null;
    return this.#host.flash.read(offset, length);
  }

  /** MD5 as 16 bytes; null where the flash cannot be reached. Beyond its end the flash begins anew. */
  md5(offset: number, length: number): Uint8Array | null {
    if (!this.#host.registers.flashReachable()) return null;
    return this.#host.flash.md5(offset, length);
  }

  #write(session: Session, data: Uint8Array): number {
    if (!this.#host.registers.flashReachable()) return romError.failed;
    const place = session.address % addressable;
    session.address += data.length;
    session.remaining -= data.length;
    this.#host.flash.program(place, session.encrypt ? this.#host.encrypt(data, place) : data);
    return 0;
  }
}
