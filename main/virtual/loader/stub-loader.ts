import { createHash, type Hash } from 'node:crypto';
import { concat, u32le, utf8, viewOf } from '../../base/bytes.ts';
import { sectorSize } from '../flash.ts';
import {
  blockStart,
  type ChipLoader,
  checksumOf,
  headerLength,
  type LoaderHost,
  opcode as op,
  syncAnswers,
} from './host.ts';
import { Inflater } from './inflater.ts';
import { securityInfo, tellsSecurity } from './security-info.ts';

/** Status bytes of the stub (FACTS 1.3). */
const fault = {
  length: 0xc0,
  checksum: 0xc1,
  unknown: 0xc3,
  spi: 0xc4,
  notWriting: 0xc6,
  inflate: 0xc7,
  tooLittle: 0xc8,
  tooMuch: 0xc9,
} as const;

/** Lengths of request data that the stub insists on. */
const dataLengths: ReadonlyMap<number, number> = new Map([
  [op.flashEnd, 4],
  [op.memBegin, 16],
  [op.memEnd, 8],
  [op.sync, 36],
  [op.readReg, 4],
  [op.spiSetParams, 24],
  [op.spiAttach, 4],
  [op.changeBaudRate, 8],
  [op.deflEnd, 4],
  [op.flashMd5, 16],
  [op.securityInfo, 0],
  [op.eraseRegion, 8],
  [op.readFlash, 16],
]);

/** The stub reads flash in packets of at most this length. */
const maxPacket = 4096;
const none = new Uint8Array(0);

/** A write under way. */
interface Session {
  remaining: number;
  address: number;
  erased: number;
  readonly eraseEnd: number;
  readonly encrypt: boolean;
  readonly inflater: Inflater | null;
}

/** A READ_FLASH under way: one packet is out, the next waits for its acknowledgement. */
interface Reading {
  address: number;
  remaining: number;
  readonly total: number;
  readonly packet: number;
  readonly hash: Hash;
}

/**
 * Espressif's flasher stub (second generation) as its source and a recording show it (`stub_c3`): answers under the request's own
 * opcode with two status bytes, acknowledges a block before it writes it, and reports what went wrong then with the next command.
 */
export class StubLoader implements ChipLoader {
  readonly mode = 'stub';
  readonly #host: LoaderHost;
  #session: Session | null = null;
  #reading: Reading | null = null;
  /** What failed after the last answer; the next command gets it and is not carried out. */
  #late = 0;
  #flashSize: number;
  #ramAddress = 0;
  #ramRemaining = 0;

  constructor(host: LoaderHost) {
    this.#host = host;
    this.#flashSize = host.flash.size;
  }

  /** The only frame the stub sends unasked. */
  greet(): void {
    this.#host.answer([utf8('OHAI')]);
  }

  close(): void {
    this.#session?.inflater?.close();
    this.#session = null;
    this.#reading = null;
  }

  handle(buffer: Uint8Array, length: number): Promise<void> | void {
    if (this.#reading !== null) {
      this.#acknowledged(buffer, length);
      return;
    }
    const view = viewOf(buffer);
    this.#host.efuse.advance(Number.POSITIVE_INFINITY);
    if (length < headerLength) return;
    const opcode = buffer[1]!;
    const given = view.getUint16(2, true);
    if (buffer[0] !== 0) return this.#answer(opcode, fault.unknown);
    if (length !== headerLength + given) return this.#answer(opcode, fault.length);
    if (this.#late !== 0) {
      const late = this.#late;
      this.#late = 0;
      return this.#answer(opcode, late);
    }
    const wanted = dataLengths.get(opcode);
    if (wanted !== undefined && wanted !== given) return this.#answer(opcode, fault.length);
    return this.#run(opcode, buffer.subarray(0, length), view, given);
  }

