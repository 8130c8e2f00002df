// Draws labels in a thread of its own: what a template asks for may cost seconds.
import { RecipeFault } from '../../../model/fault.ts';
import { drawnApart, NotDrawn } from '../drawn-apart.ts';

/** A drawing may take so long, and as much memory: on a computer that is busy with boards a thread alone is slow to start. */
const limits = { ms: 10_000, mb: 128 };
const thread = new URL('./label-thread.ts', import.meta.url);
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
  try {
    return await drawnApart<string>(thread, zpl, limits);
  } catch (error) {
    throw error instanceof NotDrawn ? tooMuch(error.message) : error;
  }
}

function tooMuch(why: string): RecipeFault {
  return new RecipeFault({
    code: 'label.too-much',
    what: `The label has no preview: ${why}.`,
    next: 'Make the template simpler; boards are not touched by it.',
  });
}
