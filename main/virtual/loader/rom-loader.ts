import { toHex, utf8, viewOf } from '../../base/bytes.ts';
import { romClockRatio } from '../kinds.ts';
import { romEdition } from '../rom-edition.ts';
import type { VirtualEfuse } from '../silicon.ts';
import { blockStart, type ChipLoader, headerLength, type LoaderHost, opcode as op, syncAnswers } from './host.ts';
import { romError } from './rom-error.ts';
import { RomFlash } from './rom-flash.ts';
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

/**
 * Commands whose success leaves the error byte of an earlier failure standing (recordings: `00 05` and `00 07` behind a success).
 * SYNC, SPI_ATTACH, CHANGE_BAUDRATE and SPI_FLASH_MD5 were seen to clear it; of the register commands, SPI_SET_PARAMS and READ_FLASH_SLOW
 * it is assumed.
 */
const keepsError: ReadonlySet<number> = new Set([
  op.flashBegin,
  op.flashData,
  op.flashEnd,
  op.memBegin,
  op.memData,
  op.memEnd,
  op.deflBegin,
  op.deflData,
  op.deflEnd,
  op.securityInfo,
]);

const slowReadLength = 64;
/** The ROM reads as long as it is told to; longer than this is for ever. */
const longestMd5 = 256 * 1024 * 1024;
/** An empty frame, as the ROM sends it where it empties its UART. */
const flushed = Uint8Array.of(0xc0, 0xc0);
const basicGreeting = 'flash read err, 631\r\nFalling back to built-in command interpreter.\r\nOK\r\n>';

/**
 * The serial loader in the mask ROM, after recordings of a real one (FACTS 17: `rom_c3_fresh`, `rom_c3_secure_download`): its buffers
 * are never cleared, so the value field, the bytes behind the status and the words behind a short request are stale.
 */
export class RomLoader implements ChipLoader {
  readonly mode = 'rom';
  readonly #host: LoaderHost;
  readonly #flash: RomFlash;
  readonly #ram: RomRam;
  /** Data of the last answer; what a shorter answer leaves standing is sent again with a longer one. */
  readonly #reply = new Uint8Array(128);
  #value = 0;
  #error = 0;
  #lastOpcode = 0;
  #lastCount = 1;
  /** Secure download mode as it was when this loader started. */
  readonly #secure: boolean;
  /** Whether it still waits for the SYNC that tells it which line it is asked over. */
  #unsynced: boolean;

  constructor(host: LoaderHost) {
    this.#host = host;
    this.#flash = new RomFlash(host);
    this.#ram = new RomRam(host);
    this.#secure = isSecure(host.efuse);
    this.#unsynced = romEdition(host.kind, host.revision).waitsForSync;
  }

  close(): void {
    this.#flash.close();
  }

