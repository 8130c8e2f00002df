import { sectorSize } from '../flash.ts';
import { checksumOf, type LoaderHost } from './host.ts';
import { Inflater } from './inflater.ts';

/** Error bytes of the ROM (FACTS 1.3). */
export const romError = {
  badMessage: 0x05,
  failed: 0x06,
  checksum: 0x07,
  invalidParameter: 0x64,
} as const;

/** Flash that the ROM assumes until SPI_SET_PARAMS says otherwise (FACTS 1.8). */
const assumedFlashSize = 2 * 1024 * 1024;
/** Flash beyond this cannot be addressed with three bytes: it wraps (FACTS 1.8). */
const addressable = 16 * 1024 * 1024;

/** One write begun by FLASH_BEGIN or FLASH_DEFL_BEGIN. */
interface Session {
  address: number;
  expected: number;
  readonly encrypt: boolean;
  readonly inflater: Inflater | null;
}

/** The ROM's flash commands. Every method gives the error byte, 0 where it went well. */
export class RomFlash {
  readonly #host: LoaderHost;
  #session: Session | null = null;
  #size = assumedFlashSize;

  constructor(host: LoaderHost) {
    this.#host = host;
  }

  close(): void {
    this.#session?.inflater?.close();
    this.#session = null;
  }

  setSize(size: number): void {
    this.#size = size;
  }

  /** `words`: eraseSize, blocks, blockSize, offset, encrypt; `given`: bytes of request data. */
  begin(words: readonly number[], given: number, deflated: boolean): number {
    const [size, , , offset, encrypt] = words as [number, number, number, number, number];
    const { efuse, flash, kind } = this.#host;
    // The first ROM knows no fifth word (FACTS 1.2); whether it minds one is not told: here it does, so that no host relies on it.
    if (kind === 'esp32' ? given !== 16 : given < 20) return romError.badMessage;
    if (kind !== 'esp32' && encrypt !== 0 && efuse.field('DIS_DOWNLOAD_MANUAL_ENCRYPT') === 1)
      return romError.invalidParameter;
    if (offset % sectorSize !== 0 || offset + size > this.#size || !this.#host.registers.flashReachable())
      return romError.failed;
    this.close();
    for (let at = 0; at < size; at += sectorSize) flash.erase((offset + at) % addressable, sectorSize);
    this.#session = {
      address: offset,
      expected: 0,
      encrypt: kind !== 'esp32' && encrypt !== 0,
      inflater: deflated ? new Inflater() : null,
    };
    return 0;
  }

  /**
   * A block: the sequence number must be the expected one, and is used up even by a block with a bad checksum; data goes where the
   * last good block ended (recordings).
   */
  data(sequence: number, data: Uint8Array, checksum: number, deflated: boolean): Promise<number> | number {
    const session = this.#session;
    if (session === null || (session.inflater !== null) !== deflated || sequence !== session.expected)
      return romError.badMessage;
    session.expected++;
    if (checksumOf(data) !== checksum) return romError.checksum;
    if (session.inflater === null) {
      this.#write(session, data);
      return 0;
    }
    return session.inflater.push(data).then(
      (pieces) => {
        for (const piece of pieces) this.#write(session, piece);
        return 0;
      },
      () => romError.badMessage,
    );
  }

  read(offset: number, length: number): Uint8Array | null {
    if (!this.#host.registers.flashReachable()) return null;
    return this.#host.flash.read(offset, length);
  }

  /** MD5 as 32 hex digits in ASCII; null where the flash cannot be reached. */
  md5(offset: number, length: number): Uint8Array | null {
    if (!this.#host.registers.flashReachable() || offset + length > this.#size) return null;
    return this.#host.flash.md5(offset, length);
  }

  #write(session: Session, data: Uint8Array): void {
    const place = session.address % addressable;
    session.address += data.length;
    this.#host.flash.program(place, session.encrypt ? this.#host.encrypt(data, place) : data);
  }
}
