import { toHex, utf8, viewOf } from '../../base/bytes.ts';
import { romClockRatio } from '../kinds.ts';
import { type RomEdition, romEdition } from '../rom-edition.ts';
import { blockStart, type ChipLoader, headerLength, type LoaderHost, opcode as op } from './host.ts';
import { RomAnswers } from './rom-answers.ts';
import { RomDoor } from './rom-door.ts';
import { romError } from './rom-error.ts';
import { type Block, RomFlash } from './rom-flash.ts';
import { RomRam } from './rom-ram.ts';
import { securityInfo, tellsSecurity } from './security-info.ts';

/** The ROM knows the opcodes below the stub's own. */
const opcodes: ReadonlySet<number> = new Set(Object.values(op).filter((code) => code < op.eraseFlash));

/** What secure download mode leaves open (FACTS 1.8). */
const secureOpcodes: ReadonlySet<number> = new Set([
  op.flashBegin,
  op.flashData,
  op.flashEnd,
  op.sync,
  op.spiSetParams,
  op.spiAttach,
  op.changeBaudRate,
  op.securityInfo,
]);

const slowReadLength = 64;
/** The ROM reads as long as it is told to; longer than this is for ever. */
const longestMd5 = 256 * 1024 * 1024;
/** An empty frame, as the ROM sends it where it empties its UART. */
const flushed = Uint8Array.of(0xc0, 0xc0);

/** The serial loader in the mask ROM, after recordings of a real one and the ROMs that were run (FACTS 17, 19; test/rom). */
export class RomLoader implements ChipLoader {
  readonly mode = 'rom';
  readonly #host: LoaderHost;
  readonly #flash: RomFlash;
  readonly #ram: RomRam;
  readonly #door: RomDoor;
  readonly #answers: RomAnswers;
  /** Whether it still waits for the SYNC that tells it which line it is asked over. */
  #unsynced: boolean;

