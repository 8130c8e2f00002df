/** Who must act (LAW 8). */
export type FaultClass = 'board' | 'fixture' | 'token' | 'ledger' | 'recipe' | 'program';

/** What is known of the board's state when a fault is raised. */
export type BoardSafety =
  /** this station did nothing irreversible to it in this visit; what it was before is not said */
  | 'untouched'
  /** part of the plan is burned; the station can go on from here */
  | 'resumable'
  /** it cannot become this product any more */
  | 'condemned'
  /** its download door is shut; whether it is sealed only its record tells */
  | 'shut'
  /** sealed, or already so before */
  | 'sealed'
  /** no board is concerned */
  | 'no-board';

export interface FaultText {
  /** Stable code by which callers, tests and texts know the fault: lower-case words with dots, room first, e.g. `protocol.timeout`. */
  readonly code: string;
  /** One sentence: what happened. */
  readonly what: string;
  /** One sentence in the imperative: what to do next. */
  readonly next: string;
  readonly safety?: BoardSafety;
  /** Plain values for the record. Never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
  readonly cause?: unknown;
}

/**
 * The root of all faults that this house raises on purpose. `message` is the `what` sentence. Which class it is says who must act;
 * what a caller may decide it asks by predicate, never by wording.
 */
export abstract class Fault extends Error {
  abstract readonly faultClass: FaultClass;
  readonly code: string;
  readonly what: string;
  readonly next: string;
  readonly safety: BoardSafety;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;

  constructor(text: FaultText) {
    super(text.what, text.cause === undefined ? undefined : { cause: text.cause });
    this.name = new.target.name;
    this.code = text.code;
    this.what = text.what;
    this.next = text.next;
    this.safety = text.safety ?? 'no-board';
    this.details = text.details ?? {};
  }

  toJSON(): FaultRecord {
    return {
      class: this.faultClass,
      code: this.code,
      what: this.what,
      next: this.next,
      safety: this.safety,
      details: this.details,
    };
  }
}

/** The board: set it aside, or try it again. */
export class BoardFault extends Fault {
  readonly faultClass = 'board';
}
/** The fixture, its cable, its port. */
export class FixtureFault extends Fault {
  readonly faultClass = 'fixture';
}
/** The PKCS#11 token or its keys. */
export class TokenFault extends Fault {
  readonly faultClass = 'token';
}
/** The ledger or the disk below it. */
export class LedgerFault extends Fault {
  readonly faultClass = 'ledger';
}
/** What a person configured: recipe, station file, firmware files, command line. */
export class RecipeFault extends Fault {
  readonly faultClass = 'recipe';
}
/** A defect of this program. */
export class ProgramFault extends Fault {
  readonly faultClass = 'program';
}

export interface FaultRecord {
  readonly class: FaultClass;
  readonly code: string;
  readonly what: string;
  readonly next: string;
  readonly safety: BoardSafety;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

const classes = {
  board: BoardFault,
  fixture: FixtureFault,
  token: TokenFault,
  ledger: LedgerFault,
  recipe: RecipeFault,
  program: ProgramFault,
};

/** The same fault, with what is known of the board's state by whoever knows the board. */
export function sameFault(fault: Fault, safety: BoardSafety, more: Fault['details'] = {}): Fault {
  const { code, what, next } = fault;
  const details = { ...fault.details, ...more };
  return new classes[fault.faultClass]({ code, what, next, details, safety, cause: fault });
}

/** The fault that a record from another thread or process tells of. */
export function faultOfRecord(record: FaultRecord): Fault {
  return new classes[record.class](record);
}

export function isFault(error: unknown, code?: string): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}

/** Any thrown thing as a fault: ours as it is, anything else as a defect of the program. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new ProgramFault({
    code: 'program.unexpected',
    what: `The program met something it does not handle: ${error instanceof Error ? error.message : String(error)}.`,
    next: 'Keep the ledger and the log, and report this with the code.',
    cause: error,
  });
}
