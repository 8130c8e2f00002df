import { setTimeout as sleep } from 'node:timers/promises';
import { concat } from '../../base/bytes.ts';
import type { Uart } from '../bench/uart.ts';
import { engineCipher } from '../boot/cipher.ts';
import type { FaultPlan, Hostile } from '../fault-plan.ts';
import { FrameScanner, frameOf } from './frames.ts';
import type { ChipLoader, LoaderHost } from './host.ts';
import { RomLoader } from './rom-loader.ts';
import { StubLoader } from './stub-loader.ts';

export interface SeatParts
  extends Pick<
    LoaderHost,
    'kind' | 'revision' | 'facts' | 'efuse' | 'flash' | 'registers' | 'doorFound' | 'bootFromFlash' | 'softwareReset'
  > {
  readonly uart: Uart;
  readonly faults: FaultPlan;
  /** Whether flash takes its time. */
  readonly flashTakesTime: boolean;
  /** The supply breaks down. */
  brownOut(): void;
  /** A whole frame has come: the rate is found. */
  heard(): void;
}

/** An answer to FLASH_END, which the station never sends to a ROM, and how often it comes, ms. */
const strayFrame = frameOf(Uint8Array.of(1, 0x04, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0));
const chatterMs = 20;

/** Room for the longest request: a stub's block of 16 KiB with its headers. */
const frameRoom = 0x4400;

/** Where a loader sits in the chip: frames come to it one by one, its answers go out, and what comes while it works waits or is lost. */
export class LoaderSeat {
  readonly #parts: SeatParts;
  readonly #host: LoaderHost;
  #loader: ChipLoader | null = null;
  #scanner = new FrameScanner(frameRoom);
  /** The stub's second buffer, and the length of a frame that waits in it; -1: none. */
  #spare = new FrameScanner(frameRoom);
  #ahead = -1;
  /** Chunks that wait until the ROM has done its work. */
  #pending: Uint8Array[] = [];
  /** Answers of the ROM that wait until the flash is done. */
  #held: Uint8Array[] = [];
  #busy = false;
  #work: Promise<void> = Promise.resolve();
  /** Counts starts: work that a reset has overtaken must not go on. */
  #life = 0;
  #raving: NodeJS.Timeout | null = null;

  constructor(parts: SeatParts) {
    this.#parts = parts;
    this.#host = this.#makeHost();
  }

  /** Who sits there; null: nobody listens. */
  get mode(): ChipLoader['mode'] | null {
    return this.#loader?.mode ?? null;
  }

  startRom(): void {
    this.stop();
    this.#loader = new RomLoader(this.#host);
  }

