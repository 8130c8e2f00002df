// One image into flash, and which images have to wait.

import { AsyncQueue } from '../../base/queue.ts';
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