  #run(opcode: number, frame: Uint8Array, view: DataView, given: number): Promise<void> | void {
    const word = (n: number) => view.getUint32(headerLength + 4 * n, true);
    const checksum = view.getUint32(4, true);
    const { registers, flash } = this.#host;
    switch (opcode) {
      case op.sync:
        this.#host.answer(new Array<Uint8Array>(syncAnswers).fill(payloadOf(opcode, 0, 0, none)));
        return;
      case op.readReg:
        return this.#answer(opcode, 0, registers.read(word(0)));
      case op.writeReg:
        if (given === 0 || given % 16 !== 0) return this.#answer(opcode, fault.tooLittle);
        registers.writeEntries(view, headerLength, given / 16);
        return this.#answer(opcode, 0);
      case op.securityInfo:
        if (!tellsSecurity(this.#host)) return this.#answer(opcode, fault.unknown);
        return this.#answer(opcode, 0, 0, securityInfo(this.#host));
      case op.spiAttach:
        this.#host.registers.attachFlash();
        return this.#answer(opcode, 0);
      case op.spiSetParams:
        this.#flashSize = word(1);
        return this.#answer(opcode, 0);
      case op.changeBaudRate:
        this.#answer(opcode, 0);
        this.#host.setBaudRate(word(0));
        return;
      case op.memBegin:
        this.#ramRemaining = word(0);
        this.#ramAddress = word(3);
        return this.#answer(opcode, 0);
      case op.memData:
        return this.#answer(opcode, this.#loadRam(frame, word(0)));
      case op.memEnd:
        this.#answer(opcode, 0);
        if (word(0) === 0) this.#host.hang();
        return;
      case op.flashBegin:
      case op.deflBegin:
        return this.#answer(opcode, this.#begin(view, given, opcode === op.deflBegin));
      case op.flashData: {
        const data = frame.subarray(blockStart);
        const error = this.#blockFault(given, checksum, data, word(0) === data.length);
        this.#answer(opcode, error);
        if (error === 0) this.#late = this.#write(data.subarray(0, Math.min(data.length, this.#session!.remaining)));
        return;
      }
      case op.deflData: {
        const data = frame.subarray(blockStart, blockStart + word(0));
        const error = this.#blockFault(given, checksum, data, true);
        this.#answer(opcode, error);
        if (error === 0) return this.#inflate(data);
        return;
      }
      case op.flashEnd:
      case op.deflEnd: {
        const error = this.#session === null ? fault.notWriting : this.#session.remaining !== 0 ? fault.length : 0;
        if (error === 0) this.close();
        return this.#answer(opcode, error);
      }
      case op.flashMd5:
        if (!this.#reachable(word(0), word(1))) return this.#answer(opcode, fault.spi);
        return this.#answer(opcode, 0, 0, flash.md5(word(0), word(1)));
      case op.eraseFlash:
        if (!this.#host.registers.flashReachable()) return this.#answer(opcode, fault.spi);
        flash.erase(0, flash.size);
        return this.#answer(opcode, 0);
      case op.eraseRegion:
        return this.#answer(opcode, this.#eraseRegion(word(0), word(1)));
      case op.readFlash:
        this.#answer(opcode, 0);
        return this.#startReading(word(0), word(1), word(2));
      case op.runUserCode:
        this.#host.bootFromFlash();
        return;
      default:
        return this.#answer(opcode, fault.unknown);
    }
  }

  #reachable(offset: number, length: number): boolean {
    return this.#host.registers.flashReachable() && offset + length <= this.#flashSize;
  }

  #loadRam(frame: Uint8Array, length: number): number {
    if (frame.length < blockStart) return fault.tooLittle;
    const data = frame.subarray(blockStart);
    if (length > this.#ramRemaining || length !== data.length) return fault.tooMuch;
    this.#host.registers.load(this.#ramAddress, data);
    this.#ramAddress += length;
    this.#ramRemaining -= length;
    return 0;
  }

  #begin(view: DataView, given: number, deflated: boolean): number {
    if (given !== 16 && given !== 20) return fault.length;
    const word = (n: number) => view.getUint32(headerLength + 4 * n, true);
    const [size, address] = [word(0), word(3)];
    this.close();
    const erased = address - (address % sectorSize);
    this.#session = {
      remaining: size,
      address,
      erased,
      eraseEnd: Math.ceil((address + size) / sectorSize) * sectorSize,
      encrypt: given === 20 && word(4) !== 0,
      inflater: deflated ? new Inflater() : null,
    };
    // it begins to erase at once and erases the rest as it writes
    return size > 0 && !this.#reachable(erased, sectorSize) ? fault.spi : 0;
  }

