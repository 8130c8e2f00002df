// One image into flash, and which images have to wait.

import { md5Hex } from '../../base/digest.ts';
import { AsyncQueue } from '../../base/queue.ts';
import { otherBoard } from '../../chip/same-board.ts';
import type { StepEvent } from '../../model/event.ts';
import { startsByItself } from '../plan/late-bootloader.ts';
import type { FlashImage, StepContext } from './step.ts';

/** The images that are written last, and the others. */
export function dividedImages({ plan, recipe, workspace }: Pick<StepContext, 'plan' | 'recipe' | 'workspace'>) {
  const late = new Set(plan.parts.filter((part) => startsByItself(part, recipe)).map(({ offset }) => offset));
  return {
    early: workspace.images.filter(({ offset }) => !late.has(offset)),
    late: workspace.images.filter(({ offset }) => late.has(offset)),
  };
}

/** Writes the images that had to wait, by the ROM: with Secure Boot on some chips run no stub. Nothing where none had to. */
export async function* writeLateImages(context: StepContext): AsyncGenerator<StepEvent, void, void> {
  const { board, recipe, workspace } = context;
  const { late } = dividedImages(context);
  if (late.length === 0) return;
  const { size } = await workspace.cleaning!.result;
  await board.returnToRom();
  await board.prepareFlashing({ baudRate: recipe.flash.baudRate, flashSize: size, rom: true });
  yield* writeImages(context, late, { before: 0 });
}

/**
 * That the board at hand has the flash that was written in this run. Of two chips with one MAC and no number of their own nothing else tells
 * which of them was burned, and one that is shut over a blank flash is lost. BoardFault `chip.other-board`.
 */
export async function assertFlashIsHere(context: StepContext): Promise<void> {
  const { board, recipe, workspace } = context;
  const [first] = dividedImages(context).early;
  if (board.hasOwnNumber || first === undefined || workspace.cleaning === null) return;
  const { size } = await workspace.cleaning.result;
  await board.prepareFlashing({ baudRate: recipe.flash.baudRate, flashSize: size, rom: true });
  const bytes = first.bytes.subarray(0, telling);
  const wanted = md5Hex(bytes);
  const seen = () => board.flashDigest(first.offset, bytes.length);
  // Answers carry no checksum: a strange one is asked for again.
  if ((await seen()) === wanted || (await seen()) === wanted) return;
  throw otherBoard(
    `The board at hand has the MAC ${board.identity.mac} and not the flash that was written: it is another one.`,
    {
      offset: first.offset,
    },
  );
}

/** Bytes of flash that are looked at: those of one board, where the station encrypts it. */
const telling = 0x1000;

/** Writes images one by one, and believes each by the chip's own digest (FACTS 3.7). `before`: bytes of this step that are done already. */
export async function* writeImages(
  context: Pick<StepContext, 'board'>,
  images: readonly FlashImage[],
  { before, signal }: { readonly before: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<StepEvent, void, void> {
  const { board } = context;
  const options = signal ? { signal } : {};
  const total = images.reduce((sum, { bytes }) => sum + bytes.length, before);
  let done = before;
  for (const { name, offset, bytes, encrypted } of images) {
    // Progress arrives by callback while the write runs; here it becomes events.
    const progress = new AsyncQueue<number>();
    const written = board
      .writeFlash(
        { offset, data: bytes, compression: encrypted ? 'none' : 'auto' },
        { onProgress: (now) => progress.push(now), ...options },
      )
      .then(
        () => progress.close(),
        (error) => progress.close(error),
      );
    for await (const now of progress) yield { type: 'progress', done: done + now, total, unit: 'bytes' };
    await written;
    done += bytes.length;
    const { md5 } = await board.verifyFlash(offset, bytes, options);
    yield { type: 'verified', what: 'flash', detail: { name, offset, length: bytes.length, md5 } };
  }
}
