import type { Socket } from 'node:net';
import type { ControlLines } from '../port.ts';
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

/** What the far end of a served line wants to know. */
export interface Rfc2217Handlers {
  /** Bytes from the client to the line; only valid during the call. */
  onData(bytes: Uint8Array): void;
  /** One of the lines was set; the acknowledgement goes out when the promise resolves. */
  onLines(lines: ControlLines): void | Promise<void>;
  onBaudRate(rate: number): void | Promise<void>;
  onPurge?(which: 'receive' | 'transmit' | 'both'): void;
  /** The client went away (not after `close`). */
  onClose?(): void;
}

/** Modem state told to clients: CTS and DSR on, as an adapter with nothing wired shows them (RFC 2217, NOTIFY-MODEMSTATE). */
const modemState = 0x30;

/**
 * The server's side of one RFC 2217 connection: whoever holds it is the line behind it. Speaks what pyserial's client asks for:
 * option negotiation, all settings acknowledged with their value, control lines, purge, modem state.
 */
export class Rfc2217ServerSession {
  readonly #socket: Socket;
  readonly #handlers: Rfc2217Handlers;
  readonly #agreement: TelnetAgreement;
  #baudRate = 115200;
  #dtr = false;
  #rts = false;
  #flow: number = control.noFlow;
  readonly #line = { [comPort.setDataSize]: 8, [comPort.setParity]: 1, [comPort.setStopSize]: 1 } as Record<
    number,
    number
  >;
  #answers: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(socket: Socket, handlers: Rfc2217Handlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.setNoDelay(true);
    const { binary, echo, suppressGoAhead, comPort: com } = telnetOptions;
    this.#agreement = new TelnetAgreement((bytes) => this.#write(bytes), {
      we: [binary, echo, suppressGoAhead, com],
      they: [binary, suppressGoAhead, com],
    });
    const decoder = new TelnetDecoder({
      data: (bytes) => this.#handlers.onData(bytes),
      negotiate: (verb, option) => {
        this.#agreement.take(verb, option);
        if (option === com && (verb === 'do' || verb === 'will')) this.#notifyModemState();
      },
      subnegotiate: (option, payload) => {
        if (option === com) this.#take(payload);
      },
    });
    // A Buffer's slice() is no copy; a plain Uint8Array's is, and that is what the line behind expects.
    socket.on('data', (chunk: Buffer) => {
      decoder.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (!this.#closed) this.#handlers.onClose?.();
      this.#closed = true;
    });
    this.#agreement.ask(com);
    this.#agreement.offer(binary);
    this.#agreement.ask(binary);
    this.#agreement.offer(suppressGoAhead);
  }

  /** What the line is set to before the client has set it. */
  setInitial(line: { readonly baudRate: number }): void {
    this.#baudRate = line.baudRate;
  }

  /** Bytes from the line to the client; false: the system's buffer is full, `drained` tells when it takes more. */
  send(bytes: Uint8Array): boolean {
    const escaped = escapeIac(bytes);
    // Sending is not done when this returns: the line may use its array again, so what was not copied by escaping is copied here.
    return this.#write(escaped === bytes ? bytes.slice() : escaped);
  }

  drained(): Promise<void> {
    if (this.#closed || !this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroySoon();
  }

  #write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#socket.destroyed) return true;
    return this.#socket.write(bytes);
  }

  #notifyModemState(): void {
    this.#write(comPortMessage(comPort.notifyModemState + serverAnswer, Uint8Array.of(modemState)));
  }

  #take(payload: Uint8Array): void {
    const command = payload[0];
    if (command === undefined) return;
    const value = payload.subarray(1);
    // Settings are carried out and acknowledged in the order in which they came, each when the line has done it.
    this.#answers = this.#answers
      .then(() => this.#carryOut(command, value))
      .then((answer) => {
        if (answer) this.#write(comPortMessage(command + serverAnswer, answer));
      })
      .catch(() => this.close());
  }

  /** Does what a COM-PORT command asks and gives the value to acknowledge with; null: no answer. */
  async #carryOut(command: number, value: Uint8Array): Promise<Uint8Array | null> {
    switch (command) {
      case comPort.signature:
        return new TextEncoder().encode('fuseline');
      case comPort.setBaudRate:
        return this.#setBaudRate(value);
      case comPort.setDataSize:
      case comPort.setParity:
      case comPort.setStopSize: {
        // Zero asks; the line knows 8N1 alone and takes the rest without a word, as servers do for a pseudo-terminal.
        const wanted = value[0] ?? 0;
        if (wanted !== 0) this.#line[command] = wanted;
        return Uint8Array.of(this.#line[command] as number);
      }
      case comPort.setControl:
        return Uint8Array.of(await this.#setControl(value[0] ?? control.askFlow));
      case comPort.notifyModemState:
        this.#notifyModemState();
        return null;
      case comPort.setLineStateMask:
      case comPort.setModemStateMask:
        return value.slice();
      case comPort.purgeData: {
        const which = value[0] ?? purge.both;
        this.#handlers.onPurge?.(which === purge.receive ? 'receive' : which === purge.transmit ? 'transmit' : 'both');
        return Uint8Array.of(which);
      }
      default:
        return null;
    }
  }

  async #setBaudRate(value: Uint8Array): Promise<Uint8Array> {
    const rate = value.length >= 4 ? new DataView(value.buffer, value.byteOffset, 4).getUint32(0) : 0;
    if (rate !== 0) {
      this.#baudRate = rate;
      await this.#handlers.onBaudRate(rate);
    }
    const answer = new Uint8Array(4);
    new DataView(answer.buffer).setUint32(0, this.#baudRate);
    return answer;
  }

  async #setControl(value: number): Promise<number> {
    switch (value) {
      case control.dtrOn:
      case control.dtrOff:
        this.#dtr = value === control.dtrOn;
        await this.#handlers.onLines({ dtr: this.#dtr });
        return value;
      case control.rtsOn:
      case control.rtsOff:
        this.#rts = value === control.rtsOn;
        await this.#handlers.onLines({ rts: this.#rts });
        return value;
      case control.askDtr:
        return this.#dtr ? control.dtrOn : control.dtrOff;
      case control.askRts:
        return this.#rts ? control.rtsOn : control.rtsOff;
      case control.askBreak:
        return control.breakOff;
      case control.askFlow:
        return this.#flow;
      case control.askFlowIn:
        return control.noFlowIn;
      default:
        if (value <= 3) this.#flow = value;
        return value;
    }
  }
}
