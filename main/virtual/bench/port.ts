import { portClosed, portGone } from '../../transport/faults.ts';
import type { ControlLines, Port } from '../../transport/port.ts';
import type { VirtualChip } from '../chip.ts';

/** Bytes that a driver takes ahead of the line. */
const driverRoom = 4096;

/**
 * A port with a virtual chip behind it, control lines and rate included. A chip that was never powered is switched on; the lines come
 * up released, at 115200. Closing releases the lines and leaves the chip with its supply.
 */
export function openVirtualPort(chip: VirtualChip, address: string): Port {
  return new VirtualPort(chip, address);
}

class VirtualPort implements Port {
  readonly address: string;
  readonly hasControlLines = true;
  readonly hasBaudRate = true;
  readonly usb = null;
  readonly #chip: VirtualChip;
  #baudRate = 115200;
  #data: ((chunk: Uint8Array) => void) | null = null;
  #gone: ((reason: Error) => void) | null = null;
  #state: 'open' | 'gone' | 'closed' = 'open';
  #arrived: Uint8Array[] = [];
  #scheduled = false;
  #leave: (() => void)[] = [];

  constructor(chip: VirtualChip, address: string) {
    this.address = address;
    this.#chip = chip;
    chip.onSend((bytes) => this.#take(bytes));
    chip.onGone(() => this.#vanish());
    chip.setHostBaudRate(this.#baudRate);
    if (!chip.everPowered) chip.powerOn();
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#assertOpen();
    this.#chip.receive(bytes);
    if (this.#chip.inputBacklog >= driverRoom) await this.#unlessGone(this.#chip.inputBelow(driverRoom));
  }

  async drain(): Promise<void> {
    this.#assertOpen();
    if (this.#chip.inputBacklog > 0) await this.#unlessGone(this.#chip.inputBelow(1));
  }

  onData(listener: ((chunk: Uint8Array) => void) | null): void {
    this.#data = listener;
  }

  onGone(listener: ((reason: Error) => void) | null): void {
    this.#gone = listener;
  }

  async setLines(lines: ControlLines): Promise<void> {
    this.#assertOpen();
    this.#chip.setLines(lines);
  }

  async setBaudRate(rate: number): Promise<void> {
    this.#assertOpen();
    this.#baudRate = rate;
    this.#chip.setHostBaudRate(rate);
  }

  async discardInput(): Promise<void> {
    this.#assertOpen();
    this.#arrived = [];
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#arrived = [];
    for (const leave of this.#leave) leave();
    if (!wasOpen) return;
    this.#chip.onSend(null);
    this.#chip.onGone(null);
    this.#chip.setLines({ dtr: false, rts: false });
  }

  /** Bytes wait for the next turn of the event loop: never inside the caller's own write. */
  #take(bytes: Uint8Array): void {
    this.#arrived.push(bytes.slice());
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const chunks = this.#arrived;
      this.#arrived = [];
      for (const chunk of chunks) if (this.#state === 'open') this.#data?.(chunk);
    });
  }

  #vanish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'gone';
    for (const leave of this.#leave) leave();
    const gone = this.#gone;
    setImmediate(() => gone?.(portGone(this.address)));
  }

  #assertOpen(): void {
    if (this.#state === 'closed') throw portClosed(this.address);
    if (this.#state === 'gone') throw portGone(this.address);
  }

  async #unlessGone(work: Promise<void>): Promise<void> {
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#leave.push(leave);
    await Promise.race([work, left]);
    this.#leave = this.#leave.filter((entry) => entry !== leave);
    this.#assertOpen();
  }
}
