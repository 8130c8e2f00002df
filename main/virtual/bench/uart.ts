import { performance } from 'node:perf_hooks';
import type { RandomSource } from '../../base/random.ts';
import type { UartSink } from '../silicon.ts';
import { PacedLine } from './paced-line.ts';

export interface UartParts {
  /** Whether bytes take the time that they take on a line. */
  readonly paced: boolean;
  /** Added to everything that the chip sends, milliseconds. */
  readonly latencyMs: number;
  readonly random: RandomSource;
  /** Nothing that the chip sends comes out. */
  readonly mute: boolean;
  received(input: { readonly bytes: Uint8Array; readonly rate: number }): void;
  /** So many bytes went over the line, in either direction. */
  passed(count: number): void;
}

/** How far two rates may be apart and still be understood. */
const rateTolerance = 0.03;

/** The line between host and chip: rates of both ends, time, and what it does to bytes when the rates differ. */
export class Uart {
  /** The chip's rate. */
  baudRate = 115200;
  /** The host's rate; null: always the chip's. */
  hostBaudRate: number | null = null;
  /** The rate is too fast for this line: what the chip sends does not carry. */
  garbled = false;
  readonly #parts: UartParts;
  readonly #in: PacedLine;
  readonly #out: PacedLine;
  #sink: UartSink | null = null;
  #gone: (() => void) | null = null;
  #pulled = false;
  /** Line time minus clock, for what happens now because of the delivery under way. */
  #late = 0;

  constructor(parts: UartParts) {
    this.#parts = parts;
    this.#in = new PacedLine((bytes, rate, at) => this.#arrived(bytes, rate, at));
    this.#out = new PacedLine((bytes, rate, at) => this.#delivered(bytes, rate, at), parts.latencyMs);
  }

  get inputBacklog(): number {
    return this.#in.backlog;
  }

  inputBelow(below: number): Promise<void> {
    return this.#in.drained(below);
  }

  onSend(sink: UartSink | null): void {
    this.#sink = sink;
  }

  onGone(listener: (() => void) | null): void {
    this.#gone = listener;
  }

  /** Whether the chip understands what was sent at `rate`. */
  carries(rate: number): boolean {
    return !this.garbled && Math.abs(rate - this.baudRate) <= rateTolerance * this.baudRate;
  }

  /** From the host. */
  receive(bytes: Uint8Array): void {
    if (this.#pulled || bytes.length === 0) return;
    const rate = this.hostBaudRate ?? this.baudRate;
    if (this.#parts.paced) this.#in.send(bytes.slice(), rate, true, this.#now());
    else this.#arrived(bytes, rate, performance.now());
  }

  /** From the chip, at its rate of this moment. */
  send(bytes: Uint8Array): void {
    if (this.#pulled || this.#parts.mute) return;
    if (this.#parts.paced || this.#parts.latencyMs > 0)
      this.#out.send(bytes, this.baudRate, this.#parts.paced, this.#now());
    else this.#delivered(bytes, this.baudRate, performance.now());
  }

  /** Calls `then` when everything sent so far is out. */
  whenSent(then: () => void): void {
    if (this.#out.backlog === 0) then();
    else void this.#out.drained(1).then(then);
  }

  /** What is under way is lost: the chip was reset. */
  clear(): void {
    this.#in.clear();
    this.#out.clear();
    this.garbled = false;
  }

  /** The port is gone for good. */
  unplug(): void {
    if (this.#pulled) return;
    this.#pulled = true;
    this.clear();
    this.#sink = null;
    this.#gone?.();
  }

  #now(): number {
    return performance.now() - this.#late;
  }

  #arrived(bytes: Uint8Array, rate: number, at: number): void {
    this.#parts.passed(bytes.length);
    if (this.#pulled) return;
    this.#late = Math.max(0, performance.now() - at);
    this.#parts.received({ bytes, rate });
  }

  #delivered(bytes: Uint8Array, rate: number, at: number): void {
    this.#parts.passed(bytes.length);
    if (this.#pulled) return;
    this.#late = Math.max(0, performance.now() - at);
    const host = this.hostBaudRate ?? rate;
    const clear = !this.garbled && Math.abs(host - rate) <= rateTolerance * rate;
    this.#sink?.(clear ? bytes : this.#noise(Math.ceil((bytes.length * host) / rate)));
  }

  /** What another rate makes of bytes. */
  #noise(length: number): Uint8Array {
    return this.#parts.random(length);
  }
}