  handle(buffer: Uint8Array): Promise<void> | void {
    this.#host.efuse.advance(Number.POSITIVE_INFINITY);
    const opcode = buffer[1]!;
    this.#unsynced &&= opcode !== op.sync;
    if (this.#unsynced) return;
    if (this.#doorHasShut()) {
      this.#host.softwareReset();
      return;
    }
    const unknown = !opcodes.has(opcode) || (opcode === op.securityInfo && !tellsSecurity(this.#host));
    if (unknown || buffer[0] !== 0 || (this.#secure && !secureOpcodes.has(opcode))) {
      this.#refuse();
      return;
    }
    this.#lastOpcode = opcode;
    this.#lastCount = 1;
    const result = this.#run(opcode, buffer);
    if (typeof result === 'number') this.#finish(opcode, result);
    else if (result !== null)
      return result.then((error) => {
        if (error !== null) this.#finish(opcode, error);
      });
  }

  /**
   * Whether a fuse that shuts this door has come into force since the loader started (recorded of a C3, run in the ROMs of C2, C5, C6, C61,
   * H2 and P4; of S2 and S3 inferred). ESP32 does not look before its next reset (recorded).
   */
  #doorHasShut(): boolean {
    const { kind, efuse } = this.#host;
    if (kind === 'esp32') return false;
    return efuse.field('DIS_DOWNLOAD_MODE') === 1 || isSecure(efuse) !== this.#secure;
  }

  /** The error byte; null where the command has answered by itself (or never will). */
  #run(opcode: number, buffer: Uint8Array): Promise<number | null> | number | null {
    const view = viewOf(buffer);
    const word = (n: number) => view.getUint32(headerLength + 4 * n, true);
    const words = [word(0), word(1), word(2), word(3), word(4)];
    const given = view.getUint16(2, true);
    const block = () => [word(1), blockOf(buffer, word(0)), view.getUint32(4, true)] as const;
    switch (opcode) {
      case op.sync:
        this.#value = word(0);
        this.#lastCount = syncAnswers;
        return 0;
      case op.readReg:
        this.#value = this.#host.registers.read(word(0));
        return 0;
      case op.writeReg:
        this.#host.registers.writeEntries(view, headerLength, entriesIn(given, buffer));
        return 0;
      case op.securityInfo:
        return this.#answerWith(opcode, securityInfo(this.#host));
      case op.spiAttach:
        this.#host.registers.attachFlash();
        return 0;
      case op.spiSetParams:
        if (given !== 24) return romError.badMessage;
        this.#flash.setSize(word(1));
        return 0;
      case op.changeBaudRate:
        this.#finish(opcode, 0);
        this.#host.setBaudRate(Math.round(word(0) * romClockRatio(this.#host.kind, this.#host.facts)));
        if (romEdition(this.#host.kind, this.#host.revision).flushesForRate) this.#host.sendRaw(flushed);
        return null;
      case op.readFlashSlow:
        return this.#readSlow(opcode, word(0), word(1));
      case op.memBegin:
        return this.#ram.begin(words, given);
      case op.memData:
        return this.#ram.data(...block());
      case op.memEnd:
        return this.#endRam(opcode, word(0), word(1));
      case op.flashBegin:
      case op.deflBegin:
        return this.#flash.begin(words, given, opcode === op.deflBegin);
      case op.flashData:
        return this.#flash.data(...block());
      case op.deflData:
        return this.#inflate(block());
      case op.flashEnd:
        return this.#endFlash(word(0) !== 0);
      case op.deflEnd:
        return this.#endDeflated(word(0) !== 0);
      case op.flashMd5:
        return this.#md5(word(0), word(1));
      default:
        return romError.badMessage;
    }
  }

  /** A READ_FLASH_SLOW on an S3 jumps through a pointer in RAM that the host may have set to its stub (FACTS 1.6). */
  #readSlow(opcode: number, offset: number, length: number): number | null {
    const { registers, facts } = this.#host;
    if (facts.readHook !== null && registers.holdsCode(registers.read(facts.readHook))) {
      this.#host.startStub();
      return null;
    }
    if (length > slowReadLength) {
      // the answer is as long as a good one, with what the buffer held (run)
      this.#error = romError.readLength;
      this.#send(opcode, slowReadLength, 1);
      return null;
    }
    const data = this.#flash.read(offset, slowReadLength);
    return data === null ? romError.failed : this.#answerWith(opcode, data);
  }

  #md5(offset: number, length: number): number | null {
    if (length > longestMd5) {
      this.#host.hang();
      return null;
    }
    const md5 = this.#flash.md5(offset, length);
    return md5 === null ? romError.failed : this.#answerWith(op.flashMd5, utf8(toHex(md5)));
  }

  async #inflate([sequence, data, checksum]: readonly [number, Uint8Array, number]): Promise<number | null> {
    const result = await this.#flash.deflatedData(sequence, data, checksum);
    if (result !== 'deaf') return result;
    this.#host.hang();
    return null;
  }

  /**
   * A zero flag runs the entry, an entry of zero leaves the loader. With Secure Boot on, a C3 leaves it too (run); an S3 is said not to
   * jump (FACTS 1.6). An entry where nothing was loaded hangs the chip.
   */
  #endRam(opcode: number, stay: number, entry: number): null {
    const { kind, efuse, registers } = this.#host;
    this.#finish(opcode, 0);
    const barred = efuse.field('SECURE_BOOT_EN') === 1;
    if (stay !== 0 || (barred && kind === 'esp32s3')) return null;
    if (entry === 0 || (barred && kind === 'esp32c3')) this.#leave();
    else if (registers.holdsCode(entry)) this.#host.startStub();
    else this.#host.hang();
    return null;
  }

