// Telnet as RFC 854 and 2217 use it: the pure part that client and server share.
//
//   wire    … data … FF FF … data … FF FB 2C … FF FA 2C <command> <value> FF F0 … data …
//   means      data    FF     data    WILL 44   subnegotiation of option 44         data

export const IAC = 0xff;
export const verbs = { will: 0xfb, wont: 0xfc, do: 0xfd, dont: 0xfe } as const;
export type Verb = keyof typeof verbs;
const SB = 0xfa;
const SE = 0xf0;

/** Telnet options by number (RFC 856, 858, 2217). */
export const telnetOptions = { binary: 0, echo: 1, suppressGoAhead: 3, comPort: 44 } as const;

/** COM-PORT-OPTION commands, client to server; the server's answer carries the number + 100 (RFC 2217, section 3). */
export const comPort = {
  signature: 0,
  setBaudRate: 1,
  setDataSize: 2,
  setParity: 3,
  setStopSize: 4,
  setControl: 5,
  notifyLineState: 6,
  notifyModemState: 7,
  flowSuspend: 8,
  flowResume: 9,
  setLineStateMask: 10,
  setModemStateMask: 11,
  purgeData: 12,
} as const;
export const serverAnswer = 100;

/** Values of SET-CONTROL that this house uses. */
export const control = {
  askFlow: 0,
  noFlow: 1,
  askBreak: 4,
  breakOff: 6,
  askDtr: 7,
  dtrOn: 8,
  dtrOff: 9,
  askRts: 10,
  rtsOn: 11,
  rtsOff: 12,
  askFlowIn: 13,
  noFlowIn: 14,
} as const;

export const purge = { receive: 1, transmit: 2, both: 3 } as const;

export interface TelnetListener {
  /** Bytes of the line; a view into the chunk that was pushed. */
  data(bytes: Uint8Array): void;
  negotiate(verb: Verb, option: number): void;
  /** Payload of a subnegotiation, unescaped; the first byte of it is behind the option. */
  subnegotiate(option: number, payload: Uint8Array): void;
}

type State = 'data' | 'iac' | Verb | 'sub' | 'sub-iac';
const verbOf: Readonly<Record<number, Verb>> = { 251: 'will', 252: 'wont', 253: 'do', 254: 'dont' };

/** A subnegotiation is a few bytes long; what grows beyond this is noise. */
const longestSubnegotiation = 1024;

/** Takes a telnet stream apart, cut anywhere. Line bytes are passed on as views; nothing is copied on the way. */
export class TelnetDecoder {
  readonly #listener: TelnetListener;
  #state: State = 'data';
  #sub: number[] = [];

  constructor(listener: TelnetListener) {
    this.#listener = listener;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'data') {
        const iac = chunk.indexOf(IAC, at);
        const end = iac < 0 ? chunk.length : iac;
        if (end > at) this.#listener.data(chunk.subarray(at, end));
        if (iac < 0) return;
        this.#state = 'iac';
        at = iac + 1;
        continue;
      }
      this.#command(chunk, at);
      at++;
    }
  }

  #command(chunk: Uint8Array, at: number): void {
    const byte = chunk[at] as number;
    const state = this.#state;
    switch (state) {
      case 'iac':
        if (byte === IAC) {
          this.#state = 'data';
          this.#listener.data(chunk.subarray(at, at + 1));
        } else if (byte === SB) {
          this.#sub = [];
          this.#state = 'sub';
        } else {
          this.#state = verbOf[byte] ?? 'data';
        }
        return;
      case 'sub':
        if (byte === IAC) this.#state = 'sub-iac';
        else if (this.#sub.length < longestSubnegotiation) this.#sub.push(byte);
        return;
      case 'sub-iac':
        if (byte === SE) {
          this.#state = 'data';
          const [option, ...payload] = this.#sub;
          if (option !== undefined) this.#listener.subnegotiate(option, Uint8Array.from(payload));
        } else {
          if (byte === IAC && this.#sub.length < longestSubnegotiation) this.#sub.push(IAC);
          this.#state = 'sub';
        }
        return;
      case 'data':
        return;
      default:
        this.#state = 'data';
        this.#listener.negotiate(state, byte);
    }
  }
}

/** Line bytes as they go on the wire: every FF doubled. The same array where there is none. */
export function escapeIac(bytes: Uint8Array): Uint8Array {
  let count = 0;
  for (let at = bytes.indexOf(IAC); at >= 0; at = bytes.indexOf(IAC, at + 1)) count++;
  if (count === 0) return bytes;
  const escaped = new Uint8Array(bytes.length + count);
  let to = 0;
  for (const byte of bytes) {
    escaped[to++] = byte;
    if (byte === IAC) escaped[to++] = IAC;
  }
  return escaped;
}

export function negotiation(verb: Verb, option: number): Uint8Array {
  return Uint8Array.of(IAC, verbs[verb], option);
}

/** `FF FA 2C command value FF F0`, FF in the value doubled. */
export function comPortMessage(command: number, value: Uint8Array): Uint8Array {
  const escaped = escapeIac(value);
  const message = new Uint8Array(escaped.length + 6);
  message.set([IAC, SB, telnetOptions.comPort, command]);
  message.set(escaped, 4);
  message.set([IAC, SE], 4 + escaped.length);
  return message;
}

/**
 * What we do and what we let the other side do, by option; answers a request exactly where it changes something, as RFC 854 asks,
 * so that two eager ends do not answer each other for ever.
 */
export class TelnetAgreement {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #mayDo: ReadonlySet<number>;
  readonly #mayLet: ReadonlySet<number>;
  readonly #weDo = new Map<number, boolean>();
  readonly #theyDo = new Map<number, boolean>();

  /** `willing`: options that we may do ourselves, and those that we let the other side do. */
  constructor(
    send: (bytes: Uint8Array) => void,
    willing: { readonly we: readonly number[]; readonly they: readonly number[] },
  ) {
    this.#send = send;
    this.#mayDo = new Set(willing.we);
    this.#mayLet = new Set(willing.they);
  }

  /** Offers to do an option (WILL). */
  offer(option: number): void {
    if (this.#weDo.get(option)) return;
    this.#weDo.set(option, true);
    this.#send(negotiation('will', option));
  }

  /** Asks the other side to do an option (DO). */
  ask(option: number): void {
    if (this.#theyDo.get(option)) return;
    this.#theyDo.set(option, true);
    this.#send(negotiation('do', option));
  }

  /** Takes the other side's word; answers where it is a change. */
  take(verb: Verb, option: number): void {
    const ours = verb === 'do' || verb === 'dont';
    const states = ours ? this.#weDo : this.#theyDo;
    const wanted = verb === 'do' || verb === 'will';
    const agreed = wanted && (ours ? this.#mayDo : this.#mayLet).has(option);
    const before = states.get(option) ?? false;
    states.set(option, agreed);
    if (agreed !== before) this.#send(negotiation(ours ? (agreed ? 'will' : 'wont') : agreed ? 'do' : 'dont', option));
    else if (wanted && !agreed) this.#send(negotiation(ours ? 'wont' : 'dont', option));
  }
}
