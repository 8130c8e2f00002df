import type { Clock } from '../base/clock.ts';

/** Modem lines as the USB bridge names them: true drives the pin low (FACTS 1.6, polarity). Undefined: leave it. */
export interface ControlLines {
  readonly dtr?: boolean;
  readonly rts?: boolean;
}

/**
 * A pair of ends and the lines beside it; nothing here knows what the bytes mean. One owner at a time. Every method rejects with a
 * FixtureFault (`transport.gone`, `transport.denied`, `transport.busy`, `transport.not-found`, `transport.refused`,
 * `transport.timeout`, `transport.io`).
 */
export interface Port {
  /** The address it was opened by. */
  readonly address: string;
  /** Whether DTR and RTS reach the board: false for raw TCP and pty. */
  readonly hasControlLines: boolean;
  /** Whether the rate of the line can be changed: false for raw TCP. */
  readonly hasBaudRate: boolean;
  readonly baudRate: number;
  /** USB vendor and product where the port is a USB one, for the choice of the reset sequence. */
  readonly usb: { readonly vendorId: number; readonly productId: number } | null;
  /**
   * Hands bytes to the driver and resolves when it takes more: back-pressure, not proof of arrival. Does not copy: the caller leaves
   * the array alone until then.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the driver has sent everything. */
  drain(): Promise<void>;
  /** The one listener for incoming bytes (null: drop them). The chunk is only valid during the call. */
  onData(listener: ((chunk: Uint8Array) => void) | null): void;
  /** Called once when the port goes away by itself (unplugged, peer closed); not after `close`. */
  onGone(listener: ((reason: Error) => void) | null): void;
  setLines(lines: ControlLines): Promise<void>;
  setBaudRate(rate: number): Promise<void>;
  /** Drops what was received and not delivered. */
  discardInput(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly baudRate: number;
  /** Time for waits of the port itself (acknowledgements over the network); the system's where absent. */
  readonly clock?: Clock;
}

/** Opens one kind of address. Compose joins the openers of serial, network and virtual ports into one. */
export type OpenPort = (address: string, options: OpenOptions) => Promise<Port>;
