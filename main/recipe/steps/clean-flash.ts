// All flash that is not written before the burns is erased, while the keys and images of the board are made: it costs time in the chip alone.

import { AsyncQueue } from '../../base/queue.ts';
import type { Board } from '../../chip/board.ts';
import { FixtureFault, RecipeFault } from '../../model/fault.ts';
import { earlyParts } from '../plan/late-bootloader.ts';
import { unwrittenOf } from '../plan/unwritten.ts';
import type { Plan, Recipe } from '../types.ts';

/** A board whose flash holds nothing any more but what will be written over. */
export interface CleanedFlash {
  /** Bytes by the flash's own id; null where that tells nothing. */
  readonly detected: number | null;
  /** Bytes of flash that this board has. */
  readonly size: number;
  readonly loader: 'rom' | 'stub';
  readonly baudRate: number;
  /** What was looked at, and how much of it was not blank and had to be erased. */
  readonly regions: readonly { readonly offset: number; readonly length: number; readonly erased: number }[];
  readonly ms: number;
}

/** The erasing, under way. */
export interface Cleaning {
  readonly result: Promise<CleanedFlash>;
  /** Bytes that are blank now, as it goes on; ends with the work. */
  readonly progress: AsyncIterable<number>;
  /** Bytes that there will be; known once the flash was asked for its size. */
  readonly total: () => number;
  /** Ends it at the next piece and waits for that. Safe to call again, and where it has ended. */
  stop(): Promise<void>;
}

/** Flash that a ROM reaches with the three bytes of its addresses (FACTS 1.8): what lies beyond is the beginning once more. */
const romReach = 16 * 1024 * 1024;

interface CleaningParts {
  readonly board: Board;
  readonly plan: Pick<Plan, 'parts'>;
  readonly recipe: Recipe;
  readonly clock: { monotonic(): number };
}

/** Begins to clean. Its faults are told by `result`: those of the board, RecipeFault `flash.size-unknown`, FixtureFault `flash.beyond-rom`. */
export function startCleaning(parts: CleaningParts, signal: AbortSignal | undefined): Cleaning {
  const stopped = new AbortController();
  const progress = new AsyncQueue<number>();
  let total = 0;
  const result = clean(parts, AbortSignal.any([stopped.signal, ...(signal ? [signal] : [])]), {
    announce: (bytes) => {
      total = bytes;
    },
    done: (bytes) => progress.push(bytes),
  }).finally(() => progress.close());
  // Who waits for it may come late, or never where making the keys fails.
  result.catch(() => undefined);
  return {
    result,
    progress,
    total: () => total,
    async stop() {
      stopped.abort();
      await result.catch(() => undefined);
    },
  };
}

async function clean(
  { board, plan, recipe, clock }: CleaningParts,
  signal: AbortSignal,
  tell: { readonly announce: (bytes: number) => void; readonly done: (bytes: number) => void },
): Promise<CleanedFlash> {
  const startedAt = clock.monotonic();
  const detected = await board.detectFlashSize();
  const size = Math.max(detected ?? 0, recipe.flash.size ?? 0);
  if (size === 0) throw sizeUnknown();
  const settled = await board.prepareFlashing({
    baudRate: recipe.flash.baudRate,
    flashSize: size,
    rom: recipe.flash.stub === 'never',
  });
  if (settled.mode === 'rom' && size > romReach) throw beyondRom(size);
  const unwritten = unwrittenOf(earlyParts(plan.parts, recipe), size);
  tell.announce(unwritten.reduce((sum, { length }) => sum + length, 0));
  const regions: CleanedFlash['regions'][number][] = [];
  let before = 0;
  for (const { offset, length } of unwritten) {
    const { erased } = await board.clearFlash(offset, length, {
      signal,
      onProgress: (done) => tell.done(before + done),
    });
    before += length;
    regions.push({ offset, length, erased });
  }
  return {
    detected,
    size,
    loader: settled.mode,
    baudRate: settled.baudRate,
    regions,
    ms: Math.round(clock.monotonic() - startedAt),
  };
}

function sizeUnknown(): RecipeFault {
  return new RecipeFault({
    code: 'flash.size-unknown',
    what: 'The flash of this board does not say how large it is, and the recipe does not say it either: nobody can tell where it ends.',
    next: 'Write flash.size into the recipe.',
    safety: 'untouched',
  });
}

function beyondRom(size: number): FixtureFault {
  return new FixtureFault({
    code: 'flash.beyond-rom',
    what: `The board has ${size / 1024 / 1024} MiB of flash, and without the flasher stub its ROM reaches the first 16 MiB only: what lies beyond could not be erased.`,
    next: 'Use a port that can reset the board, and leave flash.stub at auto.',
    safety: 'untouched',
    details: { size },
  });
}
