import { Fault, type FaultRecord, faultOf, ProgramFault, TokenFault } from '../../model/fault.ts';

/** The CKR name of an error of the module, e.g. `CKR_PIN_INCORRECT`; null for any other error. */
export function ckrOf(error: unknown): string | null {
  return error instanceof Error && error.message.startsWith('CKR_') ? error.message : null;
}

/** Ways in which a module says that the token, its session or its objects are not there any more: open anew, find anew. */
const goneNames: ReadonlySet<string> = new Set([
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_SLOT_ID_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_WRAPPING_KEY_HANDLE_INVALID',
  'CKR_UNWRAPPING_KEY_HANDLE_INVALID',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
]);

/** These say so as well, but also stand for a single call that went wrong: ask whether the token still answers. */
const doubtfulNames: ReadonlySet<string> = new Set(['CKR_GENERAL_ERROR', 'CKR_FUNCTION_FAILED', 'CKR_DEVICE_ERROR']);

/** What a token that has no room says, in what way. */
const fullness: Readonly<Record<string, { readonly code: string; readonly why: string; readonly next: string }>> = {
  CKR_DEVICE_MEMORY: {
    code: 'token.full',
    why: 'it has no room for another object',
    next: "Remove what is not needed with the tool of the token's maker, or take a larger token; what it holds is as it was.",
  },
  CKR_SESSION_COUNT: {
    code: 'token.sessions',
    why: 'it allows no further session',
    next: 'Close other programs that use it, or allow it more sessions; those that are open serve on.',
  },
};

export interface FaultContext {
  /** What was asked of the token, as it goes into `The token could not <doing>`. */
  readonly doing: string;
  /** The token's name for people. */
  readonly token: string;
  /** Whether the token still answers a question about itself. */
  readonly stillThere: () => boolean;
}

/** An error of the module as a fault that says who must act. Faults pass as they are. */
export function faultOfModule(error: unknown, context: FaultContext): Fault {
  if (error instanceof Fault) return error;
  const ckr = ckrOf(error);
  if (ckr === null) return faultOf(error);
  if (goneNames.has(ckr) || (doubtfulNames.has(ckr) && !context.stillThere())) return goneFault(context.token, ckr);
  const full = fullness[ckr];
  if (full !== undefined)
    return new TokenFault({
      code: full.code,
      what: `${context.token} could not ${context.doing}: ${full.why} (${ckr}).`,
      next: full.next,
      details: { ckr },
      cause: error,
    });
  return new TokenFault({
    code: 'token.refused',
    what: `${context.token} could not ${context.doing}: ${ckr}.`,
    next: "Look up this code in the token's manual; the key may not allow this use, or the token may not know the mechanism.",
    details: { ckr },
    cause: error,
  });
}

/** The module did what it must not; `did` ends the sentence `The software of the token ...`. */
export function badAnswer(did: string, next: string): TokenFault {
  return new TokenFault({ code: 'token.bad-answer', what: `The software of the token ${did}.`, next });
}

export function goneFault(token: string, ckr: string | null): TokenFault {
  return new TokenFault({
    code: 'token.gone',
    what: `${token} does not answer any more${ckr === null ? '' : ` (${ckr})`}.`,
    next: 'Plug it in again or bring its network or folder back; the station goes on by itself.',
    details: { ckr },
  });
}

export interface PinState {
  readonly countLow: boolean;
  readonly finalTry: boolean;
  readonly locked: boolean;
}

/** `token.pin` or `token.pin-locked`, with what the token says of the tries that are left. */
export function pinFault(token: string, ckr: string, state: PinState): TokenFault {
  const details = { ckr, ...state };
  if (state.locked || ckr === 'CKR_PIN_LOCKED')
    return new TokenFault({
      code: 'token.pin-locked',
      what: `The PIN of ${token} is locked after too many wrong tries.`,
      next: "Have the token's security officer set a new PIN.",
      details,
    });
  if (ckr === 'CKR_PIN_EXPIRED')
    return new TokenFault({
      code: 'token.pin',
      what: `The PIN of ${token} has expired.`,
      next: "Set a new PIN with the token's own tool, then start again.",
      details,
    });
  const left = state.finalTry
    ? ' One more wrong PIN locks it.'
    : state.countLow
      ? ' A wrong PIN was counted; few tries are left.'
      : '';
  return new TokenFault({
    code: 'token.pin',
    what: `${token} refused the PIN.${left}`,
    next: 'Correct the PIN and start again; it is not tried a second time by itself.',
    details,
  });
}

export function finalTryFault(token: string): TokenFault {
  return new TokenFault({
    code: 'token.pin',
    what: `${token} allows one last try of its PIN before it locks, and was not asked with a stored PIN.`,
    next: 'Have a person type the PIN at the prompt, or log in once with the tool of the token.',
    details: { countLow: true, finalTry: true, locked: false },
  });
}

/** A fault that travelled as a record, as a fault of the same class again. */
export function faultOfRecord(record: FaultRecord): Fault {
  return record.class === 'token' ? new TokenFault(record) : new ProgramFault(record);
}
