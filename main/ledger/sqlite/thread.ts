// The body of the ledger's threads: one writes, one answers questions, one keeps the write-ahead log small and clean, so that no commit has
// to wait for that; one more looks at the whole book when asked. Started by `Thread` (link.ts). Each loads only what it works with.

import { parentPort, workerData } from 'node:worker_threads';
import { ledgerFaultOf } from './faults.ts';
import type { ThreadOptions, ToThread } from './link.ts';
import type { Answer, ThreadBody } from './requests.ts';

const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a thread only');
const options = workerData as ThreadOptions;

try {
  const { handle, close, report } = await start(options);
  port.on('message', ({ id, calls, end }: ToThread) => {
    if (end) {
      let failure: Answer<null> = { ok: true, value: null };
      try {
        close();
      } catch (error) {
        failure = { ok: false, fault: ledgerFaultOf(error, options.file).toJSON() };
      }
      port.postMessage({ id, answers: [failure] });
      port.close();
      return;
    }
    port.postMessage({ id, answers: handle(calls) });
  });
  port.postMessage({ id: 0, answers: [{ ok: true, value: report }] });
} catch (error) {
  port.postMessage({ id: 0, answers: [{ ok: false, fault: ledgerFaultOf(error, options.file).toJSON() }] });
  port.close();
}

async function start(options: ThreadOptions): Promise<ThreadBody> {
  switch (options.role) {
    case 'writer':
      return (await import('./writer-thread.ts')).startWriter(options);
    case 'reader':
      return (await import('./reader-thread.ts')).startReader(options);
    case 'auditor':
      return (await import('./auditor-thread.ts')).startAuditor(options);
    case 'keeper':
      return (await import('./keeper-thread.ts')).startKeeper(options);
  }
}
