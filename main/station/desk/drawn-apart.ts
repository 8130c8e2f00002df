// What takes long to draw is drawn in a thread of its own: boards must not wait for it.
import { Worker } from 'node:worker_threads';

/** Why there is no drawing: the message is a clause for people. */
export class NotDrawn extends Error {}

/**
 * What a thread answers to `task`, a value of plain data; `thread` is a module that posts one message. Throws NotDrawn where it takes
 * longer than `ms`, more than `mb` of memory, or ends without an answer.
 */
export async function drawnApart<Drawing>(
  thread: URL,
  task: unknown,
  { ms, mb }: { readonly ms: number; readonly mb: number },
): Promise<Drawing> {
  const worker = new Worker(thread, { workerData: task, resourceLimits: { maxOldGenerationSizeMb: mb } });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Drawing>((resolve, reject) => {
      timer = setTimeout(() => reject(new NotDrawn(`drawing it takes longer than ${ms / 1000} s`)), ms);
      worker.once('message', resolve);
      worker.once('error', (error) => reject(new NotDrawn(`it cannot be drawn: ${error.message}`)));
      worker.once('exit', () => reject(new NotDrawn('drawing it ended without a drawing')));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
