import { concat, utf8 } from '../base/bytes.ts';
import { type RandomSource, seededRandom, systemRandom } from '../base/random.ts';
import { efuseTableOfLine } from '../efuse/tables.ts';
import type { ChipKind, Revision } from '../model/chip.ts';
import type { ControlLines } from '../transport/port.ts';
import { Uart } from './bench/uart.ts';
import { downloadBootLines, downloadDoor, type ResetCause } from './boot/banner.ts';
import { bornWith, burnSnapshot } from './efuse/born-with.ts';
import { ClassicEfuseController } from './efuse/classic-controller.ts';
import { EfuseController } from './efuse/controller.ts';
import { burnedMac, burnFactoryValues, macBytes } from './efuse/factory.ts';
import { FaultPlan } from './fault-plan.ts';
import { NorFlash } from './flash.ts';
import { commonRevision, kindFacts, romClockRatio } from './kinds.ts';
import { RegisterSpace } from './loader/registers.ts';
import { LoaderSeat } from './loader/seat.ts';
import { type JtagState, jtagState, tokenOpensJtag } from './peripherals/jtag.ts';
import { romEdition } from './rom-edition.ts';
import type { BootFromFlash, EfuseSilicon, RunningFirmware, UartSink, VirtualChipOptions } from './silicon.ts';
import { assertFits, readState, writeState } from './state-file.ts';

export interface VirtualIdentity {
  readonly kind: ChipKind;
  readonly revision: Revision;
  /** `aa:bb:...` as burned. */
  readonly mac: string;
  readonly flashSize: number;
}

/** off: no supply. held: EN low, or just released. rom, stub: a loader listens. running: firmware. silent: it does nothing more until a reset. */
export type ChipMode = 'off' | 'held' | 'rom' | 'stub' | 'running' | 'silent';

/** The ROM's rate after every reset, and the fastest it finds by itself. */
const romBaudRate = 115200;
const autoBaudLimit = 1_000_000;
/** The charge of EN's capacitor: how long after its release the chip starts and reads its straps, milliseconds. */
const enRiseMs = 5;
/**
 * The same where both lines were set, which holds neither: a host on its way from EN to the strap passes through it. Over a network the
 * two changes come far apart (pyserial's RFC 2217 waits 50 ms between them); a chip that started there would miss its strap.
 */
const passingMs = 150;
/** Pause between two boots of a chip that resets itself for ever, milliseconds. */
const bootLoopMs = 500;
/** The same of a ROM that refuses download mode: it prints its lines and resets at once (run: a wait of 200 us). */
const refusalLoopMs = 50;
const watchdogMs = 20;
const consoleLimit = 2000;
const lineLimit = 4096;

/**
 * A chip in software: supply, EN and boot strap, UART, ROM loader, stub, eFuses, flash and what boots from it. It does what a real one
 * does with what it is sent (FACTS 1, 2, 17, 18). Nothing happens before `powerOn`.
 */
export class VirtualChip {
  readonly identity: VirtualIdentity;
  readonly efuse: EfuseSilicon;
  readonly flash: NorFlash;
  readonly #options: VirtualChipOptions;
  readonly #romBaudRate: number;
  readonly #boot: BootFromFlash;
  readonly #random: RandomSource;
  readonly #faults: FaultPlan;
  readonly #registers: RegisterSpace;
  readonly #seat: LoaderSeat;
  readonly #uart: Uart;
  #mode: ChipMode = 'off';
  #firmware: RunningFirmware | null = null;
  /** Counts starts: work that a reset has overtaken must not go on. */
  #life = 0;
  #everPowered = false;
  #lines = { dtr: false, rts: false };
  /** The boot strap as the last reset by EN or supply latched it: a software reset does not look again. */
  #latchedLow = false;
  #timer: NodeJS.Timeout | null = null;
  #autoBaud = false;
  #console: string[] = [];
  #typed = '';
  #jtagOpened = false;

