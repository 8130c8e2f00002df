// Draws labels in a thread of its own: what a template asks for may cost seconds, and boards must not wait for a preview.
import { Worker } from 'node:worker_threads';
import { RecipeFault } from '../../../model/fault.ts';

/** A drawing may take so long, and as much memory, in ms and MB: on a computer that is busy with boards a thread alone is slow to start. */
const longestMs = 10_000;
const largestMb = 128;
/** Codes of a label, and characters in all: a label has a handful of each. */
const mostCodes = 12;
const longestLabel = 40_000;

/**
 * The label as it would come out, SVG text (see label-preview.ts). RecipeFault `label.too-much` where it asks for more than a label can
 * hold, or for longer than a preview may take.
 */
export async function drawLabelApart(zpl: string): Promise<string> {
  const codes = zpl.split(/\^B[A-Z0-9]/).length - 1;
  if (codes > mostCodes || zpl.length > longestLabel)
    throw tooMuch(`it has ${codes} codes and ${zpl.length} characters, and ${mostCodes} and ${longestLabel} are drawn`);
  const worker = new Worker(new URL('./label-thread.ts', import.meta.url), {
    workerData: zpl,
    resourceLimits: { maxOldGenerationSizeMb: largestMb },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      timer = setTimeout(() => reject(tooMuch(`drawing it takes longer than ${longestMs / 1000} s`)), longestMs);
      worker.once('message', resolve);
      worker.once('error', (error) => reject(tooMuch(`it cannot be drawn: ${error.message}`)));
      worker.once('exit', () => reject(tooMuch('drawing it ended without a drawing')));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function tooMuch(why: string): RecipeFault {
  return new RecipeFault({
    code: 'label.too-much',
    what: `The label has no preview: ${why}.`,
    next: 'Make the template simpler; boards are not touched by it.',
  });
}
