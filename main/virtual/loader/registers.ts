import type { Revision } from '../../model/chip.ts';
import type { ResetCause } from '../boot/banner.ts';
import { efuseWindow } from '../efuse/fuse-controller.ts';
import type { NorFlash } from '../flash.ts';
import { flashPowerRegisters, type KindFacts } from '../kinds.ts';
import type { EfuseSilicon } from '../silicon.ts';

/** The ROM word by which old tools told chips apart. */
const magicAddress = 0x40001000;
const watchdogKey = 0x50d83aa1;

/** CMD, at the base of the SPI flash controller: run what USR describes. */
const spiRun = 1 << 18;
const usrMiso = 1 << 28;
const usrMosi = 1 << 27;

export interface RegisterParts {
  readonly revision: Revision;
  readonly facts: KindFacts;
  readonly efuse: EfuseSilicon;
  readonly flash: NorFlash;
  /** The rate the UART runs at, for the clock divider that tools read. */
  baudRate(): number;
  /** The watchdog was armed to reset the chip. */
  watchdogFired(): void;
}

/** The bus as the loaders' READ_REG and WRITE_REG see it. What is not modelled is memory: it reads back what was written. */
export class RegisterSpace {
  readonly #parts: RegisterParts;
  readonly #words = new Map<number, number>();
  #segments: { readonly address: number; readonly data: Uint8Array }[] = [];
  #flashStatus: [number, number, number] = [0, 0, 0];
  #flashAttached = false;
  /** v3.2 with DOWNLOAD_MODE_XPD_ON: its ROM has switched the flash on since the supply came; and did so while it was on. */
  #romPowered = false;
  #romPoweredTwice = false;

  constructor(parts: RegisterParts) {
    this.#parts = parts;
  }

  /** Every register at its reset value; RAM is lost too. */
  reset(cause: ResetCause): void {
    this.#words.clear();
    const { resetState } = this.#parts.facts;
    if (resetState !== undefined) this.#words.set(resetState, { 'power-on': 1, software: 3, 'brown-out': 15 }[cause]);
    this.#segments = [];
    this.#flashAttached = false;
    const { facts, revision } = this.#parts;
    for (const [address, value, from = 0] of facts.resetValues)
      if (revision >= from) this.#words.set(address, value >>> 0);
  }

