import { md5Hex } from '../../base/digest.ts';
import { BoardFault } from '../../model/fault.ts';
import { eraseMs, flashPart } from '../../model/flash-part.ts';
import { earlyParts } from '../plan/late-bootloader.ts';
import { unwrittenOf } from '../plan/unwritten.ts';
import type { Plan, Recipe } from '../types.ts';
import { type CleanedFlash, startCleaning } from './clean-flash.ts';
import type { Step, StepContext } from './step.ts';
import { dividedImages, writeImages } from './write-image.ts';

/** Flash first, while the chip can still be read: written, then believed by the chip's own digest (FACTS 3.7). All else in it is blank. */
export const writeFlash: Step = {
  id: 'write-flash',
  irreversible: false,
  summary: (plan, recipe) =>
    `${cleaningWords(plan, recipe)}; write and verify ${earlyParts(plan.parts, recipe)
      .map((part) => `${part.name} at 0x${part.offset.toString(16)}`)
      .join(', ')}`,

  async *perform(context, signal) {
    const { recipe, workspace } = context;
    // It began while the keys were made.
    workspace.cleaning ??= startCleaning(context, signal);
    const { cleaning } = workspace;
    const { early } = dividedImages(context);
    const bytes = early.reduce((sum, image) => sum + image.bytes.length, 0);
    for await (const done of cleaning.progress)
      yield { type: 'progress', done, total: cleaning.total() + bytes, unit: 'bytes' };
    const cleaned = await cleaning.result;
    yield {
      type: 'observed',
      what: 'flash',
      value: {
        size: recipe.flash.size ?? cleaned.size,
        detected: cleaned.detected,
        loader: cleaned.loader,
        baudRate: cleaned.baudRate,
      },
    };
    yield { type: 'verified', what: 'flash-blank', detail: blankDetail(cleaned) };
    yield* writeImages(context, early, { before: cleaning.total(), signal });
    await refuseWrapped(context, cleaned);
  },
};

/** What is erased beside the parts, and how long that may take. */
function cleaningWords(plan: Pick<Plan, 'parts'>, recipe: Recipe): string {
  const { flash } = recipe;
  const parts = earlyParts(plan.parts, recipe);
  const mebi = 1024 * 1024;
  const each = `${flashPart.block.typical} ms for each 64 KiB that is not blank`;
  if (flash.size === null) return `erase all of the flash that no part takes (${each})`;
  const regions = unwrittenOf(parts, flash.size);
  const bytes = regions.reduce((sum, { length }) => sum + length, 0);
  const seconds = regions.reduce((sum, { offset, length }) => sum + eraseMs(offset, length), 0) / 1000;
  return `erase the ${(bytes / mebi).toFixed(1)} MiB of flash that no part takes (${each}: at most about ${Math.ceil(seconds)} s on a ${flashPart.name}, while the keys are made)`;
}

function blankDetail({ size, regions, ms }: CleanedFlash) {
  const sum = (of: 'length' | 'erased') => regions.reduce((all, region) => all + region[of], 0);
  return { size, bytes: sum('length'), erased: sum('erased'), regions: [...regions], ms };
}

/** How far three bytes of address reach. */
const shortAddress = 16 * 1024 * 1024;

/**
 * A loader that sends three bytes of address alone sees the beginning of a larger flash again behind 16 MiB: the image there would show.
 * Then nothing beyond was looked at, and the digests of it were those of something else.
 */
async function refuseWrapped(context: StepContext, { size }: CleanedFlash): Promise<void> {
  const { board } = context;
  const [first] = dividedImages(context).early;
  if (size <= shortAddress || first === undefined) return;
  const length = Math.min(first.bytes.length, 0x1000);
  const seen = await board.flashDigest(first.offset + shortAddress, length);
  if (seen !== md5Hex(first.bytes.subarray(0, length))) return;
  throw new BoardFault({
    code: 'flash.wraps',
    what: `The flash has ${size / 1024 / 1024} MiB by its own word, and behind 16 MiB the loader sees its beginning again: what lies there could not be erased.`,
    next: 'Set the board aside: this loader cannot reach the whole of its flash.',
    safety: 'resumable',
    details: { size },
  });
}
