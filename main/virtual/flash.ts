import { createHash } from 'node:crypto';
import { fromHex } from '../base/bytes.ts';
import { md5OfBlank } from '../base/digest.ts';
import { eraseMs, programMs } from '../model/flash-part.ts';
import type { VirtualFlash } from './silicon.ts';

export const sectorSize = 4096;

const blankSector = new Uint8Array(sectorSize).fill(0xff);

/** GigaDevice, serial NOR: the two lower bytes of the JEDEC id that this flash answers with. */
const jedecMaker = 0xc8;
const jedecType = 0x40;

/** Troubles of a flash chip: a cell that does not take, the supply that goes. */
export interface FlashTrouble {
  /** A byte that cannot be programmed (it stays erased). */
  readonly deadAddresses: ReadonlySet<number>;
  /** Bytes that may still be programmed before `onCut`; Infinity: no end. */
  bytesLeft: number;
  /** Called after the last byte that got in. */
  readonly onCut: () => void;
}

/**
 * NOR flash: programming clears bits, erasing sets whole sectors. Sectors that are blank take no memory. Reading beyond the end wraps
 * to the start, as the address lines do.
 */
export class NorFlash implements VirtualFlash {
  readonly size: number;
  readonly #sectors: (Uint8Array | null)[];
  #trouble: FlashTrouble | null = null;
  #busyMs = 0;

  constructor(size: number) {
    if (size < sectorSize || (size & (size - 1)) !== 0) throw new RangeError(`a flash of ${size} bytes is not made`);
    this.size = size;
    this.#sectors = new Array<Uint8Array | null>(size / sectorSize).fill(null);
  }

  /** JEDEC id as RDID gives it: manufacturer in the low byte, then type, then log2 of the size. */
  get jedecId(): number {
    return jedecMaker | (jedecType << 8) | (Math.log2(this.size) << 16);
  }

  /** Milliseconds that programming and erasing would have taken since they were asked for the last time. */
  takeBusyMs(): number {
    const busy = this.#busyMs;
    this.#busyMs = 0;
    return busy;
  }

  get busyMs(): number {
    return this.#busyMs;
  }

  setTrouble(trouble: FlashTrouble): void {
    this.#trouble = trouble;
  }

  read(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#eachPiece(address, length, (sector, from, to, at) => {
      const data = this.#sectors[sector];
      if (data) bytes.set(data.subarray(from, to), at);
      else bytes.fill(0xff, at, at + to - from);
    });
    return bytes;
  }

  program(address: number, data: Uint8Array): void {
    this.#busyMs += programMs(data.length);
    const trouble = this.#trouble;
    let length = data.length;
    if (trouble !== null) {
      length = Math.min(length, trouble.bytesLeft);
      trouble.bytesLeft -= length;
    }
    this.#eachPiece(address, length, (sector, from, to, at) => {
      const cells = this.#sectors[sector];
      if (cells) {
        for (let i = from, j = at; i < to; i++, j++) cells[i] = cells[i]! & data[j]!;
        return;
      }
      const fresh = to - from === sectorSize ? data.slice(at, at + sectorSize) : blankSector.slice();
      if (to - from !== sectorSize) fresh.set(data.subarray(at, at + to - from), from);
      this.#sectors[sector] = fresh;
    });
    if (trouble === null) return;
    for (const dead of trouble.deadAddresses)
      if (dead >= address && dead < address + length) {
        const cells = this.#sectors[Math.trunc(dead / sectorSize)];
        if (cells) cells[dead % sectorSize] = 0xff;
      }
    if (length < data.length || trouble.bytesLeft === 0) {
      trouble.bytesLeft = Number.POSITIVE_INFINITY;
      trouble.onCut();
    }
  }

  erase(address: number, length: number): void {
    if (length <= 0) return;
    const first = Math.trunc(address / sectorSize);
    const last = Math.trunc((address + length - 1) / sectorSize);
    this.#busyMs += eraseMs(first * sectorSize, (last + 1 - first) * sectorSize);
    for (let number = first; number <= last; number++) this.#sectors[number % this.#sectors.length] = null;
  }

  /** MD5 (16 bytes) of what lies there. */
  md5(address: number, length: number): Uint8Array {
    if (this.#isBlank(address, length)) return fromHex(md5OfBlank(length));
    const hash = createHash('md5');
    this.#eachPiece(address, length, (sector, from, to) => {
      hash.update((this.#sectors[sector] ?? blankSector).subarray(from, to));
    });
    return new Uint8Array(hash.digest());
  }

  /** Sectors that hold anything, by number. */
  *contents(): Iterable<readonly [number, Uint8Array]> {
    for (const [number, sector] of this.#sectors.entries()) if (sector !== null) yield [number, sector];
  }

  /** Puts a sector as it was saved. */
  restore(sector: number, data: Uint8Array): void {
    if (sector < this.#sectors.length && data.length === sectorSize) this.#sectors[sector] = data.slice();
  }

  #isBlank(address: number, length: number): boolean {
    let blank = true;
    this.#eachPiece(address, length, (sector) => {
      blank &&= this.#sectors[sector] === null;
    });
    return blank;
  }

  #eachPiece(
    address: number,
    length: number,
    visit: (sector: number, from: number, to: number, at: number) => void,
  ): void {
    for (let at = 0; at < length; ) {
      const place = (address + at) % this.size;
      const from = place % sectorSize;
      const to = Math.min(sectorSize, from + length - at);
      visit(Math.trunc(place / sectorSize), from, to, at);
      at += to - from;
    }
  }
}
