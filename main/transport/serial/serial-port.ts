import { SerialPort as Serial } from 'serialport';
import { Mutex } from '../../base/mutex.ts';
import { portClosed, portFault, portGone } from '../faults.ts';
import type { ControlLines, OpenOptions, Port } from '../port.ts';
import { usbIdOf } from './list.ts';

type Binding = Awaited<ReturnType<typeof Serial.binding.open>>;

/** Room for what the driver has at once; the kernel's own buffers are 4 KiB or less. */
const readBufferSize = 16 * 1024;

/**
 * A tty by the binding of the `serialport` package, below its streams: bytes go from the caller's array to the driver and from one
 * receive buffer to the listener, with no copy between. The port is locked against a second opener; closing leaves the modem lines
 * as they are, so that a running board is not reset.
 */
export async function openSerialPort(path: string, address: string, options: OpenOptions): Promise<Port> {
  let binding: Binding;
  try {
    binding = await Serial.binding.open({ path, baudRate: options.baudRate, lock: true, hupcl: false });
  } catch (error) {
    throw portFault(address, 'it cannot be opened', error);
  }
  mendPoller(binding);
  const lowLatency = await takesLines(binding, true);
  const hasControlLines = lowLatency || (await takesLines(binding, false));
  const usb = await usbIdOf(path);
  return new SerialPort(address, binding, options.baudRate, { hasControlLines, lowLatency }, usb);
}

/** The part of the Unix bindings that waits until the port can be read or written; Windows has none. */
interface Poller {
  poll(events?: number): void;
  listenerCount(event: string): number;
}
const [readable, writable] = [1, 2];

/**
 * In the bindings (13.0) a wait for one event replaces the wait for the other: when an answer comes in while a write waits for room, the
 * next wait for input forgets the write, which then never ends. Each wait is made to name both where both are waited for.
 */
function mendPoller(binding: Binding): void {
  const { poller } = binding as { poller?: Poller };
  if (!poller) return;
  const poll = poller.poll.bind(poller);
  poller.poll = (events = 0) => {
    const reads = poller.listenerCount('readable') > 0 ? readable : 0;
    const writes = poller.listenerCount('writable') > 0 ? writable : 0;
    poll(events | reads | writes);
  };
}

/**
 * Sets both lines as the driver set them at open. A pseudo-terminal has none and says so (ENOTTY); its rate can be set all the same.
 * Low latency makes FTDI adapters answer within 1 ms instead of 16; drivers that do not know it refuse the whole call.
 */
function takesLines(binding: Binding, lowLatency: boolean): Promise<boolean> {
  return setLines(binding, { dtr: true, rts: true }, lowLatency).then(
    () => true,
    () => false,
  );
}

/** The binding sets all lines in one call, and clears what is not named. */
function setLines(binding: Binding, lines: Required<ControlLines>, lowLatency: boolean): Promise<void> {
  const all = { ...lines, brk: false, cts: false, dsr: false, lowLatency };
  return binding.set(all);
}

class SerialPort implements Port {
  readonly address: string;
  readonly hasControlLines: boolean;
  readonly hasBaudRate = true;
  readonly usb: Port['usb'];
  readonly #binding: Binding;
  readonly #lowLatency: boolean;
  readonly #writes = new Mutex();
  #lines: Required<ControlLines> = { dtr: true, rts: true };
  #baudRate: number;
  #onData: ((chunk: Uint8Array) => void) | null = null;
  #onGone: ((reason: Error) => void) | null = null;
  #gone: Error | null = null;
  #closed = false;

  constructor(
    address: string,
    binding: Binding,
    baudRate: number,
    driver: { readonly hasControlLines: boolean; readonly lowLatency: boolean },
    usb: Port['usb'],
  ) {
    this.address = address;
    this.#binding = binding;
    this.#baudRate = baudRate;
    this.hasControlLines = driver.hasControlLines;
    this.#lowLatency = driver.lowLatency;
    this.usb = usb;
    void this.#readOn();
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  onData(listener: ((chunk: Uint8Array) => void) | null): void {
    this.#onData = listener;
  }

  onGone(listener: ((reason: Error) => void) | null): void {
    this.#onGone = listener;
    if (listener && this.#gone && !this.#closed) listener(this.#gone);
  }

  async write(bytes: Uint8Array): Promise<void> {
    // The binding takes one write at a time; a partial write of one must not be cut by another.
    await this.#writes.run(() =>
      this.#try('bytes could not be sent', () =>
        this.#binding.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
      ),
    );
  }

  async drain(): Promise<void> {
    await this.#writes.run(() => this.#try('its output could not be drained', () => this.#binding.drain()));
  }

  async setLines(lines: ControlLines): Promise<void> {
    if (!this.hasControlLines) return;
    this.#lines = { ...this.#lines, ...lines };
    await this.#try('the lines DTR and RTS could not be set', () =>
      setLines(this.#binding, this.#lines, this.#lowLatency),
    );
  }

  async setBaudRate(rate: number): Promise<void> {
    await this.#try(`it does not take ${rate} baud`, () => this.#binding.update({ baudRate: rate }));
    this.#baudRate = rate;
  }

  async discardInput(): Promise<void> {
    // The driver's flush drops both directions: what was written goes out first.
    await this.drain();
    await this.#try('its input could not be dropped', () => this.#binding.flush());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#onData = null;
    this.#onGone = null;
    if (this.#binding.isOpen) await this.#binding.close().catch(() => undefined);
  }

  async #try<T>(doing: string, act: () => Promise<T>): Promise<T> {
    if (this.#closed) throw portClosed(this.address);
    if (this.#gone) throw this.#gone;
    try {
      return await act();
    } catch (error) {
      if (this.#closed) throw portClosed(this.address);
      if (this.#gone) throw this.#gone;
      throw portFault(this.address, doing, error);
    }
  }

  async #readOn(): Promise<void> {
    const bytes = new Uint8Array(readBufferSize);
    // The binding wants a Buffer; the listener gets a plain Uint8Array of the same memory, whose slice() copies.
    const buffer = Buffer.from(bytes.buffer);
    while (!this.#closed) {
      let bytesRead: number;
      try {
        ({ bytesRead } = await this.#binding.read(buffer, 0, buffer.length));
      } catch (error) {
        if (!this.#closed) this.#goneBecause(error);
        return;
      }
      this.#onData?.(bytes.subarray(0, bytesRead));
    }
  }

  #goneBecause(error: unknown): void {
    this.#gone = portGone(this.address, error);
    if (this.#binding.isOpen) void this.#binding.close().catch(() => undefined);
    this.#onGone?.(this.#gone);
  }
}
