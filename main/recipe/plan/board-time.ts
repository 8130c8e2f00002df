// How long a board will take, from what the plan writes and the times of a flash's data sheet. A share is what is felt of it: what is done
// while something else takes longer is no share.
import { deflateSync } from 'node:zlib';
import { chipIds, romsRun } from '../../model/chip.ts';
import { eraseMs, type FlashPart, flashPart, programMs } from '../../model/flash-part.ts';
import type { LoadedRecipe } from '../load.ts';
import type { Plan } from '../types.ts';
import { unwrittenOf } from './unwritten.ts';

export interface TimeShare {
  readonly what: 'wire' | 'flash' | 'latency' | 'station';
  readonly ms: number;
}

/** Of a part: its bytes in flash and on the wire. */
export interface PartOnWire {
  readonly name: string;
  readonly bytes: number;
  /** Less than `bytes` where it goes compressed. */
  readonly wire: number;
}

export interface BoardTime {
  readonly ms: number;
  readonly shares: readonly TimeShare[];
  readonly parts: readonly PartOnWire[];
  /** At most this more where the flash is not blank beside the parts: erased while the keys are made. */
  readonly notBlankMs: number;
  readonly baudRate: number;
  readonly latencyMs: number;
  readonly flash: string;
}

/** What of the wire carries data: measured at 921600 and 2000000 baud (docs/figures.md). */
const wireShare = 0.985;
/** What is left of a board without flash, latency and the starts of its firmware: measured (docs/figures.md). */
const stationMs = 1000;
/** An ordinary USB bridge holds answers back as long as this. */
export const bridgeLatencyMs = 16;
/** Exchanges of a run and of each burn in it, counted on virtual P4, C3 and S3: where several registers are read in one, and one by one. */
const turns = { together: { run: 75, burn: 11.5 }, oneByOne: { run: 250, burn: 33 } };

/** A part goes compressed where that saves a tenth (see compressionPays in protocol). What is encrypted never gets shorter. */
function onWire(name: string, bytes: number, encrypted: boolean, data: Uint8Array | undefined): PartOnWire {
  if (encrypted || data === undefined || bytes < 0x1000) return { name, bytes, wire: bytes };
  const packed = deflateSync(data).length + Math.max(0, bytes - data.length);
  return { name, bytes, wire: packed < 0.9 * bytes ? packed : bytes };
}

/** The time of a board that is made by `plan`. */
export function boardTimeOf(plan: Plan, { recipe, firmware }: LoadedRecipe, part: FlashPart = flashPart): BoardTime {
  const { baudRate } = recipe.flash;
  const dataOf = new Map(firmware.parts.map(({ name, data }) => [name, data]));
  const written = plan.parts.flatMap(({ length, ...rest }) => (length === null ? [] : [{ ...rest, length }]));
  const parts = written.map(({ name, length, encrypted }) => onWire(name, length, encrypted, dataOf.get(name)));
  const wireMs = (parts.reduce((sum, { wire }) => sum + wire, 0) * 10_000) / baudRate / wireShare;
  const inFlash = written.reduce(
    (sum, { offset, length }) => sum + eraseMs(offset, length, part) + programMs(length, part),
    0,
  );
  // The stub writes one block while it receives the next; a ROM erases first, and answers when a block is in.
  const flashMs = recipe.flash.stub ? Math.max(0, inFlash - wireMs) : inFlash;
  const { run, burn } = romsRun.includes(chipIds[recipe.chip] ?? -1) ? turns.together : turns.oneByOne;
  const latencyMs = (run + burn * plan.burn.burns.length) * bridgeLatencyMs;
  const shares: TimeShare[] = [
    { what: 'wire', ms: wireMs },
    { what: 'flash', ms: flashMs },
    { what: 'latency', ms: latencyMs },
    { what: 'station', ms: stationMs },
  ];
  const regions = recipe.flash.size === null ? [] : unwrittenOf(plan.parts, recipe.flash.size);
  return {
    ms: shares.reduce((sum, { ms }) => sum + ms, 0),
    shares,
    parts,
    notBlankMs: regions.reduce((sum, { offset, length }) => sum + eraseMs(offset, length, part), 0),
    baudRate,
    latencyMs: bridgeLatencyMs,
    flash: part.name,
  };
}
