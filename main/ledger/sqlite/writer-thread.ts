import type { ThreadOptions } from './link.ts';
import { openBook } from './opening.ts';
import type { ThreadBody, TimedRequest } from './requests.ts';
import { writeWitness } from './witness.ts';

/** The witness beside the book is written at most this often; it may lag, never lead. */
const witnessEveryMs = 1000;

/** The one thread that writes. */
export function startWriter({ file, station, at, maxBytes }: Extract<ThreadOptions, { role: 'writer' }>): ThreadBody {
  const { db, writer, lock, report } = openBook({ file, station, at, maxBytes });
  let witnessTimer: NodeJS.Timeout | null = null;
  const witness = () => {
    witnessTimer = null;
    try {
      writeWitness(file, writer.head);
    } catch {
      // A full disk stops appends with a fault of their own; a witness that lags is still true.
    }
  };
  const handle: ThreadBody['handle'] = (calls) => {
    const answers = writer.commit(calls as TimedRequest[]);
    witnessTimer ??= setTimeout(witness, witnessEveryMs);
    return answers;
  };
  const close = () => {
    if (witnessTimer !== null) clearTimeout(witnessTimer);
    witness();
    // The last connection that closes empties the log and removes it.
    db.close();
    lock.release();
  };
  witness();
  return { handle, close, report };
}
