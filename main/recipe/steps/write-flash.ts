import { AsyncQueue } from '../../base/queue.ts';
import type { StepEvent } from '../../model/event.ts';
import type { FlashImage, Step, StepContext } from './step.ts';

/** Flash first, while the chip can still be read: written, then believed by the chip's own digest (FACTS 3.7). */
export const writeFlash: Step = {
  id: 'write-flash',
  title: 'Write flash',
  irreversible: false,
  summary: (plan) =>
    `write and verify ${plan.parts.map((part) => `${part.name} at 0x${part.offset.toString(16)}`).join(', ')}`,

  async *perform(context, signal) {
    const { board, recipe, workspace } = context;
    const detected = await board.detectFlashSize();
    const flashSize = recipe.flash.size ?? detected ?? highestEnd(workspace.images);
    const settled = await board.prepareFlashing({
      baudRate: recipe.flash.baudRate,
      flashSize,
      rom: recipe.flash.stub === 'never',
    });
    yield {
      type: 'observed',
      what: 'flash',
      value: { size: flashSize, detected, loader: settled.mode, baudRate: settled.baudRate },
    };
    const total = workspace.images.reduce((sum, image) => sum + image.bytes.length, 0);
    let done = 0;
    for (const image of workspace.images) {
      yield* writeOne(context, image, done, total, signal);
      done += image.bytes.length;
      const { md5 } = await board.verifyFlash(image.offset, image.bytes, signal ? { signal } : {});
      yield {
        type: 'verified',
        what: 'flash',
        detail: { name: image.name, offset: image.offset, length: image.bytes.length, md5 },
      };
    }
  },
};

function highestEnd(images: readonly FlashImage[]): number {
  return Math.max(...images.map((image) => image.offset + image.bytes.length));
}

/** Progress arrives by callback while the write runs; here it becomes events. */
async function* writeOne(
  { board }: StepContext,
  image: FlashImage,
  before: number,
  total: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<StepEvent, void, void> {
  const progress = new AsyncQueue<number>();
  const written = board
    .writeFlash(
      { offset: image.offset, data: image.bytes, compression: image.encrypted ? 'none' : 'auto' },
      { onProgress: (done) => progress.push(done), ...(signal ? { signal } : {}) },
    )
    .then(
      () => progress.close(),
      (error) => progress.close(error),
    );
  for await (const done of progress) yield { type: 'progress', done: before + done, total, unit: 'bytes' };
  await written;
}
