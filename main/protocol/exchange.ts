import { concat, viewOf } from '../base/bytes.ts';
import { type Clock, inTime, unlessAborted, waitOver } from '../base/clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import { Mutex } from '../base/mutex.ts';
import { isFault } from '../model/fault.ts';
import { portIo } from '../transport/faults.ts';
import type { Port } from '../transport/port.ts';
import { type Command, commands, type LoaderMode, requestHeader } from './commands.ts';
import { ConsoleLog } from './console-log.ts';
import { closedBySecureDownload, garbled, refused, restarted, timedOut } from './faults.ts';
import type { LoaderCounters } from './loader.ts';
import { SlipDecoder, SlipEncoder } from './slip.ts';
import { timeouts } from './timeouts.ts';

/** The port in the hands of one piece of work: what it sends and gets is its own until it ends. */
export interface Wire {
  /** Sends a request; resolves when the driver takes more. Gives back the bytes on the wire. */
  send<A, R>(command: Command<A, R>, args: A): Promise<number>;
  /** The answer to a request that was sent. */
  answer<A, R>(command: Command<A, R>, args: A): Promise<R>;
  /** When the last answer came in (monotonic clock): it may have waited while a write was under way. */
  answeredAt(): number;
  /** Both. */
  ask<A, R>(command: Command<A, R>, args: A): Promise<R>;
  /** The next frame, whatever it is; null when none comes by then. For work that asked for bare frames. */
  frame(by: Deadline): Promise<Uint8Array | null>;
  /** Sends a bare frame. */
  sendFrame(bytes: Uint8Array): Promise<void>;
  /** Finds the loader again after damage: what is under way is dropped. */
  resync(): Promise<void>;
}

/** The end of one wait, however many frames come meanwhile that it does not wait for. */
export interface Deadline {
  /** Monotonic clock, ms. */
  until: number;
  /** Whether time was given back for what this process itself was held up. */
  isLate: boolean;
}

interface Arrived {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/** Tries of a repeatable command, and of SYNC when the conversation is found again. */
const tries = { repeatable: 3, resync: 7 };
/** A board that resets itself for ever says why each time. */
const mostCauses = 16;
/** A refusal under SYNC's opcode comes as often as SYNC's own answer. */
const repeatedAnswers = 8;

/**
 * One loop that owns the port: sends one request, takes the answer that carries its opcode, drops what is stale, hands on what the chip
 * prints between frames. It knows the ROM's way of refusing: status `01 05` under the opcode of the last command that it accepted
 * (FACTS 17).
 */
export class Exchange {
  readonly console = new ConsoleLog();
  readonly port: Port;
  readonly clock: Clock;
  readonly #log: Log;
  mode: LoaderMode = 'rom';
  secureDownload = false;
  /** Whether the ROM is the first one, ESP32's: it alone has no GET_SECURITY_INFO, and no encrypt word in FLASH_BEGIN (FACTS 1.2). */
  firstRom = false;
  /** The rate at which the chip prints while it boots; it differs from that of loaders on ESP32-C2 boards with a 26 MHz crystal. */
  consoleRate = 115200;
  /** Ends every wait with its reason; null: none does. */
  signal: AbortSignal | null = null;
  readonly #counters = {
    exchanges: 0,
    commands: 0,
    bytesSent: 0,
    bytesReceived: 0,
    resyncs: 0,
    retries: 0,
    contactRetries: 0,
    slowerRates: 0,
  };
  readonly #resetCauses: number[] = [];
  readonly #turn = new Mutex();
  readonly #encoder = new SlipEncoder();
  readonly #decoder: SlipDecoder;
  readonly #wire: Wire;
  #frames: Arrived[] = [];
  #answeredAt = 0;
  #wake: (() => void) | null = null;
  /** Frames that are no answers (data of READ_FLASH, the stub's greeting) are taken only by work that asked for them. */
  #bareFrames = false;
  #lastSentMs = 0;
  #sentAt = 0;
  #listening: ((bytes: Uint8Array) => void) | null = null;
  #gone: Error | null = null;
  #onGone: ((reason: Error) => void) | null = null;
  #lastAccepted: number = commands.sync.opcode;
  #damaged = 0;
  /** An answer may still be under way: the next request first finds the loader again. */
  #lost = false;