  read(address: number): number {
    const { efuse, facts } = this.#parts;
    const offset = address - efuse.table.base;
    if (offset >= 0 && offset < efuseWindow) return efuse.readRegister(offset);
    if (address === magicAddress) return facts.romMagic;
    if (address === facts.uartClockDivider) return Math.round((facts.crystalMHz * 1e6) / this.#parts.baudRate());
    return this.#words.get(address) ?? this.#ram(address);
  }

  write(address: number, value: number): void {
    const { efuse, facts } = this.#parts;
    const offset = address - efuse.table.base;
    if (offset >= 0 && offset < efuseWindow) {
      efuse.writeRegister(offset, value);
      return;
    }
    this.#words.set(address, value);
    if (address === facts.spiBase && (value & spiRun) !== 0) this.#runSpi();
    const { config0, protect } = facts.watchdog;
    if (address === config0 && value >>> 31 === 1 && this.#words.get(protect) === watchdogKey)
      this.#parts.watchdogFired();
  }

  /** WRITE_REG entries from `at`: address, value, mask and delay (microseconds; it comes before the write). */
  writeEntries(view: DataView, at: number, count: number): void {
    for (let entry = at; entry < at + 16 * count; entry += 16) {
      const address = view.getUint32(entry, true);
      const mask = view.getUint32(entry + 8, true);
      const value = view.getUint32(entry + 4, true) & mask;
      this.#parts.efuse.advance(view.getUint32(entry + 12, true));
      this.write(address, (mask === 0xffffffff ? value : value | (this.read(address) & ~mask)) >>> 0);
    }
  }

  /** RAM as MEM_DATA fills it. */
  load(address: number, data: Uint8Array): void {
    this.#segments.push({ address, data: data.slice() });
  }

  /** Whether code that was loaded lies at `address`. */
  holdsCode(address: number): boolean {
    return this.#segments.some((part) => address >= part.address && address < part.address + part.data.length);
  }

  /** SPI_ATTACH, a stub or a boot joins the flash to its controller. */
  attachFlash(): void {
    this.#flashAttached = true;
  }

  /**
   * A ROM in download mode switches the flash on by itself where DOWNLOAD_MODE_XPD_ON says so (from source: esptool targets/esp32p4.py,
   * power_on_flash, with what its comments tell of the second entry: the flash cannot be reached until its force-on bits are cleared).
   */
  romPowersFlash(): void {
    if (!this.#hasRomPower) return;
    this.#romPoweredTwice = this.#romPowered;
    this.#romPowered = true;
    this.#words.set(flashPowerRegisters.pmuDate, flashPowerRegisters.forceOn);
  }

  /** The board's supply is gone. */
  cutSupply(): void {
    this.#romPowered = false;
    this.#romPoweredTwice = false;
  }

  get #hasRomPower(): boolean {
    const { facts, revision, efuse } = this.#parts;
    if (!this.#flashIsOff || facts.flashOff === undefined || revision < facts.flashOff.byRomFrom) return false;
    return efuse.field('DOWNLOAD_MODE_XPD_ON') === 1;
  }

  /** Whether the flash has no supply in download mode of itself. */
  get #flashIsOff(): boolean {
    const { facts, revision } = this.#parts;
    return facts.flashOff?.revisions.includes(revision) === true;
  }

  /** Whether commands reach the flash: attached and with supply. */
  flashReachable(): boolean {
    return this.#flashAttached && this.flashPowered();
  }

  /** Whether the flash chip has its supply (FACTS 1.6: not so on P4 v3.1 and v3.2 until the host switches it on). */
  flashPowered(): boolean {
    if (!this.#flashIsOff) return true;
    const { pmuDate, forceOn, padGroup } = flashPowerRegisters;
    const forced = (this.read(pmuDate) & forceOn) === forceOn;
    return this.#hasRomPower ? !(forced && this.#romPoweredTwice) : forced && (this.read(padGroup) & 1) === 1;
  }

  #ram(address: number): number {
    for (const part of this.#segments) {
      const at = address - part.address;
      if (at < 0 || at >= part.data.length) continue;
      let word = 0;
      for (let i = 3; i >= 0; i--) word = (word << 8) | (part.data[at + i] ?? 0);
      return word >>> 0;
    }
    return 0;
  }

  #runSpi(): void {
    const { spiBase: base, spi } = this.#parts.facts;
    const word = (offset: number) => this.#words.get(base + offset) ?? 0;
    const usr = word(spi.usr);
    const command = word(spi.usr2) & 0xff;
    if ((usr & usrMosi) !== 0) this.#spiStatusWrite(command, word(spi.w0));
    if ((usr & usrMiso) !== 0) {
      const bits = (word(spi.misoLength) & 0x3ff) + 1;
      const mask = bits >= 32 ? 0xffffffff : 2 ** bits - 1;
      this.#words.set(base + spi.w0, (this.#spiAnswer(command) & mask) >>> 0);
    }
    this.#words.set(base, 0);
  }

  /** What the flash answers to a command; an open line reads as ones, one without supply as zeros. */
  #spiAnswer(command: number): number {
    if (!this.#flashAttached) return 0xffffffff;
    if (!this.flashPowered()) return 0;
    switch (command) {
      case 0x9f:
        return this.#parts.flash.jedecId;
      case 0x05:
        return this.#flashStatus[0];
      case 0x35:
        return this.#flashStatus[1];
      case 0x15:
        return this.#flashStatus[2];
      case 0x5a: // SFDP: the four bytes of its signature
        return 0x50444653;
      default:
        return 0xffffffff;
    }
  }

  #spiStatusWrite(command: number, value: number): void {
    if (command === 0x01) this.#flashStatus[0] = value & 0xff;
    else if (command === 0x31) this.#flashStatus[1] = value & 0xff;
    else if (command === 0x11) this.#flashStatus[2] = value & 0xff;
  }
}