  /**
   * With all that was announced and a zero flag the ROM resets in software, and so comes back here; otherwise it leaves the loader (run).
   */
  #endFlash(stay: boolean): null {
    const { complete } = this.#flash;
    this.#flash.close();
    this.#finish(op.flashEnd, complete ? 0 : romError.failed);
    if (complete && !stay) this.#reset();
    else this.#leave();
    return null;
  }

  /** The same for a deflate stream, but that the loader stays where it does not reset (run). */
  #endDeflated(stay: boolean): number | null {
    if (!this.#flash.deflatedComplete) return romError.failed;
    if (stay) return 0;
    this.#finish(op.deflEnd, 0);
    this.#reset();
    return null;
  }

  #reset(): void {
    this.#host.sendRaw(flushed);
    this.#host.softwareReset();
  }

  /**
   * Out of the loader with nowhere to go: in secure download mode, and on a C3 with Secure Boot, a reset; elsewhere one line, then nothing
   * (run; ESP32 recorded: its BASIC, of which only the greeting is made).
   */
  #leave(): void {
    const { kind, efuse } = this.#host;
    if (this.#secure || (kind === 'esp32c3' && efuse.field('SECURE_BOOT_EN') === 1)) {
      this.#host.softwareReset();
      return;
    }
    const last = kind === 'esp32' ? basicGreeting : 'user code done\r\n';
    this.#host.sendRaw(utf8(last));
    this.#host.hang();
  }

  #answerWith(opcode: number, data: Uint8Array): null {
    this.#reply.set(data);
    if (!keepsError.has(opcode)) this.#error = 0;
    this.#send(opcode, data.length, 0);
    return null;
  }

  #finish(opcode: number, error: number): void {
    if (error !== 0) this.#error = error;
    else if (!keepsError.has(opcode)) this.#error = 0;
    this.#send(opcode, 0, error === 0 ? 0 : 1);
  }

  /** Unknown and forbidden commands answer under the opcode of the last accepted one, as often as that did. */
  #refuse(): void {
    this.#error = romError.badMessage;
    this.#send(this.#lastOpcode, 0, 1);
  }

  #send(opcode: number, dataLength: number, status: number): void {
    if (this.#host.doorFound === 'before-answer' && this.#doorHasShut()) {
      this.#host.softwareReset();
      return;
    }
    this.#reply[dataLength] = status;
    this.#reply[dataLength + 1] = this.#error;
    const payload = new Uint8Array(headerLength + dataLength + 4);
    const view = viewOf(payload);
    payload[0] = 1;
    payload[1] = opcode;
    view.setUint16(2, dataLength + 4, true);
    view.setUint32(4, this.#value, true);
    payload.set(this.#reply.subarray(0, dataLength + 4), headerLength);
    this.#host.answer(new Array<Uint8Array>(this.#lastCount).fill(payload));
  }
}

/** WRITE_REG: whole entries by the header's length (run), no more than the ROM's buffer has. */
function entriesIn(given: number, buffer: Uint8Array): number {
  return Math.min(given, buffer.length - headerLength) >>> 4;
}

function isSecure(efuse: VirtualEfuse): boolean {
  return efuse.field('ENABLE_SECURITY_DOWNLOAD') === 1;
}

/** Data of a block as its sub-header announces it; what was not received is stale. */
function blockOf(buffer: Uint8Array, length: number): Uint8Array {
  return buffer.subarray(blockStart, Math.min(blockStart + length, buffer.length));
}
