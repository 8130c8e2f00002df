import { utf8 } from '../base/bytes.ts';
import { type Clock, unlessAborted } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { AsyncQueue } from '../base/queue.ts';
import { romReach, romsRun, type SecurityInfo } from '../model/chip.ts';
import { type Fault, isFault } from '../model/fault.ts';
import type { Port } from '../transport/port.ts';
import { type Command, commands } from './commands.ts';
import { askSecurityInfo, enterLoader, slowConsoleRate, startRate } from './connect.ts';
import { ConsoleLog } from './console-log.ts';
import { knock } from './door.ts';
import { Exchange } from './exchange.ts';
import { beyondRom, closedBySecureDownload, misaligned, noAnswer, noReset } from './faults.ts';
import { readFlash } from './flash-read.ts';
import { SendWindow, writeFlash } from './flash-write.ts';
import type {
  DoorState,
  FlashWrite,
  Loader,
  LoaderCounters,
  RegisterWrite,
  SpiRegisters,
  StubImage,
  TransferOptions,
} from './loader.ts';
import { bootReset, calmWatchdogs, isChipUsb, runReset, watchdogMs, watchdogResets } from './reset.ts';
import { romHabits } from './rom-habits.ts';
import { readFlashId } from './spi.ts';
import { startStub } from './stub-start.ts';
import { timeouts } from './timeouts.ts';

export interface ConnectOptions {
  readonly clock: Clock;
  /** 'auto': reset into the loader where the port has lines. 'none': leave the board as it is. */
  readonly reset?: 'auto' | 'none';
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

/** WRITE_REG entries of one packet that every ROM was seen to take (FACTS 17), and those that were run (FACTS 19.5). */
const registersPerPacket = { every: 8, run: 16 };
/**
 * READ_REGs that are sent in one go, to those ROMs: their code was seen to answer so many that came behind each other, in order (test/rom/
 * loader.test.ts). What a UART holds that the ROM has not taken yet are 128 bytes on all of these (IDF soc_caps.h, SOC_UART_FIFO_LEN); eight
 * requests and their escapes stay below. That silicon does as its ROM's code does here is inferred: so the first of them are a trial, and a
 * board that loses any is asked one by one from then on.
 */
const readsTogether = 8;
/** How often writes to the door are sent that a damaged line may have swallowed. */
const doorTries = 3;
const romBlock = 0x400;
const sector = 0x1000;

/**
 * Meets the loader of the board on `port`: ROM after a reset, or what an earlier session left running on a port that cannot reset.
 * Security info is the first thing asked, so that a board in secure download mode is understood. The port is the loader's from then
 * on (`close` closes it); when this rejects it stays the caller's. Faults as told at Loader.
 */
export async function connectLoader(port: Port, options: ConnectOptions): Promise<Loader> {
  const session = new LoaderSession(new Exchange(port, options.clock, options.log));
  session.signal = options.signal ?? null;
  try {
    await session.meet(options.reset ?? 'auto');
    return session;
  } catch (error) {
    port.onData(null);
    port.onGone(null);
    throw error;
  }
}

export interface FirmwareConsoleOptions {
  readonly clock: Clock;
  /** The rate that the board prints at (details of `protocol.download-disabled`); default 115200. */
  readonly consoleRate?: number;
}

/** The running firmware's end of a board: its console and one line back. */
export type FirmwareConsole = Pick<Loader, 'bootAndListen' | 'sendLine' | 'close'>;

/**
 * A board whose loader is not to be met, since its door is shut: it can still be reset into its firmware and spoken to. The port is this
 * console's from now on.
 */
export function openFirmwareConsole(port: Port, options: FirmwareConsoleOptions): FirmwareConsole {
  const exchange = new Exchange(port, options.clock);
  exchange.consoleRate = options.consoleRate ?? startRate;
  return new LoaderSession(exchange);
}

class LoaderSession implements Loader {
  readonly #exchange: Exchange;
  #window: SendWindow;
  #security: SecurityInfo | null = null;
  #stub: StubImage | null = null;
  #attachedSize: number | null | undefined = undefined;
  #listening = false;
  /** How this board takes several READ_REGs that come behind each other. */
  #together: 'untried' | 'answers' | 'loses' = 'untried';

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#window = new SendWindow(exchange);
  }

