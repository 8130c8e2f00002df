import pkcs11js from 'pkcs11js';
import type { SecretBytes } from '../../base/secret.ts';
import { TokenFault } from '../../model/fault.ts';
import { ckrOf, faultOfModule, finalTryFault, goneFault, type PinState, pinFault } from './faults.ts';
import { withPinText } from './leftovers.ts';
import type { TokenPlace } from './messages.ts';

export type Handle = pkcs11js.Handle;
export type Cryptoki = pkcs11js.PKCS11;

/** How the module comes into the process, and how a PIN is lent to it. */
export interface SessionParts {
  readonly load: (path: string) => Cryptoki;
  readonly withPinText: typeof withPinText;
}

/**
 * The module with one logged-in session on exactly one token. All of it is synchronous; it lives in the token process. It keeps no PIN: when
 * the token was gone, whoever has one opens it again.
 */
export class TokenSession {
  readonly module: Cryptoki;
  readonly place: TokenPlace;
  #initialised = false;
  #open: { readonly slot: Handle; readonly session: Handle } | null = null;
  #serial: string | null;
  #forget: () => void = () => {};
  readonly #withPinText: SessionParts['withPinText'];

  /**
   * Opens nothing yet. Throws TokenFault `token.module` where the library cannot be loaded. `known` says that the token of this place was
   * open before, so that it is away (`token.gone`), not misnamed, where it is not found.
   */
  constructor(place: TokenPlace, known: boolean, parts: SessionParts = { load: loadModule, withPinText }) {
    this.place = place;
    this.#serial = known ? (place.serial ?? null) : null;
    this.#withPinText = parts.withPinText;
    this.module = parts.load(place.module);
  }

  /** For people: label and serial. */
  get name(): string {
    const serial = this.#serial ?? this.place.serial;
    return `Token '${this.place.label}'${serial === undefined ? '' : ` (serial ${serial})`}`;
  }

