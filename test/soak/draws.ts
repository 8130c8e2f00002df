import type { RandomSource } from '../../main/base/random.ts';

/** The MAC of a chip of a soak: locally administered, of these numbers' lowest bytes (five). */
export const macOf = (...numbers: readonly number[]): string =>
  `02:${numbers.map((number) => (number & 255).toString(16).padStart(2, '0')).join(':')}`;

// Seeds of failures that were noted repeat only as long as these take as many bytes as they did.

/** A number below `count`, which is far below 65,536. */
export const below = (random: RandomSource, count: number): number => (random(1)[0]! * 256 + random(1)[0]!) % count;

/** A number below any `count` of 32 bits. */
export const belowLarge = (random: RandomSource, count: number): number =>
  (random(4).reduce((number, byte) => number * 256 + byte, 0) >>> 0) % count;
