import { SecretBytes } from './secret.ts';

/**
 * What may stand in the program log. The form is closed, so that the compiler refuses what must never be printed: SecretBytes, byte
 * arrays, key objects and other instances do not fit.
 */
export type Loggable =
  | undefined
  | null
  | boolean
  | number
  | string
  | Error
  | readonly Loggable[]
  | { readonly [name: string]: Loggable };

export type LogFacts = { readonly [name: string]: Loggable };

/**
 * The program log: for the people who help the station's owner, never evidence (that is the ledger's) and never a reason to stop. An
 * entry is the name of what happened, in lower case with dashes, and plain facts beside it.
 */
export interface Log {
  /** Timings of single exchanges and calls: many. Ask `debugs` first where making the facts costs something. */
  debug(event: string, facts?: LogFacts): void;
  info(event: string, facts?: LogFacts): void;
  /** Something was not as it should be, and work went on. */
  warn(event: string, facts?: LogFacts): void;
  /** Something failed. */
  error(event: string, facts?: LogFacts): void;
  readonly debugs: boolean;
  /** The same log with facts that stand in every entry. */
  with(facts: LogFacts): Log;
}

/** A log that has to be closed so that its last entries are kept. */
export interface OpenLog extends Log {
  close(): Promise<void>;
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debugs: false,
  with: () => silentLog,
};

/** Text of an entry is cut here: a tool's pages of output do not fill the log. */
const longestText = 8000;
/** Causes of causes, lists in lists: no deeper. */
const deepest = 8;

/**
 * A value as it may be written, whatever the types said: a caller may have cast. Secrets and byte arrays become words for what they are,
 * instances other than faults only their class's name; an error keeps its code, stack, details and causes.
 */
export function plainOf(value: unknown, depth = 0): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || value === undefined) return value;
  if (typeof value === 'string') return value.length > longestText ? `${value.slice(0, longestText)} ...` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (value instanceof SecretBytes) return '[secret]';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth === deepest) return '[deeper]';
  if (value instanceof Error) return plainError(value, depth);
  if (Array.isArray(value)) return value.map((one) => plainOf(one, depth + 1));
  const form: unknown = Object.getPrototypeOf(value);
  if (form !== Object.prototype && form !== null) return `[${value.constructor?.name ?? 'object'}]`;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plainOf(one, depth + 1)]));
}

function plainError(
  error: Error & { code?: unknown; next?: unknown; details?: unknown; safety?: unknown },
  depth: number,
) {
  const { code, next, details, safety } = error;
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: plainOf(error.message),
    ...(typeof safety === 'string' ? { safety } : {}),
    ...(typeof next === 'string' ? { next } : {}),
    ...(details === undefined ? {} : { details: plainOf(details, depth + 1) }),
    ...(error.stack === undefined ? {} : { stack: plainOf(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: plainOf(error.cause, depth + 1) }),
  };
}
