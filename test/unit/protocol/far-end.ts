import type { Clock } from '../../../main/base/clock.ts';
import type { ControlLines, Port } from '../../../main/transport/port.ts';

/** A port in memory whose far end is a function: what was written goes in, what comes back is sent with `send`. */
export class FarEnd implements Port {
  readonly address = 'memory:far-end';
  hasControlLines = true;
  hasBaudRate = true;
  baudRate = 115200;
  usb: Port['usb'] = null;
  readonly written: Uint8Array[] = [];
  readonly lines: (ControlLines & { readonly at: number })[] = [];
  readonly rates: number[] = [];
  closed = false;
  readonly #clock: Clock;
  #listener: ((chunk: Uint8Array) => void) | null = null;
  #gone: ((reason: Error) => void) | null = null;
  onWrite: (bytes: Uint8Array) => void = () => undefined;
  onLines: (lines: ControlLines) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes from the far end, in chunks of `cut` bytes. */
  send(bytes: Uint8Array, cut = bytes.length): void {
    for (let at = 0; at < bytes.length; at += cut) this.#listener?.(bytes.slice(at, at + cut));
  }

  unplug(reason: Error): void {
    this.#gone?.(reason);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const own = bytes.slice();
    this.written.push(own);
    queueMicrotask(() => this.onWrite(own));
  }
  async drain(): Promise<void> {}
  onData(listener: ((chunk: Uint8Array) => void) | null): void {
    this.#listener = listener;
  }
  onGone(listener: ((reason: Error) => void) | null): void {
    this.#gone = listener;
  }
  async setLines(lines: ControlLines): Promise<void> {
    this.lines.push({ ...lines, at: this.#clock.monotonic() });
    this.onLines(lines);
  }
  async setBaudRate(rate: number): Promise<void> {
    this.baudRate = rate;
    this.rates.push(rate);
  }
  async discardInput(): Promise<void> {}
  async close(): Promise<void> {
    this.closed = true;
  }
}
