import type { Clock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import type { SecretBytes } from '../../base/secret.ts';
import type { WrappedKey } from '../../model/event.ts';
import { type Fault, isFault, TokenFault } from '../../model/fault.ts';
import type { PinSource } from '../pin.ts';
import type { KeyRef, KeyWish, Signer, SignScheme, TokenKey, TokenStatus } from '../signer.ts';
import type { TokenCall, TokenCalls, TokenPlace } from './messages.ts';
import { crashFault, forkTokenProcess, type LaunchTokenProcess, type TokenAnswer, TokenChild } from './token-child.ts';

export interface Pkcs11Options {
  /** Path of the PKCS#11 library. */
  readonly module: string;
  /** Without a serial the label must be the only one of its kind. */
  readonly token: { readonly label: string; readonly serial?: string };
  readonly pin: PinSource;
  /** What the module reads from its environment, e.g. SOFTHSM2_CONF. Never a secret. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** How the token process is started; by default a fork of this Node. */
  readonly launch?: LaunchTokenProcess;
  /** How long one call may take before the process counts as hung, ms (default 60,000; making a key may take five times as long). */
  readonly limitMs?: number;
}

/**
 * Opens exactly one token in a process of its own and logs in. Rejects with `token.module`, `token.none`, `token.ambiguous`, `token.pin`,
 * `token.pin-locked`, `token.pin-file`, `token.crashed`; no process is left then. A PIN that was refused is never tried again.
 */
export async function openPkcs11Signer(options: Pkcs11Options): Promise<Signer> {
  const signer = new Pkcs11Signer(options);
  try {
    await signer.open();
    return signer;
  } catch (error) {
    await signer.close();
    throw error;
  }
}

/** Makes a token in an empty slot of the module (C_InitToken, C_InitPIN), in a process that ends thereafter. */
export async function initialiseToken(options: {
  readonly module: string;
  readonly label: string;
  readonly soPin: SecretBytes;
  readonly pin: SecretBytes;
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly launch?: LaunchTokenProcess;
}): Promise<{ readonly serial: string }> {
  const child = new TokenChild(options.launch ?? forkTokenProcess, options.environment ?? {}, options.clock);
  try {
    const { module, label, soPin, pin } = options;
    return (await child.call('initialise', { module, label }, [soPin, pin], 60_000)).value;
  } finally {
    await child.close();
  }
}

/** So often may the process crash within the window before the signer waits for the window to pass. */
const crashesAllowed = 3;
const crashWindowMs = 60_000;
const lookAgainMs = 500;
/** How long a call that is in the token at the closing may take before the process is killed. */
const closingMs = 5_000;
/** What may pass by itself. */
const awayCodes = ['token.gone', 'token.crashed'];

class Pkcs11Signer implements Signer {
  readonly #options: Pkcs11Options;
  #place: TokenPlace;
  /** It was open: if it is not found now it is away, and only this very token may come back. */
  #known = false;
  readonly #queue = new Mutex();
  readonly #crashes: number[] = [];
  readonly #closing = new AbortController();
  #child: TokenChild | null = null;
  /** The process is logged in, as far as it has told. */
  #isOpen = false;
  /** The process that was started last, logged in or not yet. */
  #started: TokenChild | null = null;
  /** The PIN was refused: every call says so, none spends another try. */
  #pinRefused: TokenFault | null = null;

  constructor(options: Pkcs11Options) {
    this.#options = options;
    this.#place = { module: options.module, ...options.token };
  }

  async open(): Promise<void> {
    await this.#queue.run(() => this.#ensureChild());
  }

  async status(): Promise<TokenStatus> {
    return (await this.#ask('status', null)).value;
  }

  async keys(): Promise<readonly TokenKey[]> {
    return (await this.#ask('keys', null)).value;
  }

  async generateKey({ label, use, algorithm, id }: KeyWish): Promise<TokenKey> {
    const wish = { label, use, algorithm, ...(id === undefined ? {} : { id }) };
    return (await this.#ask('generate', wish)).value;
  }

  async settleKey(id: string): Promise<TokenKey | null> {
    return (await this.#ask('settle', { id })).value;
  }

  async findKey(ref: KeyRef): Promise<TokenKey> {
    return (await this.#ask('find', plainRef(ref))).value;
  }

  async random(length: number): Promise<SecretBytes> {
    return secretOf(await this.#ask('random', { length }));
  }

  async sign(ref: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array> {
    return (await this.#ask('sign', { ref: plainRef(ref), scheme, digest: digest.slice() })).value;
  }

  async wrap(wrappingKey: KeyRef, secret: SecretBytes): Promise<WrappedKey> {
    const { wrappingKeyId, data } = (await this.#ask('wrap', plainRef(wrappingKey), secret)).value;
    return { wrappingKeyId, mechanism: 'AES_KEY_WRAP_PAD', data: Buffer.from(data).toString('base64') };
  }

  async unwrap(wrappingKey: KeyRef, wrapped: WrappedKey): Promise<SecretBytes> {
    const data = new Uint8Array(Buffer.from(wrapped.data, 'base64'));
    const args = { ref: plainRef(wrappingKey), wrappingKeyId: wrapped.wrappingKeyId, data };
    return secretOf(await this.#ask('unwrap', args));
  }

  async whenBack(signal?: AbortSignal): Promise<void> {
    const stop = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    for (;;) {
      stop.throwIfAborted();
      try {
        await this.status();
        return;
      } catch (error) {
        if (!awayCodes.some((code) => isFault(error, code))) throw error;
      }
      await this.#options.clock.sleep(lookAgainMs, stop);
    }
  }

  /** Calls that wait in the queue are refused; the one in the token is let finish, for five seconds at most. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedFault());
    const closed = this.#queue.run(async () => {
      const child = this.#child;
      this.#child = null;
      await child?.close();
    });
    const enough = new AbortController();
    const late = this.#options.clock.sleep(closingMs, enough.signal).then(
      () => this.#started?.kill(),
      () => {},
    );
    await Promise.race([closed, late]);
    enough.abort();
    await closed;
  }

  #ask<C extends TokenCall>(call: C, args: TokenCalls[C]['args'], ...secrets: SecretBytes[]): Promise<TokenAnswer<C>> {
    return this.#queue.run(async () => {
      const child = await this.#ensureChild();
      const limit = this.#options.limitMs ?? 60_000;
      return await this.#guarded(child, child.call(call, args, secrets, call === 'generate' ? 5 * limit : limit));
    });
  }

  /** The token process, logged in; started where it is not running, logged in anew where the token was gone. */
  async #ensureChild(): Promise<TokenChild> {
    this.#closing.signal.throwIfAborted();
    if (this.#pinRefused !== null) throw this.#pinRefused;
    if (this.#child?.alive) {
      if (!this.#isOpen) await this.#open(this.#child);
      return this.#child;
    }
    this.#child = null;
    const now = this.#options.clock.monotonic();
    while (this.#crashes.length > 0 && now - this.#crashes[0]! > crashWindowMs) this.#crashes.shift();
    if (this.#crashes.length > crashesAllowed)
      throw crashFault(`crashed ${this.#crashes.length} times within a minute and rests`, null);
    // from here on a process may be running: it becomes ours before anything can fail
    let child: TokenChild | null = null;
    const start = () => {
      child = new TokenChild(
        this.#options.launch ?? forkTokenProcess,
        this.#options.environment ?? {},
        this.#options.clock,
      );
      this.#started = child;
      return child;
    };
    try {
      const opened = await this.#open(start);
      this.#child = opened;
      return opened;
    } catch (error) {
      await (child as TokenChild | null)?.close();
      throw error;
    }
  }

  /** Reads the PIN, starts the process where `child` is the way to, and logs in. The PIN is in neither process any more when this is done. */
  async #open(child: TokenChild | (() => TokenChild)): Promise<TokenChild> {
    using pin = await this.#options.pin.read().catch((error: unknown) => {
      // it may lie on the very thing that was unplugged
      throw this.#known && isFault(error, 'token.pin-file') ? noPinFault(this.#place, error) : error;
    });
    const started = typeof child === 'function' ? child() : child;
    // a person allows the last try once, at the prompt; not for every return of the token
    const lastTryAllowed = this.#options.pin.kind === 'prompt' && !this.#known;
    const args = { place: this.#place, lastTryAllowed, known: this.#known };
    const opened = await this.#guarded(started, started.call('open', args, [pin], this.#options.limitMs ?? 60_000));
    this.#place = { ...this.#place, serial: opened.value.serial };
    this.#known = true;
    this.#isOpen = true;
    return started;
  }

  async #guarded<T>(child: TokenChild, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      // its handles are void, and the PIN is not kept there
      if (isFault(error, 'token.gone')) this.#isOpen = false;
      if (isFault(error, 'token.pin') || isFault(error, 'token.pin-locked')) this.#pinRefused = error as TokenFault;
      if (isFault(error, 'token.crashed')) {
        this.#crashes.push(this.#options.clock.monotonic());
        await child.close();
      }
      throw error;
    }
  }
}

/** Only what a reference is, whatever else the caller's object carries. */
function plainRef({ label, id, publicKeySha256 }: KeyRef): KeyRef {
  return {
    label,
    ...(id === undefined ? {} : { id }),
    ...(publicKeySha256 === undefined ? {} : { publicKeySha256 }),
  };
}

function secretOf(answer: TokenAnswer<TokenCall>): SecretBytes {
  if (answer.secret === null) throw crashFault('answered without the secret that was asked for', null);
  return answer.secret;
}

function noPinFault({ label, serial }: TokenPlace, cause: Fault): TokenFault {
  return new TokenFault({
    code: 'token.gone',
    what: `Token '${label}' (serial ${serial}) went away, and its PIN cannot be read to open it again: ${cause.what}`,
    next: 'Bring the token back, and its PIN file where that is gone as well; the station goes on by itself.',
    cause,
  });
}

/** What a call to a token that was closed is answered. */
export function closedFault(): TokenFault {
  return new TokenFault({
    code: 'token.closed',
    what: 'The token was closed; the call did not reach it.',
    next: 'Open the token again.',
  });
}
