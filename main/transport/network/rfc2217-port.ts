import { type Clock, inTime, systemClock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import { portGone, portTimeout } from '../faults.ts';
import type { ControlLines, OpenOptions, Port } from '../port.ts';
import { TcpBytes } from './socket-port.ts';
import {
  comPort,
  comPortMessage,
  control,
  escapeIac,
  purge,
  serverAnswer,
  TelnetAgreement,
  TelnetDecoder,
  telnetOptions,
} from './telnet.ts';

/** A server acknowledges within a round trip; pyserial, the common one, gives up after the same time. */
const acknowledgeMs = 3000;

/**
 * A serial port behind an RFC 2217 server (`rfc2217://host:port`). Every setting is acknowledged by the server before the call
 * resolves; the lines too, so that the waits of a reset sequence begin when the far line has moved.
 */
export async function openRfc2217Port(
  host: string,
  port: number,
  address: string,
  options: OpenOptions,
): Promise<Port> {
  const clock = options.clock ?? systemClock;
  const opened = new Rfc2217Port(await TcpBytes.open(host, port, address, clock), clock);
  try {
    await opened.start(options.baudRate);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

interface Waiting {
  readonly command: number;
  readonly answer: (value: Uint8Array) => void;
  readonly fail: (reason: Error) => void;
}

class Rfc2217Port implements Port {
  readonly hasControlLines = true;
  readonly hasBaudRate = true;
  readonly usb = null;
  readonly #tcp: TcpBytes;
  readonly #clock: Clock;
  readonly #settings = new Mutex();
  readonly #agreement: TelnetAgreement;
  #baudRate = 0;
  #waiting: Waiting | null = null;
  #comPortAgreed: (() => void) | null = null;
  #onData: ((chunk: Uint8Array) => void) | null = null;
  #onGone: ((reason: Error) => void) | null = null;

  constructor(tcp: TcpBytes, clock: Clock) {
    this.#tcp = tcp;
    this.#clock = clock;
    const { binary, suppressGoAhead, comPort: com } = telnetOptions;
    this.#agreement = new TelnetAgreement((bytes) => void tcp.send(bytes).catch(() => undefined), {
      we: [binary, suppressGoAhead, com],
      they: [binary, suppressGoAhead, com, telnetOptions.echo],
    });
    const decoder = new TelnetDecoder({
      data: (bytes) => this.#onData?.(bytes),
      negotiate: (verb, option) => {
        this.#agreement.take(verb, option);
        if (option === com && (verb === 'do' || verb === 'will')) this.#comPortAgreed?.();
      },
      subnegotiate: (option, payload) => {
        const waiting = this.#waiting;
        if (option === com && waiting && payload[0] === waiting.command + serverAnswer)
          waiting.answer(payload.subarray(1));
      },
    });
    tcp.onBytes((bytes) => decoder.push(bytes));
    tcp.onGone((reason) => {
      this.#waiting?.fail(reason);
      this.#onGone?.(reason);
    });
  }

  get address(): string {
    return this.#tcp.address;
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  /** Agrees on the options and sets the line: 8N1, no flow control. */
  async start(baudRate: number): Promise<void> {
    const agreed = new Promise<void>((resolve) => {
      this.#comPortAgreed = resolve;
    });
    const { binary, suppressGoAhead, comPort: com } = telnetOptions;
    this.#agreement.offer(binary);
    this.#agreement.ask(binary);
    this.#agreement.offer(suppressGoAhead);
    this.#agreement.ask(suppressGoAhead);
    this.#agreement.offer(com);
    await this.#inTime(agreed, 'agreeing on RFC 2217');
    await this.setBaudRate(baudRate);
    await this.#set(comPort.setDataSize, 8);
    await this.#set(comPort.setParity, 1);
    await this.#set(comPort.setStopSize, 1);
    await this.#set(comPort.setControl, control.noFlow);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#tcp.send(escapeIac(bytes));
  }

  async drain(): Promise<void> {
    // The protocol has no word for "sent": a write resolves when the system has the bytes.
  }

  onData(listener: ((chunk: Uint8Array) => void) | null): void {
    this.#onData = listener;
  }

  onGone(listener: ((reason: Error) => void) | null): void {
    this.#onGone = listener;
    this.#tcp.onGone((reason) => {
      this.#waiting?.fail(reason);
      this.#onGone?.(reason);
    });
  }

  async setLines(lines: ControlLines): Promise<void> {
    if (lines.dtr !== undefined) await this.#set(comPort.setControl, lines.dtr ? control.dtrOn : control.dtrOff);
    if (lines.rts !== undefined) await this.#set(comPort.setControl, lines.rts ? control.rtsOn : control.rtsOff);
  }

  async setBaudRate(rate: number): Promise<void> {
    const answer = await this.#request(comPort.setBaudRate, bigEndian32(rate), 'setting the baud rate');
    if (answer.length >= 4) this.#baudRate = new DataView(answer.buffer, answer.byteOffset, 4).getUint32(0);
    else this.#baudRate = rate;
  }

  async discardInput(): Promise<void> {
    await this.#set(comPort.purgeData, purge.receive);
  }

  async close(): Promise<void> {
    this.#onData = null;
    this.#onGone = null;
    this.#waiting?.fail(portGone(this.address));
    this.#tcp.close();
  }

  async #set(command: number, value: number): Promise<void> {
    await this.#request(command, Uint8Array.of(value), `setting ${command} to ${value}`);
  }

  /** One setting and its acknowledgement; settings queue, so an answer belongs to the one that waits. */
  #request(command: number, value: Uint8Array, what: string): Promise<Uint8Array> {
    return this.#settings.run(async () => {
      const answered = new Promise<Uint8Array>((answer, fail) => {
        this.#waiting = { command, answer, fail };
      });
      answered.catch(() => undefined);
      try {
        await this.#tcp.send(comPortMessage(command, value));
        return await this.#inTime(answered, what);
      } finally {
        this.#waiting = null;
      }
    });
  }

  #inTime<T>(answered: Promise<T>, what: string): Promise<T> {
    return inTime(this.#clock, acknowledgeMs, answered, () => portTimeout(this.address, what));
  }
}

function bigEndian32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
