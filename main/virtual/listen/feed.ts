import type { VirtualChip } from '../chip.ts';

/** How much may wait for the chip's line before its sender is held back, and when it goes on, bytes. */
const backlogHigh = 256 * 1024;
const backlogLow = 64 * 1024;

/** Hands bytes to the chip; a sender that is far ahead of the line's pace is held back until it has caught up. */
export function feed(chip: VirtualChip, bytes: Uint8Array, from: { pause(): unknown; resume(): unknown }): void {
  chip.receive(bytes);
  if (chip.inputBacklog <= backlogHigh) return;
  from.pause();
  void chip.inputBelow(backlogLow).then(() => from.resume());
}