  constructor(port: Port, clock: Clock, log: Log = silentLog) {
    this.port = port;
    this.clock = clock;
    this.#log = log;
    this.console.onLine((line) => this.hear(line));
    this.#decoder = new SlipDecoder({
      frame: (bytes) => this.#take(bytes),
      outside: (bytes) => this.console.push(bytes),
    });
    this.#wire = {
      send: (command, args) => this.#send(command, args),
      answer: (command, args) => this.#answer(command, args),
      answeredAt: () => this.#answeredAt,
      ask: (command, args) => this.#ask(command, args),
      frame: (by) => this.#nextFrame(isAnyFrame, by),
      sendFrame: (bytes) => this.#write(this.#encoder.encode([bytes])),
      resync: () => this.#resync(),
    };
    port.onData((chunk) => {
      this.#counters.bytesReceived += chunk.length;
      if (this.#listening) this.#listening(chunk);
      else this.#decoder.push(chunk);
    });
    port.onGone((reason) => {
      this.#gone = reason;
      this.#wake?.();
      this.#onGone?.(reason);
    });
  }

  get counters(): LoaderCounters {
    return { ...this.#counters };
  }

  /** A wait that begins now. */
  within(ms: number): Deadline {
    return { until: this.clock.monotonic() + ms, isLate: false };
  }

  /** Why the chip was reset, as its ROM has printed it. */
  get resetCauses(): readonly number[] {
    return this.#resetCauses;
  }

  /** A line that the chip printed: the ROM's third one says why it was reset. */
  hear(line: string): void {
    const cause = /^rst:0x([0-9a-f]{1,2})\b/i.exec(line)?.[1];
    if (cause === undefined) return;
    this.#resetCauses.push(Number.parseInt(cause, 16));
    if (this.#resetCauses.length > mostCauses) this.#resetCauses.shift();
  }

  count(what: 'contactRetries' | 'slowerRates'): void {
    this.#counters[what]++;
  }

  countRetry(): void {
    this.#counters.retries++;
  }

  /** One command and its answer. A repeatable one is tried again, after finding the loader again, when its answer is lost. */
  request<A, R>(command: Command<A, R>, args: A): Promise<R> {
    return this.transact(async (wire) => {
      for (let round = 1; ; round++) {
        try {
          return await wire.ask(command, args);
        } catch (error) {
          if (!isLost(error) || !command.repeatable || round === tries.repeatable) throw error;
          this.#counters.retries++;
        }
      }
    });
  }

  /**
   * A repeatable command for each of `args`, all sent in one go, and their answers in order. null where one was lost: which one nobody can
   * tell, so none is believed and the loader is found again before anything else is asked. `isTrial`: it was never done with this board, so
   * that a loss says something of its ROM and not of the line, and is counted nowhere.
   */
  askTogether<A, R>(command: Command<A, R>, args: readonly A[], isTrial: boolean): Promise<readonly R[] | null> {
    const asked = { ...command, timeout: () => timeouts.together };
    return this.transact(async () => {
      await this.#sendTogether(asked, args);
      // Until the last answer is there one may be under way, whatever #answer thinks.
      this.#lost = true;
      const answers: R[] = [];
      try {
        for (const each of args) answers.push(await this.#answer(asked, each));
        this.#lost = false;
        return answers;
      } catch (error) {
        if (!isLost(error)) throw error;
        if (!isTrial) this.#counters.retries++;
        else await this.#resync({ counted: false }).catch(unlessLost);
        return null;
      }
    });
  }

  /** Work that needs the port for itself; work queues. */
  transact<T>(work: (wire: Wire) => Promise<T>, options: { readonly bareFrames?: boolean } = {}): Promise<T> {
    return this.#turn.run(async () => {
      this.#bareFrames = options.bareFrames ?? false;
      try {
        return await work(this.#wire);
      } catch (error) {
        if (this.signal?.aborted) this.#lost = true;
        throw error;
      } finally {
        this.#bareFrames = false;
      }
    });
  }

  /**
   * One try of SYNC: its value, or null when nothing answers. Drops the repetitions. `lead`: C0 bytes more before the frame; a stub that
   * lost its phase takes every frame's end for a beginning until it sees one C0 more or less.
   */
  async trySync(lead: number): Promise<number | null> {
    this.#counters.exchanges++;
    this.#counters.commands++;
    const body = commands.sync.encode(undefined, this.mode);
    const sent = this.#encoder.encode([requestHeader(commands.sync.opcode, body), body.head], lead);
    await this.#write(sent);
    const by = this.within(timeouts.sync + this.wireMs(sent.length));
    for (;;) {
      const frame = await this.#nextFrame(isAnswer, by);
      if (frame === null) return null;
      if (frame[1] !== commands.sync.opcode) continue;
      const value = viewOf(frame).getUint32(4, true);
      await this.#dropRepetitions(commands.sync.opcode);
      this.#lastAccepted = commands.sync.opcode;
      this.#lost = false;
      return value;
    }
  }

  /** Bytes for who listens there instead of a loader, within the time that any write has. */
  say(bytes: Uint8Array): Promise<void> {
    return this.#write(bytes);
  }

  /** The port at another rate. */
  setBaudRate(rate: number): Promise<void> {
    return unlessAborted(this.port.setBaudRate(rate), this.signal);
  }

  /** A pause, which the signal ends. */
  sleep(ms: number): Promise<void> {
    return this.clock.sleep(ms, this.signal ?? undefined);
  }

  /** Forgets what came in so far; what is not a whole frame goes to the console. */
  forget(): void {
    this.#frames = [];
    this.#decoder.reset();
    this.#lost = false;
  }

  /** Passes all bytes to `listener` instead of looking for frames (null: frames again). */
  listen(listener: ((bytes: Uint8Array) => void) | null): void {
    this.forget();
    this.#listening = listener;
  }

  /** Told once when the port goes away (at once where it is gone already). */
  onGone(listener: ((reason: Error) => void) | null): void {
    this.#onGone = listener;
    if (this.#gone) listener?.(this.#gone);
  }

  async #ask<A, R>(command: Command<A, R>, args: A): Promise<R> {
    await this.#send(command, args);
    return this.#answer(command, args);
  }

  async #send<A, R>(command: Command<A, R>, args: A): Promise<number> {
    if (this.secureDownload && !command.secureDownload) throw closedBySecureDownload(command.name, command.opcode);
    if (this.#lost) await this.#resync();
    this.#counters.exchanges++;
    this.#counters.commands++;
    const body = command.encode(args, this.mode);
    const header = requestHeader(command.opcode, body);
    const frame = this.#encoder.encode(body.block ? [header, body.head, body.block] : [header, body.head]);
    const length = frame.length;
    this.#lastSentMs = this.wireMs(length);
    this.#damaged = 0;
    this.#sentAt = this.clock.monotonic();
    await this.#write(frame);
    if (command.secret) for (const bytes of [body.head, frame]) bytes.fill(0);
    return length;
  }

  async #sendTogether<A, R>(command: Command<A, R>, args: readonly A[]): Promise<void> {
    if (this.secureDownload && !command.secureDownload) throw closedBySecureDownload(command.name, command.opcode);
    if (this.#lost) await this.#resync();
    this.#counters.exchanges++;
    this.#counters.commands += args.length;
    const frames = args.map((each) => {
      const { head } = command.encode(each, this.mode);
      return this.#encoder.encode([requestHeader(command.opcode, { head }), head]).slice();
    });
    const bytes = concat(...frames);
    this.#lastSentMs = this.wireMs(bytes.length);
    this.#damaged = 0;
    this.#sentAt = this.clock.monotonic();
    await this.#write(bytes);
  }

  async #answer<A, R>(command: Command<A, R>, args: A): Promise<R> {
    // The driver takes bytes before they are on the wire: this frame, and in a pipelined write the one before it.
    const waitMs = command.timeout(args) + 2 * this.#lastSentMs;
    const by = this.within(waitMs);
    // An answer that is not waited for to its end may come later.
    const wasLost = this.#lost;
    this.#lost = true;
    for (;;) {
      const frame = await this.#nextFrame(isAnswer, by);
      if (frame === null) {
        this.#log.warn('no-answer', { command: command.name, waitMs: Math.round(waitMs), damaged: this.#damaged });
        throw this.#damaged > 0
          ? garbled(command.name, command.opcode)
          : timedOut(command.name, command.opcode, waitMs);
      }
      const payload = frame.subarray(8);
      if (frame[1] === command.opcode) {
        this.#lost = wasLost;
        this.#lastAccepted = command.opcode;
        if (this.#log.debugs)
          this.#log.debug('exchange', { command: command.name, ms: this.#answeredAt - this.#sentAt });
        return this.#read(command, frame, payload);
      }
      if (this.mode === 'rom' && frame[1] === this.#lastAccepted && isRomRefusal(payload)) {
        this.#lost = wasLost;
        await this.#dropRepetitions(frame[1]);
        throw this.#refusal(command, 1, 5);
      }
      // Anything else is stale: an answer that came after its time.
    }
  }

  /** Status behind the payload of the length that this command has; where the answer is shorter, at its beginning (FACTS 1.1). */
  #read<A, R>(command: Command<A, R>, frame: Uint8Array, payload: Uint8Array): R {
    const length = command.replyLengths(this.mode).find((each) => payload.length >= each + 2) ?? 0;
    const status = payload[length] ?? 0xff;
    if (status !== 0) throw this.#refusal(command, status, payload[length + 1] ?? 0);
    if (length === 0 && (command.replyLengths(this.mode).at(-1) ?? 0) > 0) {
      this.#lost = true;
      throw garbled(command.name, command.opcode);
    }
    return command.decode({ value: viewOf(frame).getUint32(4, true), payload: payload.subarray(0, length) });
  }

  #refusal<A, R>(command: Command<A, R>, status: number, error: number): Error {
    this.#log.info('refused-by-loader', { command: command.name, status, error });
    return refused(command.name, command.opcode, status, error);
  }

  async #dropRepetitions(opcode: number): Promise<void> {
    if (opcode !== commands.sync.opcode) return;
    for (let left = repeatedAnswers - 1; left > 0; left--) {
      const next = await this.#nextFrame(isAnswer, this.within(timeouts.repeatedAnswer));
      if (next === null) return;
    }
  }

  async #resync({ counted } = { counted: true }): Promise<void> {
    if (counted) this.#counters.resyncs++;
    this.#log.warn('resync');
    this.forget();
    await unlessAborted(this.port.discardInput(), this.signal);
    for (let round = 0; round < tries.resync; round++) {
      const value = await this.trySync(round % 2);
      if (value !== null) {
        const mode = value === 0 ? 'stub' : 'rom';
        if (mode === this.mode) return;
        this.mode = mode;
        throw restarted();
      }
      this.#decoder.reset();
    }
    this.#lost = true;
    throw timedOut(commands.sync.name, commands.sync.opcode, tries.resync * timeouts.sync);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#gone) throw this.#gone;
    this.signal?.throwIfAborted();
    this.#counters.bytesSent += bytes.length;
    const limit = timeouts.write + this.wireMs(bytes.length);
    const written = inTime(this.clock, limit, this.port.write(bytes), () =>
      portIo(this.port.address, 'it takes no more bytes'),
    );
    await unlessAborted(written, this.signal);
  }

  /** Milliseconds that so many bytes take on the wire; 0 where the port has no rate. */
  wireMs(bytes: number): number {
    return this.port.hasBaudRate ? (bytes * 10_000) / this.port.baudRate : 0;
  }

  #take(bytes: Uint8Array): boolean {
    if (!this.#bareFrames) {
      if (bytes.length < 10 || bytes[0] !== 1) return false;
      if (!isAnswer(bytes)) {
        this.#damaged++;
        return true;
      }
    }
    this.#frames.push({ bytes: bytes.slice(), at: this.clock.monotonic() });
    this.#wake?.();
    return true;
  }

  async #nextFrame(wanted: (frame: Uint8Array) => boolean, by: Deadline): Promise<Uint8Array | null> {
    for (;;) {
      this.signal?.throwIfAborted();
      const index = this.#frames.findIndex(({ bytes }) => wanted(bytes));
      const [frame] = index < 0 ? [] : this.#frames.splice(index, 1);
      if (frame) {
        this.#answeredAt = frame.at;
        return frame.bytes;
      }
      if (this.#gone) throw this.#gone;
      const now = this.clock.monotonic();
      if (now < by.until) {
        await this.#arrival(by.until - now);
        continue;
      }
      // Where this process itself was held up (a busy machine), what came meanwhile has not been read yet: it gets the time back, once.
      const heldUp = now - by.until;
      if (by.isLate || heldUp < timeouts.heldUp) return null;
      by.isLate = true;
      by.until = now + Math.min(heldUp, timeouts.heldUpMost);
    }
  }

  async #arrival(waitMs: number): Promise<void> {
    const waited = new AbortController();
    const stop = () => this.#wake?.();
    const arrived = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const late = this.clock.sleep(waitMs, waited.signal).catch(() => undefined);
    this.signal?.addEventListener('abort', stop, { once: true });
    await Promise.race([arrived, late]);
    this.signal?.removeEventListener('abort', stop);
    this.#wake = null;
    waited.abort(waitOver);
  }
}

const isAnyFrame = (): boolean => true;

/** Direction 1, and as long as it says: header, length and at least a status. */
function isAnswer(frame: Uint8Array): boolean {
  return frame.length >= 10 && frame[0] === 1 && viewOf(frame).getUint16(2, true) === frame.length - 8;
}

function isRomRefusal(payload: Uint8Array): boolean {
  return payload.length === 4 && payload[0] === 1 && payload[1] === 5;
}

function unlessLost(error: unknown): void {
  if (!isLost(error)) throw error;
}

/** Whether an answer was lost or damaged, so that nothing is known of what the chip did. */
export function isLost(error: unknown): boolean {
  return isFault(error, 'protocol.timeout') || isFault(error, 'protocol.garbled');
}