  /** Whoever sits there is gone, with all that was on its way to it. */
  stop(): void {
    this.#life++;
    if (this.#raving !== null) clearInterval(this.#raving);
    this.#raving = null;
    this.#loader?.close();
    this.#loader = null;
    this.#pending = [];
    this.#held = [];
    this.#ahead = -1;
    this.#busy = false;
    this.#scanner.reset();
    this.#spare.reset();
  }

  /** Bytes from the host. They are copied where they have to wait. */
  receive(bytes: Uint8Array): void {
    if (!this.#busy) this.#scan(bytes, 0);
    else if (this.mode === 'rom') this.#pending.push(bytes.slice());
    else this.#scanAhead(bytes);
  }

  /** Resolves when all that was received is done. */
  async idle(): Promise<void> {
    while (this.#busy) await this.#work;
  }

  #scan(chunk: Uint8Array, from: number): void {
    for (let at = from; this.#loader !== null && at < chunk.length; ) {
      const { mode } = this.#loader;
      const frame = this.#scanner.scan(chunk, at, mode === 'rom' ? 'keep' : 'drop');
      at = frame.at;
      if (frame.length < 0) return;
      this.#dispatch(frame.length);
      if (!this.#busy) continue;
      const rest = chunk.slice(at);
      if (rest.length > 0 && mode === 'rom') this.#pending.unshift(rest);
      else if (rest.length > 0) this.#scanAhead(rest);
      return;
    }
  }

  /**
   * The stub receives one frame while it works on another. With both of its buffers full, what comes is lost (esp-flasher-stub,
   * frame_buffer.c).
   */
  #scanAhead(bytes: Uint8Array): void {
    if (this.#ahead >= 0) return;
    this.#ahead = this.#spare.scan(bytes, 0, 'drop').length;
  }

  #dispatch(frameLength: number): void {
    const { faults, flash, flashTakesTime } = this.#parts;
    this.#parts.heard();
    const { buffer } = this.#scanner;
    const life = this.#life;
    const work = this.#loader!.handle(buffer, faults.onRequest(buffer, frameLength));
    if (life !== this.#life) return;
    if (!flashTakesTime) flash.takeBusyMs();
    if (work === undefined && flash.busyMs === 0) return;
    this.#busy = true;
    this.#work = this.#finish(work, life);
  }

  async #finish(work: Promise<void> | void, life: number): Promise<void> {
    const { flash, flashTakesTime, uart } = this.#parts;
    await work;
    const ms = flash.takeBusyMs();
    if (flashTakesTime && ms > 0) await sleep(ms);
    if (life !== this.#life) return;
    for (const frames of this.#held.splice(0)) uart.send(frames);
    this.#busy = false;
    if (this.mode === 'stub') {
      [this.#scanner, this.#spare] = [this.#spare, this.#scanner];
      const length = this.#ahead;
      this.#ahead = -1;
      if (length >= 0) this.#dispatch(length);
    }
    while (!this.#busy && this.#pending.length > 0) this.#scan(this.#pending.shift()!, 0);
  }

  #answer(payloads: readonly Uint8Array[]): void {
    if (this.#loader === null) return;
    const { faults, flash, flashTakesTime, uart } = this.#parts;
    const whole = concat(...payloads.map(frameOf));
    if (faults.breaksDown()) {
      this.stop();
      this.#parts.brownOut();
      return;
    }
    const instead = faults.insteadOfAnswer;
    if (instead !== null) {
      this.#rave(instead, whole);
      return;
    }
    const frames = faults.onAnswer(whole);
    if (frames === null) return;
    // the ROM answers when the flash is done, the stub before it begins
    if (flashTakesTime && this.mode === 'rom' && flash.busyMs > 0) this.#held.push(frames);
    else uart.send(frames);
  }

  /** What a chip that has lost its mind sends from now on, until a reset. */
  #rave(what: Hostile, answer: Uint8Array): void {
    const { uart, faults } = this.#parts;
    if (what === 'half') uart.send(answer.subarray(0, answer.length >>> 1));
    if (what === 'endless') uart.send(Uint8Array.of(0xc0));
    if (what === 'mute' || what === 'half' || this.#raving !== null) return;
    const stepMs = what === 'chatter' ? chatterMs : 5;
    this.#raving = setInterval(() => {
      const most = Math.ceil((uart.baudRate * stepMs) / 10_000);
      if (what === 'chatter') uart.send(strayFrame);
      else if (what === 'babble') uart.send(faults.noise(most));
      else uart.send(new Uint8Array(most).fill(0x55));
    }, stepMs).unref();
  }

  #makeHost(): LoaderHost {
    const { kind, revision, facts, efuse, flash, registers, doorFound, uart, faults } = this.#parts;
    return {
      kind,
      revision,
      facts,
      efuse,
      flash,
      registers,
      doorFound,
      answer: (payloads) => this.#answer(payloads),
      sendRaw: (bytes) => {
        if (this.#loader !== null) uart.send(bytes);
      },
      setBaudRate: (rate) => {
        uart.baudRate = rate;
        uart.garbled = faults.tooFast(rate);
      },
      encrypt: (plain, address) => engineCipher(efuse).encrypt(plain, address),
      startStub: () => {
        this.#loader?.close();
        registers.attachFlash(); // the stub does so as it starts
        const stub = new StubLoader(this.#host);
        this.#loader = stub;
        stub.greet();
      },
      bootFromFlash: () => {
        this.stop();
        this.#parts.bootFromFlash();
      },
      hang: () => this.stop(),
      softwareReset: () => {
        this.stop();
        this.#parts.softwareReset();
      },
    };
  }
}
