import { Worker } from 'node:worker_threads';
import { ProgramFault } from '../model/fault.ts';
import { atStart, type PlantOfStation, type PlantStanding } from '../model/plant.ts';
import { usualLimits } from './forwarder.ts';
import type { ForwarderThreadOptions, FromThread } from './forwarder-thread.ts';

/** So long a thread has to end; it waits for nothing but its own ledger reader. */
const endMs = 3000;

/** Sends the rows of a ledger to its plant, in a thread of its own, until it is closed. The ledger is there. Throws nothing. */
export function startForwarding(
  options: Omit<ForwarderThreadOptions, 'limits'> & Partial<Pick<ForwarderThreadOptions, 'limits'>>,
): PlantOfStation {
  const listeners = new Set<(standing: PlantStanding) => void>();
  let standing = atStart;
  let leases: readonly Uint8Array[] = [];
  let cosignatures: readonly string[] = [];
  const say = (said: PlantStanding) => {
    standing = said;
    for (const listener of listeners) listener(said);
  };
  const worker = new Worker(new URL('./forwarder-thread.ts', import.meta.url), {
    workerData: { limits: usualLimits, ...options } satisfies ForwarderThreadOptions,
  });
  let closing = false;
  worker.on('message', (heard: FromThread) => {
    if ('leases' in heard) leases = heard.leases;
    else if ('standing' in heard) say(heard.standing);
    else {
      cosignatures = heard.cosignatures;
      say(standing);
    }
  });
  worker.on('error', (error) => say({ ...standing, state: 'stopped', faults: [threadEnded(error).toJSON()] }));
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return {
    get standing() {
      return standing;
    },
    get leases() {
      return leases;
    },
    get cosignatures() {
      return cosignatures;
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (!closing) worker.postMessage('end');
      closing = true;
      const late = setTimeout(() => void worker.terminate(), endMs);
      await gone;
      clearTimeout(late);
      listeners.clear();
    },
  };
}

function threadEnded(error: unknown): ProgramFault {
  return new ProgramFault({
    code: 'plant.thread-ended',
    what: `Sending to the plant has ended by surprise: ${error instanceof Error ? error.message : String(error)}.`,
    next: 'Open the station anew when no board is worked on; what was not sent is sent then. Keep the log and report this with the code.',
    cause: error,
  });
}