  get signal(): AbortSignal | null {
    return this.#exchange.signal;
  }
  set signal(signal: AbortSignal | null) {
    this.#exchange.signal = signal;
  }
  get mode(): 'rom' | 'stub' {
    return this.#exchange.mode;
  }
  get security(): SecurityInfo | null {
    return this.#security;
  }
  get secureDownload(): boolean {
    return this.#exchange.secureDownload;
  }
  get console(): readonly string[] {
    return this.#exchange.console.lines;
  }
  get baudRate(): number {
    return this.#port.baudRate;
  }
  get canReset(): boolean {
    return this.#port.hasControlLines;
  }
  get counters(): LoaderCounters {
    return this.#exchange.counters;
  }
  get resetCauses(): readonly number[] {
    return this.#exchange.resetCauses;
  }
  get #port(): Port {
    return this.#exchange.port;
  }
  get #wasRun(): boolean {
    return romsRun.includes(this.#security?.chipId ?? -1);
  }
  get #clock(): Clock {
    return this.#exchange.clock;
  }

  async meet(reset: 'auto' | 'none'): Promise<void> {
    this.#exchange.secureDownload = false;
    await enterLoader(this.#exchange, reset);
    this.#window = new SendWindow(this.#exchange);
    this.#attachedSize = undefined;
    this.#security = await askSecurityInfo(this.#exchange);
    const { clockDivider } = romHabits(this.#security);
    if (clockDivider !== undefined) await this.#measureCrystal(clockDivider);
    const calm = calmWatchdogs[this.#security?.chipId ?? -1];
    if (calm && isChipUsb(this.#port) && this.mode === 'rom' && !this.secureDownload) await this.writeRegisters(calm);
  }

  /** The divider of its UART tells by which crystal it prints. */
  async #measureCrystal(clockDivider: number): Promise<void> {
    if (this.mode !== 'rom' || this.secureDownload || !this.#port.hasBaudRate) return;
    const divider = (await this.readRegister(clockDivider)) & 0xfffff;
    this.#exchange.consoleRate = divider * this.#port.baudRate < 33e6 ? slowConsoleRate : startRate;
  }

  readRegister(address: number): Promise<number> {
    return this.#ask(commands.readRegister, address);
  }

  async readRegisters(addresses: readonly number[]): Promise<number[]> {
    const values: number[] = [];
    for (let at = 0; at < addresses.length; at += readsTogether) {
      const some = addresses.slice(at, at + readsTogether);
      const read = this.#mayReadTogether(some) ? await this.#readTogether(some) : null;
      if (read !== null) values.push(...read);
      else for (const address of some) values.push(await this.readRegister(address));
    }
    return values;
  }

  /** The port of a chip's own USB hands on 64 bytes at a time, and nobody has tried it. */
  #mayReadTogether({ length }: readonly number[]): boolean {
    const known = this.mode === 'rom' && this.#wasRun;
    return length > 1 && known && this.#together !== 'loses' && !isChipUsb(this.#port);
  }

  /** null where one of the answers was lost. */
  async #readTogether(addresses: readonly number[]): Promise<readonly number[] | null> {
    const command = commands.readRegister;
    const isTrial = this.#together === 'untried';
    const values = await this.#guarded(command, () => this.#exchange.askTogether(command, addresses, isTrial));
    this.#together = values === null ? 'loses' : 'answers';
    return values;
  }

  async writeRegisters(writes: readonly RegisterWrite[]): Promise<void> {
    const most = this.#wasRun ? registersPerPacket.run : registersPerPacket.every;
    for (let at = 0; at < writes.length; at += most)
      await this.#ask(commands.writeRegisters, writes.slice(at, at + most));
  }

  async writeToDoor(writes: readonly RegisterWrite[], register: number): Promise<DoorState> {
    for (let round = 1; ; round++) {
      const found = await knock(this.#exchange, writes, register);
      if (found === 'answers') return 'open';
      this.#window = new SendWindow(this.#exchange);
      this.#attachedSize = undefined;
      if (found !== 'met') return found;
      this.#security = await askSecurityInfo(this.#exchange);
      if (this.secureDownload) return 'secure';
      // Its door is open: the line had damaged a request or an answer, and whether the writes came through nobody knows.
      if (round === doorTries) return 'open';
    }
  }

  async readSecurityInfo(): Promise<SecurityInfo> {
    const info = await this.#exchange.request(commands.getSecurityInfo, undefined);
    this.#security = info;
    this.#exchange.secureDownload = info.secureDownload;
    return info;
  }

  async startStub(stub: StubImage): Promise<void> {
    if (this.mode === 'stub') return;
    await this.#guarded(commands.memBegin, () => startStub(this.#exchange, stub, this.#security));
    this.#stub = stub;
    this.#window = new SendWindow(this.#exchange);
    this.#attachedSize = undefined;
  }

  async changeBaudRate(rate: number): Promise<boolean> {
    const port = this.#port;
    const old = port.baudRate;
    if (rate === old) return true;
    if (!port.hasBaudRate) return false;
    // ESP32's counts with a crystal frequency that it measured itself, and drifts with its RC clock (esptool targets/esp32.py, change_baud).
    if (this.mode === 'rom' && (romHabits(this.#security).keepsItsRate || this.#exchange.firstRom)) return false;
    await this.#ask(commands.changeBaudRate, { rate, current: old });
    await this.#switchTo(rate);
    if (await this.#carries()) {
      this.#window = new SendWindow(this.#exchange);
      return true;
    }
    this.#exchange.count('slowerRates');
    await this.#switchTo(old);
    if (await this.#carries()) return false;
    await this.#startAgain();
    return false;
  }

  async attachFlash(sizeBytes: number | null): Promise<void> {
    await this.#ask(commands.spiAttach, undefined);
    if (sizeBytes !== null) await this.#ask(commands.spiSetParams, sizeBytes);
    this.#attachedSize = sizeBytes;
  }

  async writeFlash(write: FlashWrite, options: TransferOptions = {}): Promise<void> {
    this.#assertReach(write.offset, write.data.length);
    return this.#guarded(commands.deflateBegin, () => writeFlash(this.#exchange, this.#window, write, options));
  }

  async flashMd5(offset: number, length: number, options: TransferOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    this.#assertReach(offset, length);
    return this.#ask(commands.flashMd5, { offset, length });
  }

  async readFlash(offset: number, length: number, options: TransferOptions = {}): Promise<Uint8Array> {
    this.#assertReach(offset, length);
    return this.#guarded(commands.readFlashSlow, () => readFlash(this.#exchange, offset, length, options));
  }

  async eraseRegion(offset: number, length: number): Promise<void> {
    if (offset % sector !== 0 || length % sector !== 0)
      throw misaligned('A region to erase must begin and end at a border of 4096 bytes.');
    if (length === 0) return;
    this.#assertReach(offset, length);
    if (this.mode === 'stub') return this.#ask(commands.eraseRegion, { offset, length });
    // The ROM has no word for erasing; it erases what a write announces.
    const blocks = length / romBlock;
    const encrypt = this.#exchange.firstRom ? null : false;
    await this.#ask(commands.flashBegin, { size: length, blocks, blockSize: romBlock, offset, encrypt });
  }

  /** The ROM's flash commands send three bytes of address: beyond 16 MB they would come round to the beginning. */
  #assertReach(offset: number, length: number): void {
    if (this.mode === 'rom' && offset + length > romReach) throw beyondRom(offset + length);
  }

  readFlashId(spi: SpiRegisters): Promise<number> {
    return readFlashId(this, spi);
  }

  async resetToLoader(): Promise<void> {
    if (!this.#port.hasControlLines) throw noReset(this.#port.address);
    this.#exchange.listen(null);
    this.#exchange.console.clear();
    this.#stub = null;
    await this.meet('auto');
  }

  async *bootAndListen(options: {
    readonly signal?: AbortSignal;
    readonly resetBy?: 'lines' | 'operator';
  }): AsyncGenerator<string, void, void> {
    const byLines = (options.resetBy ?? 'lines') === 'lines';
    if (byLines && !this.#port.hasControlLines) throw noReset(this.#port.address);
    const queue = new AsyncQueue<string>();
    const log = new ConsoleLog();
    log.onLine((line) => {
      this.#exchange.hear(line);
      queue.push(line);
    });
    const stop = (): void => queue.close();
    options.signal?.addEventListener('abort', stop, { once: true });
    if (options.signal?.aborted) stop();
    this.#exchange.listen((bytes) => log.push(bytes));
    this.#exchange.onGone((reason) => queue.close(reason));
    this.#listening = true;
    try {
      if (byLines && !options.signal?.aborted) await this.#reboot();
      else if (this.#port.hasBaudRate) await this.#exchange.setBaudRate(this.#exchange.consoleRate);
      yield* queue;
    } finally {
      this.#listening = false;
      options.signal?.removeEventListener('abort', stop);
      this.#exchange.onGone(null);
      this.#exchange.listen(null);
    }
  }

  async sendLine(text: string): Promise<void> {
    if (!this.#listening) throw misaligned('A line was sent to a board that is not being listened to.');
    await this.#exchange.say(utf8(`${text}\n`));
  }

  async close(): Promise<void> {
    this.#port.onData(null);
    this.#port.onGone(null);
    await this.#port.close();
  }

  async #reboot(): Promise<void> {
    const port = this.#port;
    const watchdog = watchdogResets[this.#security?.chipId ?? -1];
    if (watchdog && isChipUsb(port) && !this.secureDownload) {
      this.#exchange.listen(null);
      // The board may be gone before its answer is out.
      await this.writeRegisters(watchdog).catch(() => undefined);
      await this.#exchange.sleep(watchdogMs);
      return;
    }
    const { consoleRate } = this.#exchange;
    if (port.hasBaudRate && port.baudRate !== consoleRate) await this.#exchange.setBaudRate(consoleRate);
    await runReset(port, this.#clock, bootReset(port), this.signal);
  }

  async #switchTo(rate: number): Promise<void> {
    await this.#exchange.setBaudRate(rate);
    await this.#exchange.sleep(timeouts.baudSettle);
    await unlessAborted(this.#port.discardInput(), this.signal);
    this.#exchange.forget();
  }

  /** Whether the loader answers at the rate that the port has now. */
  #carries(): Promise<boolean> {
    return this.#exchange.transact(async () => {
      for (let round = 0; round < 3; round++) if ((await this.#exchange.trySync(round % 2)) !== null) return true;
      return false;
    });
  }

  /** The loader is lost at a rate that does not carry: only a reset finds it. Brings it back to where it was. */
  async #startAgain(): Promise<void> {
    const stub = this.mode === 'stub' ? this.#stub : null;
    const attached = this.#attachedSize;
    if (!this.#port.hasControlLines) throw noAnswer(this.#port.address, false, this.console);
    await this.resetToLoader();
    if (stub) await this.startStub(stub);
    if (attached !== undefined) await this.attachFlash(attached);
  }

  #ask<A, R>(command: Command<A, R>, args: A): Promise<R> {
    return this.#guarded(command, () => this.#exchange.request(command, args));
  }

  /**
   * Runs work; where the ROM says `01 05` to a command that it knows, asks why: secure download mode comes into force the moment its
   * eFuse is burned, without a reset (FACTS 17).
   */
  async #guarded<A, R, T>(command: Command<A, R>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const mayBeClosed = this.mode === 'rom' && !command.secureDownload && !this.secureDownload;
      if (!mayBeClosed || !isFault(error, 'protocol.refused') || (error as Fault).details.error !== 5) throw error;
      const info = await this.readSecurityInfo().catch(() => null);
      throw info?.secureDownload ? closedBySecureDownload(command.name, command.opcode) : error;
    }
  }
}