  #blockFault(given: number, checksum: number, data: Uint8Array, whole: boolean): number {
    if (given < 16) return fault.tooLittle;
    if (this.#session === null) return fault.notWriting;
    if (!whole) return fault.tooMuch;
    return checksumOf(data) === checksum ? 0 : fault.checksum;
  }

  #write(data: Uint8Array): number {
    const session = this.#session!;
    const { flash } = this.#host;
    if (!this.#reachable(session.address, data.length)) return fault.spi;
    const upTo = Math.min(session.eraseEnd, Math.ceil((session.address + data.length) / sectorSize) * sectorSize);
    if (upTo > session.erased) {
      flash.erase(session.erased, upTo - session.erased);
      session.erased = upTo;
    }
    flash.program(session.address, session.encrypt ? this.#host.encrypt(data, session.address) : data);
    session.address += data.length;
    session.remaining -= data.length;
    return 0;
  }

  async #inflate(data: Uint8Array): Promise<void> {
    const session = this.#session!;
    try {
      for (const piece of await session.inflater!.push(data)) {
        if (this.#session !== session) return;
        this.#late = this.#write(piece);
        if (this.#late !== 0) return;
      }
    } catch {
      this.#late = fault.inflate;
    }
  }

  #eraseRegion(offset: number, length: number): number {
    if (offset % sectorSize !== 0 || length % sectorSize !== 0) return fault.length;
    if (!this.#reachable(offset, length)) return fault.spi;
    this.#host.flash.erase(offset, length);
    return 0;
  }

  #startReading(address: number, total: number, packet: number): void {
    if (packet > maxPacket || packet === 0) this.#late = fault.length;
    else if (!this.#reachable(address, total)) this.#late = fault.spi;
    else {
      this.#reading = { address, remaining: total, total, packet, hash: createHash('md5') };
      this.#readOn(this.#reading);
    }
  }

  #acknowledged(buffer: Uint8Array, length: number): void {
    const reading = this.#reading!;
    const done = length === 4 ? viewOf(buffer).getUint32(0, true) : null;
    // anything but a count ends the reading, as the whole count does
    if (done === null || (reading.remaining === 0 && done >= reading.total)) this.#endReading(reading);
    else this.#readOn(reading);
  }

  #readOn(reading: Reading): void {
    if (reading.remaining === 0) {
      if (reading.total === 0) this.#endReading(reading);
      return;
    }
    const data = this.#host.flash.read(reading.address, Math.min(reading.packet, reading.remaining));
    reading.hash.update(data);
    reading.address += data.length;
    reading.remaining -= data.length;
    this.#host.answer([data]);
  }

  #endReading(reading: Reading): void {
    this.#reading = null;
    this.#host.answer([new Uint8Array(reading.hash.digest())]);
  }

  #answer(opcode: number, status: number, value = 0, data: Uint8Array = none): void {
    this.#host.answer([payloadOf(opcode, status, value, status === 0 ? data : none)]);
  }
}

function payloadOf(opcode: number, status: number, value: number, data: Uint8Array): Uint8Array {
  const length = data.length + 2;
  const head = Uint8Array.of(1, opcode, length & 0xff, length >>> 8);
  return concat(head, u32le(value), data, Uint8Array.of(status, 0));
}