  constructor(options: VirtualChipOptions, boot: BootFromFlash) {
    const { kind } = options;
    const saved = options.stateFile === undefined ? null : readState(options.stateFile);
    if (saved !== null) assertFits(options, saved);
    const born = options.efuses === undefined ? null : bornWith(options, options.efuses, saved !== null);
    const known = kindFacts(kind);
    const facts = { ...known, crystalMHz: options.crystalMHz ?? known.crystalMHz };
    const revision = born?.revision ?? options.revision ?? saved?.revision ?? commonRevision(kind)!;
    this.#options = options;
    this.#boot = boot;
    this.#random = options.seed === undefined ? systemRandom : seededRandom(options.seed);
    this.#faults = new FaultPlan(options.faults ?? [], this.#random);
    this.flash = new NorFlash(saved?.flashSize ?? options.flashSize ?? facts.flashSize);
    const table = efuseTableOfLine(kind, revision);
    const Controller = table.blocks.some(({ coding }) => coding === 'bits') ? ClassicEfuseController : EfuseController;
    this.efuse = new Controller(table, this.#random, {
      faultOf: (program) => this.#faults.ofBurn(program),
      cutPower: () => this.powerOff(),
    });
    if (born !== null) burnSnapshot(this.efuse, born.efuses);
    else if (saved === null) {
      const mac =
        options.mac === undefined ? concat(Uint8Array.from(facts.macPrefix), this.#random(3)) : macBytes(options.mac);
      const { packageVersion, factory = {} } = facts;
      const blockVersion = options.blockVersion ?? 1;
      const uniqueId = this.#random(16);
      burnFactoryValues(this.efuse, { revision, blockVersion, mac, packageVersion, uniqueId, others: factory });
      if (options.octalFlash) this.efuse.burnField('FLASH_TYPE', 1);
    } else {
      this.efuse.restore(saved.efuse);
      for (const [sector, data] of saved.sectors) this.flash.restore(sector, data);
    }
    this.#setFlashTrouble();
    this.efuse.powerOn();
    this.identity = { kind, revision, mac: burnedMac(this.efuse), flashSize: this.flash.size };
    this.#romBaudRate = Math.round(romBaudRate * romClockRatio(facts));
    this.#registers = new RegisterSpace({
      revision,
      facts,
      efuse: this.efuse,
      flash: this.flash,
      baudRate: () => this.#uart.baudRate,
      watchdogFired: () => this.#after(watchdogMs, () => this.#start()),
    });
    this.#uart = new Uart({
      paced: options.pacing === 'line',
      latencyMs: options.latencyMs ?? 0,
      random: this.#random,
      mute: this.#faults.mute,
      received: (bytes) => this.#received(bytes),
      passed: (count) => {
        if (this.#faults.onBytes(count)) this.#uart.unplug();
      },
    });
    this.#seat = new LoaderSeat({
      kind,
      revision,
      facts,
      efuse: this.efuse,
      flash: this.flash,
      registers: this.#registers,
      uart: this.#uart,
      faults: this.#faults,
      doorFound: options.doorFound ?? 'at-next-command',
      flashTakesTime: options.flashTimes === 'typical',
      bootFromFlash: () => this.#leaveLoader(() => this.#start()),
      softwareReset: () => this.#leaveLoader(() => this.#restart()),
      brownOut: () => this.#run('brown-out'),
      heard: () => {
        this.#autoBaud = false;
      },
    });
  }

  get mode(): ChipMode {
    return this.#seat.mode ?? this.#mode;
  }

  /** Whether it ever had its supply: a power cut is not undone by opening a port. */
  get everPowered(): boolean {
    return this.#everPowered;
  }

  /** Lines printed since the last reset. */
  get console(): readonly string[] {
    return this.#console;
  }

  get baudRate(): number {
    return this.#uart.baudRate;
  }

  /** Bytes that the host sent and the line has not carried yet. */
  get inputBacklog(): number {
    return this.#uart.inputBacklog;
  }

  /** The one receiver of what the chip sends; null: nobody listens. Bytes are valid during the call. */
  onSend(sink: UartSink | null): void {
    this.#uart.onSend(sink);
  }

  /** Called once when the plug is pulled (fault `unplug`). */
  onGone(listener: (() => void) | null): void {
    this.#uart.onGone(listener);
  }

  /** Bytes from the host, at the rate that `setHostBaudRate` named. They are copied where they cannot be taken at once. */
  receive(bytes: Uint8Array): void {
    this.#uart.receive(bytes);
  }

  /** Resolves when fewer than `below` bytes of the host wait for the line. */
  inputBelow(below: number): Promise<void> {
    return this.#uart.inputBelow(below);
  }

  /** The rate of the host's side; null: always that of the chip (a line without rates, such as TCP). */
  setHostBaudRate(rate: number | null): void {
    this.#uart.hostBaudRate = rate;
  }

  /**
   * DTR and RTS through the two-transistor circuit (FACTS 1.6): RTS alone holds EN low, DTR alone the boot strap, both together release
   * both. The strap is read a moment after EN's release.
   */
  setLines(lines: ControlLines): void {
    this.#lines = { dtr: lines.dtr ?? this.#lines.dtr, rts: lines.rts ?? this.#lines.rts };
    if (this.#mode === 'off') return;
    if (this.#enLow) {
      this.#stop();
      this.#mode = 'held';
    } else if (this.#mode === 'held') {
      const passing = this.#lines.dtr && this.#lines.rts;
      this.#after(passing ? passingMs : (this.#options.enRiseMs ?? enRiseMs), () => this.#start()).ref();
    }
  }

  /** What a probe finds at JTAG now. */
  get jtag(): JtagState {
    return this.#jtagOpened ? 'on' : jtagState(this.efuse);
  }

  /** Firmware hands a token to the HMAC peripheral (ESP-IDF's esp_hmac_jtag_enable): JTAG is open until the next reset, if it fits. */
  openJtag(token: Uint8Array): boolean {
    this.#jtagOpened ||= this.#mode === 'running' && tokenOpensJtag(this.efuse, token);
    return this.#jtagOpened;
  }

  /** Supply on: eFuses are read, straps too. Without effect when it is on. */
  powerOn(): void {
    if (this.#mode !== 'off') return;
    this.#everPowered = true;
    this.#mode = 'held';
    if (!this.#enLow) this.#start();
  }

  /** Supply off: everything but eFuses and flash is gone. */
  powerOff(): void {
    this.#stop();
    this.#registers.cutSupply();
    this.#mode = 'off';
  }

  /** A pulse on EN, straps as the lines stand. */
  reset(): void {
    if (this.#mode !== 'off' && !this.#enLow) this.#start();
  }

  /** Resolves when the loader has done all that it has received. */
  idle(): Promise<void> {
    return this.#seat.idle();
  }

  /** Writes the state file; without one nothing is kept. */
  save(): void {
    const { stateFile } = this.#options;
    if (stateFile === undefined) return;
    writeState(stateFile, {
      kind: this.identity.kind,
      revision: this.identity.revision,
      flashSize: this.flash.size,
      efuse: this.efuse.burned(),
      sectors: new Map(this.flash.contents()),
    });
  }

  get #enLow(): boolean {
    return this.#lines.rts && !this.#lines.dtr;
  }

  get #strapLow(): boolean {
    return this.#lines.dtr && !this.#lines.rts;
  }

  #stop(): void {
    this.#life++;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#seat.stop();
    this.#firmware = null;
    this.#typed = '';
    this.#jtagOpened = false;
    this.#uart.clear();
  }

  /** From a reset by EN or supply: the strap is read. */
  #start(): void {
    this.#latchedLow = this.#strapLow;
    this.#run('power-on');
    if (this.#faults.onStart()) this.#run('brown-out');
  }

  /** A software reset. */
  #restart(): void {
    this.#run('software');
  }

  /** From reset on: registers and eFuses as at power-on, then by the latched strap. */
  #run(cause: ResetCause): void {
    this.#stop();
    this.#console = [];
    this.efuse.powerOn();
    this.#registers.reset(cause);
    this.#uart.baudRate = this.#romBaudRate;
    this.#autoBaud = true;
    if (this.#latchedLow) this.#startDownload(cause);
    else this.#startFlash();
  }

  #startDownload(cause: ResetCause): void {
    this.#mode = 'silent';
    const { kind, revision } = this.identity;
    const door = downloadDoor(this.efuse);
    const edition = romEdition(kind, revision);
    this.#print(downloadBootLines(edition, cause, door));
    this.#registers.romPowersFlash();
    if (door !== 'disabled') this.#seat.startRom();
    else if (edition.refusesAgain) this.#after(refusalLoopMs, () => this.#restart());
  }

  #startFlash(): void {
    this.#mode = 'silent';
    this.#autoBaud = false;
    this.#registers.attachFlash();
    const { firmwareShutsDoors, firmwareForcesConstantTime, firmwarePrintsMac, firmwareEncrypts } = this.#options;
    const life = this.#life;
    const result = this.#boot({
      ...this.identity,
      efuse: this.efuse,
      flash: this.flash,
      random: this.#random,
      ...(firmwareShutsDoors === undefined ? {} : { firmwareShutsDoors }),
      ...(firmwareForcesConstantTime === undefined ? {} : { firmwareForcesConstantTime }),
      ...(firmwarePrintsMac === undefined ? {} : { firmwarePrintsMac }),
      burn: (field, value) => this.efuse.burnField(field, value),
      ...(firmwareEncrypts !== true
        ? {}
        : {
            encrypts: {
              burnKey: (block: number, codeword: Uint8Array) => {
                this.efuse.setFactoryBlock(block, codeword);
                this.efuse.powerOn();
              },
              powered: () => life === this.#life,
            },
          }),
    });
    if (life !== this.#life) return;
    this.#print(result.lines);
    if (result.state === 'resetting') this.#after(bootLoopMs, () => this.#start());
    if (result.state !== 'running') return;
    this.#mode = 'running';
    this.#firmware = result.firmware;
  }

  /** One thing to come at a time; a chip that only loops does not keep the program alive. */
  #after(ms: number, work: () => void): NodeJS.Timeout {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      work();
    }, ms);
    return this.#timer.unref();
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#console.push(line);
    if (this.#console.length > consoleLimit) this.#console.splice(0, this.#console.length - consoleLimit);
    if (lines.length > 0) this.#uart.send(utf8(`${lines.join('\r\n')}\r\n`));
  }

  /** Bytes that have come over the line, at the rate of the chip unless it is still finding it. */
  #received({ bytes, rate }: { readonly bytes: Uint8Array; readonly rate: number }): void {
    if (this.#mode === 'off' || this.#mode === 'held') return;
    if (this.#autoBaud && rate !== this.#uart.baudRate && rate <= autoBaudLimit) this.#uart.baudRate = rate;
    if (!this.#uart.carries(rate)) return;
    if (this.#seat.mode !== null) this.#seat.receive(bytes);
    else if (this.#firmware !== null) this.#type(bytes);
  }

  #type(bytes: Uint8Array): void {
    this.#typed = `${this.#typed}${new TextDecoder().decode(bytes)}`.slice(-lineLimit);
    const lines = this.#typed.split(/\r\n|\r|\n/);
    this.#typed = lines.pop() ?? '';
    for (const line of lines) if (line !== '') this.#print(this.#firmware?.answer(line) ?? []);
  }

  /** The loader resets the chip; what it printed or answered still goes out. */
  #leaveLoader(reset: () => void): void {
    this.#mode = 'silent';
    const life = this.#life;
    this.#uart.whenSent(() => {
      if (life === this.#life) reset();
    });
  }

  #setFlashTrouble(): void {
    const dead = this.#faults.all('bad-flash').map(({ address }) => address);
    const cuts = this.#faults.all('power-cut-in-flash').map(({ afterBytes }) => afterBytes);
    if (dead.length + cuts.length === 0) return;
    this.flash.setTrouble({
      deadAddresses: new Set(dead),
      bytesLeft: Math.min(Number.POSITIVE_INFINITY, ...cuts),
      onCut: () => this.powerOff(),
    });
  }
}
