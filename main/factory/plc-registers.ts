// The registers between station and PLC (docs/factory.md has the same table for whoever writes the PLC's program). Pure.
import type { StartRefusal } from '../model/plc.ts';
import { startRefusals } from '../model/plc.ts';

/** First word of either block: whoever reads other registers by mistake finds something else there. */
export const form = 0x4631;

/** Words of the PLC's block before those of the fixtures, of which each has one. */
const plcHeader = 4;
/** Words of the station's header, and of each fixture. */
export const unit = 6;

/** What the PLC says of one fixture. */
export interface PlcWord {
  readonly isPresent: boolean;
  readonly start: boolean;
  readonly acknowledges: boolean;
}

export interface PlcBlock {
  readonly form: number;
  /** Goes on while the PLC's program runs. */
  readonly counter: number;
  /** Id of the recipe that it is set up for; 0: any. */
  readonly recipe: number;
  readonly fixtures: readonly PlcWord[];
}

/** Words of the PLC's block. */
export function plcBlockLength(fixtures: number): number {
  return plcHeader + fixtures;
}

export function plcBlock(words: readonly number[]): PlcBlock {
  const [first = 0, counter = 0, recipe = 0] = words;
  return {
    ...{ form: first, counter, recipe },
    fixtures: words.slice(plcHeader).map((word) => ({
      isPresent: (word & 1) !== 0,
      start: (word & 2) !== 0,
      acknowledges: (word & 4) !== 0,
    })),
  };
}

/** What the station says of one fixture. */
export interface StationWord {
  readonly isReady: boolean;
  readonly isBusy: boolean;
  readonly mustStay: boolean;
  /** Stands until it is acknowledged. */
  readonly result: { readonly verdict: Verdict; readonly mac: string | null } | null;
  readonly needsSerial: boolean;
  /** Of the last start, until it goes low. */
  readonly refusal: StartRefusal | null;
  /** How many boards ended since the program started. */
  readonly ended: number;
}

/** `again`: stopped, or a trouble of the station: nothing is said about the board. */
export type Verdict = 'pass' | 'fail' | 'refused' | 'again';

const verdictBits: Readonly<Record<Verdict, number>> = { pass: 1 << 4, fail: 1 << 5, refused: 1 << 6, again: 1 << 7 };

export interface StationBlock {
  /** Goes on while the station looks. */
  readonly counter: number;
  /** Another number for each start of the program. */
  readonly opening: number;
  readonly hasBatch: boolean;
  readonly isByHand: boolean;
  /** The PLC's program counts, so that its starts are heard. */
  readonly isHeard: boolean;
  /** Id of the batch's recipe; 0: it has none, or there is no batch. */
  readonly recipe: number;
  /** The PLC's counter as it was read. */
  readonly plcCounter: number;
  readonly fixtures: readonly StationWord[];
}

export function stationBlock(block: StationBlock): number[] {
  const bits = flags([block.hasBatch, block.isByHand, block.isHeard]);
  return [
    ...[form, block.counter, block.opening, bits, block.recipe, block.plcCounter],
    ...block.fixtures.flatMap((word) => [
      flags([word.isReady, word.isBusy, word.mustStay, word.result !== null]) |
        (word.result === null ? 0 : verdictBits[word.result.verdict]) |
        (word.refusal === null ? 0 : 1 << 8) |
        (word.needsSerial ? 1 << 9 : 0),
      word.refusal === null ? 0 : startRefusals[word.refusal],
      word.ended % 0x10000,
      ...macWords(word.result?.mac ?? null),
    ]),
  ];
}

/** The lowest bit first. */
function flags(bits: readonly boolean[]): number {
  return bits.reduce((sum, bit, at) => sum | (bit ? 1 << at : 0), 0);
}

function macWords(mac: string | null): number[] {
  const hex = mac?.replaceAll(':', '') ?? '';
  return [0, 4, 8].map((at) => (hex === '' ? 0 : Number.parseInt(hex.slice(at, at + 4), 16)));
}
