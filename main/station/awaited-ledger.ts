import type { Ledger } from '../ledger/ledger.ts';
import { LedgerFault } from '../model/fault.ts';
import { overdueTeller } from './overdue.ts';

/** How long a ledger may take once people have stopped the work, in ms: a disk that takes seconds still writes down how each board stands. */
const leftAfterMs = 10_000;

export interface AwaitedLedgerOptions {
  /** Hears when an answer is overdue, and when none is any more. */
  readonly tell: (isSlow: boolean) => void;
  /** Stops the work. */
  readonly signal: AbortSignal;
  readonly overdueMs?: number;
  readonly leftMs?: number;
}

/**
 * The same ledger, telling when its disk takes long. A run waits for it however long that takes, since nothing is burned that was not written
 * down; but not behind a stop: LedgerFault `ledger.silent` then, for this answer and for all that come after it.
 */
export function awaitedLedger(ledger: Ledger, options: AwaitedLedgerOptions): Ledger {
  const { signal, leftMs = leftAfterMs } = options;
  const awaited = overdueTeller(options.tell, options.overdueMs);
  let left: LedgerFault | null = null;

  async function unlessLeft<Value>(answer: Promise<Value>): Promise<Value> {
    let leave = (_: LedgerFault): void => undefined;
    const leaving = new Promise<never>((_, reject) => {
      leave = reject;
    });
    let timer: NodeJS.Timeout | undefined;
    const stopped = () => {
      timer = setTimeout(() => {
        left ??= silentLedger(leftMs);
        leave(left);
      }, leftMs);
    };
    if (signal.aborted) stopped();
    else signal.addEventListener('abort', stopped, { once: true });
    try {
      return await Promise.race([answer, leaving]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
    }
  }

  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (left !== null) return Promise.reject(left);
        const answer: unknown = value.apply(target, args);
        return answer instanceof Promise ? awaited(unlessLeft(answer)) : answer;
      };
    },
  });
}

function silentLedger(ms: number): LedgerFault {
  return new LedgerFault({
    code: 'ledger.silent',
    what: `The ledger has not answered for ${ms / 1000} s since the work was stopped; whether its last row is on the disk is not known.`,
    next: 'Look at the disk of the data folder. Start the station again once it answers, and insert the board again: what was burned was written down before.',
  });
}