  constructor(host: LoaderHost) {
    this.#host = host;
    this.#flash = new RomFlash(host);
    this.#ram = new RomRam(host);
    this.#door = new RomDoor(host);
    this.#answers = new RomAnswers((payloads) => {
      if (host.doorFound === 'before-answer' && this.#door.hasShut()) host.softwareReset();
      else host.answer(payloads);
    });
    this.#unsynced = this.#edition.waitsForSync;
  }

  close(): void {
    this.#flash.close();
  }

  handle(buffer: Uint8Array): Promise<void> | void {
    this.#host.efuse.advance(Number.POSITIVE_INFINITY);
    const opcode = buffer[1]!;
    if (this.#unsynced) {
      if (opcode !== op.sync) return;
      this.#unsynced = false;
      this.#answers.connected(viewOf(buffer).getUint32(headerLength, true));
      return;
    }
    if (this.#door.hasShut()) {
      this.#host.softwareReset();
      return;
    }
    if (buffer[0] !== 0 || !this.#takes(opcode)) {
      this.#answers.refuse();
      return;
    }
    this.#answers.accept(opcode);
    const result = this.#run(opcode, buffer);
    if (typeof result === 'number') this.#answers.finish(result);
    else if (result !== null)
      return result.then((error) => {
        if (error !== null) this.#answers.finish(error);
      });
  }

  #takes(opcode: number): boolean {
    if (opcode === op.securityInfo) return tellsSecurity(this.#host);
    return opcodes.has(opcode) && (!this.#door.secure || secureOpcodes.has(opcode));
  }

  /** The error byte; null where the command has answered by itself (or never will). */
  #run(opcode: number, buffer: Uint8Array): Promise<number | null> | number | null {
    const view = viewOf(buffer);
    const word = (n: number) => view.getUint32(headerLength + 4 * n, true);
    const words = [word(0), word(1), word(2), word(3), word(4)];
    const given = view.getUint16(2, true);
    const block = (): Block => ({ sequence: word(1), data: blockOf(buffer, word(0)), checksum: buffer[4]!, given });
    switch (opcode) {
      case op.sync:
        this.#answers.value = word(0);
        return 0;
      case op.readReg:
        this.#answers.value = this.#host.registers.read(word(0));
        return 0;
      case op.writeReg:
        this.#host.registers.writeEntries(view, headerLength, entriesIn(given, buffer));
        return 0;
      case op.securityInfo:
        return this.#answer(securityInfo(this.#host));
      case op.spiAttach:
        this.#host.registers.attachFlash();
        return 0;
      case op.spiSetParams:
        if (given !== 24) return romError.badMessage;
        this.#flash.setSize(word(1));
        return 0;
      case op.changeBaudRate:
        this.#answers.finish(0);
        this.#host.setBaudRate(Math.round(word(0) * romClockRatio(this.#host.facts)));
        if (this.#edition.flushesForRate) this.#host.sendRaw(flushed);
        return null;
      case op.readFlashSlow:
        return this.#readSlow(word(0), word(1));
      case op.memBegin:
        return this.#ram.begin(words, given);
      case op.memData:
        return this.#ram.data(block());
      case op.memEnd:
        return this.#endRam(word(0), word(1));
      case op.flashBegin:
      case op.deflBegin:
        return this.#flash.begin(words, given, opcode === op.deflBegin);
      case op.flashData:
        return this.#flash.data(block());
      case op.deflData:
        return this.#inflate(block());
      case op.flashEnd:
        return this.#endFlash(buffer[headerLength] !== 0);
      case op.deflEnd:
        return this.#endDeflated(buffer[headerLength] !== 0);
      case op.flashMd5:
        return this.#md5(word(0), word(1));
      default:
        return romError.badMessage;
    }
  }

  /** A READ_FLASH_SLOW on an S3 jumps through a pointer in RAM that the host may have set to its stub (FACTS 1.6). */
  #readSlow(offset: number, length: number): number | null {
    const { registers, facts } = this.#host;
    if (facts.readHook !== null && registers.holdsCode(registers.read(facts.readHook))) {
      this.#host.startStub();
      return null;
    }
    if (length > slowReadLength) {
      // the answer is as long as a good one, with what the buffer held (run)
      this.#answers.finish(romError.readLength, slowReadLength);
      return null;
    }
    const data = this.#flash.read(offset, slowReadLength);
    return data === null ? romError.failed : this.#answer(data);
  }

  #md5(offset: number, length: number): number | null {
    if (length > longestMd5) {
      this.#host.hang();
      return null;
    }
    const md5 = this.#flash.md5(offset, length);
    return md5 === null ? romError.failed : this.#answer(utf8(toHex(md5)));
  }

  async #inflate(block: Block): Promise<number | null> {
    const result = await this.#flash.deflatedData(block);
    if (result !== 'deaf') return result;
    this.#host.hang();
    return null;
  }

  /**
   * A zero flag runs the entry, an entry of zero leaves the loader; with Secure Boot on as RomEdition.memEndSecured says. An entry where
   * nothing was loaded hangs the chip.
   */
  #endRam(stay: number, entry: number): null {
    const { registers } = this.#host;
    this.#answers.finish(0);
    const does = this.#memEndDoes;
    if (stay !== 0 || does === 'stays') return null;
    if (entry === 0 || does === 'leaves') this.#leave();
    else if (registers.holdsCode(entry)) this.#host.startStub();
    else this.#host.hang();
    return null;
  }

  /**
   * With all that was announced and a zero flag the ROM resets in software, and so comes back here; otherwise it leaves the loader (run).
   */
  #endFlash(stay: boolean): null {
    const complete = this.#flash.complete(this.#door.secure);
    this.#flash.close();
    this.#answers.finish(complete ? 0 : romError.failed);
    if (complete && !stay) this.#reset();
    else this.#leave();
    return null;
  }

  /** The same for a deflate stream, but that the loader stays where it does not reset (run). */
  #endDeflated(stay: boolean): number | null {
    if (!this.#flash.deflatedComplete) return romError.failed;
    if (stay) return 0;
    this.#answers.finish(0);
    this.#reset();
    return null;
  }

  #answer(data: Uint8Array): null {
    this.#answers.data(data);
    return null;
  }

  #reset(): void {
    this.#host.sendRaw(flushed);
    this.#host.softwareReset();
  }

  /**
   * Out of the loader with nowhere to go: in secure download mode, and on a C3 with Secure Boot, a reset; elsewhere the ROM's last words,
   * then nothing (run).
   */
  #leave(): void {
    if (this.#door.secure || this.#memEndDoes === 'leaves') {
      this.#host.softwareReset();
      return;
    }
    this.#host.sendRaw(utf8(this.#edition.farewell));
    this.#host.hang();
  }

  get #edition(): RomEdition {
    return romEdition(this.#host.kind, this.#host.revision);
  }

  get #memEndDoes(): RomEdition['memEndSecured'] {
    return this.#host.efuse.field('SECURE_BOOT_EN') === 1 ? this.#edition.memEndSecured : 'runs';
  }
}

/** WRITE_REG: whole entries by the header's length (run), no more than the ROM's buffer has. */
function entriesIn(given: number, buffer: Uint8Array): number {
  return Math.min(given, buffer.length - headerLength) >>> 4;
}

/** Data of a block as its sub-header announces it; what was not received is stale. */
function blockOf(buffer: Uint8Array, length: number): Uint8Array {
  return buffer.subarray(blockStart, Math.min(blockStart + length, buffer.length));
}