  /** Opens where it is not open; the serial of the token. The PIN stays the caller's. `lastTryAllowed`: it may be spent on the last try. */
  open(pin: SecretBytes, lastTryAllowed: boolean): string {
    if (this.#open === null) this.#start(pin, lastTryAllowed);
    return this.#serial ?? '';
  }

  /** `forget` is called when handles found before are of no use any more. */
  onLoss(forget: () => void): void {
    this.#forget = forget;
  }

  /**
   * Runs `work` in the session. Errors of the module come out as TokenFaults; after `token.gone` it is closed until `open` starts from the
   * module's initialisation, because slots and handles of before are void.
   */
  run<T>(doing: string, work: (module: Cryptoki, session: Handle) => T): T {
    const open = this.#mustBeOpen();
    try {
      return work(this.module, open.session);
    } catch (error) {
      const fault = faultOfModule(error, { doing, token: this.name, stillThere: () => this.answers() });
      if (fault.code === 'token.gone') this.#drop();
      throw fault;
    }
  }

  info(): pkcs11js.TokenInfo {
    const { slot } = this.#mustBeOpen();
    return this.run('tell about itself', (module) => module.C_GetTokenInfo(slot));
  }

  /** The mechanisms that it offers (CKM_ numbers). */
  mechanisms(): readonly number[] {
    const { slot } = this.#mustBeOpen();
    return this.run('tell what it can', (module) => module.C_GetMechanismList(slot));
  }

  /** Whether the token still tells who it is, and is the one that it was. */
  answers(): boolean {
    if (this.#open === null) return false;
    try {
      return trimmed(this.module.C_GetTokenInfo(this.#open.slot).serialNumber) === this.#serial;
    } catch {
      return false;
    }
  }

  /** Says that the token does not answer, and starts over at the next call. */
  gone(ckr: string | null): TokenFault {
    this.#drop();
    return goneFault(this.name, ckr);
  }

  close(): void {
    this.#drop();
    this.#finalise();
    quietly(() => this.module.close());
  }

  #mustBeOpen(): { readonly slot: Handle; readonly session: Handle } {
    if (this.#open === null) throw goneFault(this.name, null);
    return this.#open;
  }

  #start(pin: SecretBytes, lastTryAllowed: boolean): void {
    this.#finalise();
    const before = this.#serial;
    try {
      initialiseModule(this.module, this.place.module);
      this.#initialised = true;
      const found = findToken(this.module, before === null ? this.place : { ...this.place, serial: before });
      this.#serial = found.serial;
      const session = this.module.C_OpenSession(found.slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
      this.#login(found.slot, session, pin, lastTryAllowed);
      this.#open = { slot: found.slot, session };
    } catch (error) {
      this.#finalise();
      const ckr = ckrOf(error);
      const missing = error instanceof TokenFault && (error.code === 'token.none' || error.code === 'token.module');
      // a token that was there before and is not found now is away, not misnamed
      if (before !== null && (ckr !== null || missing)) throw goneFault(this.name, ckr);
      throw faultOfModule(error, { doing: 'be opened', token: this.name, stillThere: () => true });
    }
  }

  #login(slot: Handle, session: Handle, pin: SecretBytes, lastTryAllowed: boolean): void {
    const state = pinStateOf(this.module.C_GetTokenInfo(slot).flags);
    if (state.locked) throw pinFault(this.name, 'CKR_PIN_LOCKED', state);
    if (state.finalTry && !lastTryAllowed) throw finalTryFault(this.name);
    try {
      this.#withPinText(this.module, pin, (text) => this.module.C_Login(session, pkcs11js.CKU_USER, text));
    } catch (error) {
      const ckr = ckrOf(error);
      if (ckr === 'CKR_USER_ALREADY_LOGGED_IN') return;
      if (ckr?.startsWith('CKR_PIN_'))
        throw pinFault(this.name, ckr, pinStateOf(this.module.C_GetTokenInfo(slot).flags));
      throw error;
    }
  }

  #drop(): void {
    const open = this.#open;
    this.#open = null;
    // now, not at the next opening: a handle of before must not be used to begin with
    this.#forget();
    if (open === null) return;
    quietly(() => this.module.C_Logout(open.session));
    quietly(() => this.module.C_CloseSession(open.session));
  }

  #finalise(): void {
    if (this.#initialised) quietly(() => this.module.C_Finalize());
    this.#initialised = false;
  }
}

/** Throws TokenFault `token.module`. */
export function loadModule(path: string): Cryptoki {
  const module = new pkcs11js.PKCS11();
  try {
    module.load(path);
    return module;
  } catch (cause) {
    throw new TokenFault({
      code: 'token.module',
      what: `The PKCS#11 module ${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: "Check the path in the station file and install the token's software.",
      details: { module: path },
      cause,
    });
  }
}

/** Throws TokenFault `token.module`. */
export function initialiseModule(module: Cryptoki, path: string): void {
  try {
    module.C_Initialize();
  } catch (cause) {
    throw new TokenFault({
      code: 'token.module',
      what: `The PKCS#11 module ${path} does not start: ${cause instanceof Error ? cause.message : String(cause)}.`,
      next: 'Check the configuration that the module reads (for SoftHSM: SOFTHSM2_CONF and the folder it names).',
      details: { module: path, ckr: ckrOf(cause) },
      cause,
    });
  }
}

export interface FoundToken {
  readonly slot: Handle;
  readonly label: string;
  readonly serial: string;
  readonly flags: number;
}

/** All tokens that the module sees, without empty ones. */
export function tokensOf(module: Cryptoki): FoundToken[] {
  const tokens: FoundToken[] = [];
  for (const slot of module.C_GetSlotList(true)) {
    try {
      const { label, serialNumber, flags } = module.C_GetTokenInfo(slot);
      if (flags & pkcs11js.CKF_TOKEN_INITIALIZED)
        tokens.push({ slot, label: trimmed(label), serial: trimmed(serialNumber), flags });
    } catch {
      // a reader in trouble hides its own token, not the others
    }
  }
  return tokens;
}

/** Exactly the token of this label and serial; `token.none` or `token.ambiguous` otherwise (LAW 6). */
function findToken(module: Cryptoki, place: TokenPlace): FoundToken {
  const all = tokensOf(module);
  const named = all.filter(({ label }) => label === place.label);
  const fitting = place.serial === undefined ? named : named.filter(({ serial }) => serial === place.serial);
  if (fitting.length === 1) return fitting[0]!;
  const wanted = `'${place.label}'${place.serial === undefined ? '' : ` with serial ${place.serial}`}`;
  if (fitting.length > 1) {
    const serials = fitting.map(({ serial }) => serial).sort();
    throw new TokenFault({
      code: 'token.ambiguous',
      what: `There are ${fitting.length} tokens ${wanted}: serials ${serials.join(', ')}.`,
      next: 'Name the serial of the right one in the station file, or remove the others.',
      details: { module: place.module, label: place.label, serials: serials.join(' ') },
    });
  }
  const seen = all.map(({ label, serial }) => `'${label}' (serial ${serial})`);
  throw new TokenFault({
    code: 'token.none',
    what: `The module ${place.module} sees no token ${wanted}; it sees ${seen.length === 0 ? 'none' : seen.join(', ')}.`,
    next: 'Plug the token in, or correct label and serial in the station file.',
    details: { module: place.module, label: place.label, serial: place.serial ?? null, seen: seen.join(', ') },
  });
}

export function pinStateOf(flags: number): PinState {
  return {
    countLow: (flags & pkcs11js.CKF_USER_PIN_COUNT_LOW) !== 0,
    finalTry: (flags & pkcs11js.CKF_USER_PIN_FINAL_TRY) !== 0,
    locked: (flags & pkcs11js.CKF_USER_PIN_LOCKED) !== 0,
  };
}

/** Fixed-width text of PKCS#11: blanks at the end do not count, nor NULs of modules that do not keep to the norm. */
export function trimmed(text: string): string {
  return text.replace(/[ \0]+$/, '');
}

/** For clean-up, where the first error is the one that counts. */
export function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // nothing better can be done here
  }
}
