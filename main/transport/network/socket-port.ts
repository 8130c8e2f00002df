import { connect, type Socket } from 'node:net';
import { type Clock, inTime, systemClock } from '../../base/clock.ts';
import { portClosed, portFault, portGone, portTimeout } from '../faults.ts';
import type { ControlLines, OpenOptions, Port } from '../port.ts';

/** A far end that is there answers within a round trip; a silent firewall never does. */
const connectMs = 5000;
const receiveBufferSize = 64 * 1024;

/** A TCP connection as bytes: the part that raw TCP and RFC 2217 share. */
export class TcpBytes {
  readonly address: string;
  readonly #socket: Socket;
  #onBytes: ((bytes: Uint8Array) => void) | null = null;
  #onGone: ((reason: Error) => void) | null = null;
  #gone: Error | null = null;
  #closed = false;

  private constructor(address: string, socket: Socket) {
    this.address = address;
    this.#socket = socket;
  }

  /** Connects with TCP_NODELAY. FixtureFault `transport.refused`, `transport.not-found`, `transport.timeout`. */
  static async open(host: string, port: number, address: string, clock: Clock): Promise<TcpBytes> {
    let bytes: TcpBytes | null = null;
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      // One buffer for all that comes in: a chunk is only valid during the call.
      onread: {
        buffer: new Uint8Array(receiveBufferSize),
        callback: (length, buffer) => {
          if (bytes !== null) bytes.#onBytes?.((buffer as Uint8Array).subarray(0, length));
          return true;
        },
      },
    });
    try {
      const connected = new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
      await inTime(clock, connectMs, connected, () => portTimeout(address, 'connecting'));
    } catch (error) {
      socket.on('error', () => undefined);
      socket.destroy();
      throw portFault(address, 'connecting', error);
    } finally {
      socket.removeAllListeners('error');
    }
    bytes = new TcpBytes(address, socket);
    bytes.#watch();
    return bytes;
  }

  #watch(): void {
    const gone = (error?: Error): void => {
      if (this.#closed || this.#gone) return;
      this.#gone = portGone(this.address, error ?? new Error('the far end closed the connection'));
      this.#socket.destroy();
      this.#onGone?.(this.#gone);
    };
    this.#socket.on('error', gone);
    this.#socket.on('end', () => gone());
    this.#socket.on('close', () => gone());
  }

  onBytes(listener: ((bytes: Uint8Array) => void) | null): void {
    this.#onBytes = listener;
  }

  onGone(listener: ((reason: Error) => void) | null): void {
    this.#onGone = listener;
    if (listener && this.#gone && !this.#closed) listener(this.#gone);
  }

  /** Resolves when the system has taken the bytes. */
  send(bytes: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(portClosed(this.address));
    if (this.#gone) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (!error) resolve();
        else reject(this.#gone ?? portGone(this.address, error));
      });
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onBytes = null;
    this.#onGone = null;
    this.#socket.on('error', () => undefined);
    this.#socket.destroySoon();
  }
}

/** Raw TCP (`socket://host:port`): bytes only, no modem lines, no rate. */
export async function openSocketPort(host: string, port: number, address: string, options: OpenOptions): Promise<Port> {
  return new SocketPort(await TcpBytes.open(host, port, address, options.clock ?? systemClock), options.baudRate);
}

class SocketPort implements Port {
  readonly hasControlLines = false;
  readonly hasBaudRate = false;
  readonly usb = null;
  readonly baudRate: number;
  readonly #tcp: TcpBytes;

  constructor(tcp: TcpBytes, baudRate: number) {
    this.#tcp = tcp;
    this.baudRate = baudRate;
  }

  get address(): string {
    return this.#tcp.address;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#tcp.send(bytes);
  }

  async drain(): Promise<void> {
    // A write resolves when the system has the bytes; there is nothing more to know on this side.
  }

  onData(listener: ((chunk: Uint8Array) => void) | null): void {
    this.#tcp.onBytes(listener);
  }

  onGone(listener: ((reason: Error) => void) | null): void {
    this.#tcp.onGone(listener);
  }

  async setLines(_lines: ControlLines): Promise<void> {}

  async setBaudRate(_rate: number): Promise<void> {}

  async discardInput(): Promise<void> {
    // What has come in was delivered or dropped at once: nothing is held here.
  }

  async close(): Promise<void> {
    this.#tcp.close();
  }
}
