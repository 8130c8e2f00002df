// Whole boards of every recipe on one station, with its real ledger and token: supplies cut, lines that lose and garble, brown-outs, at
// random instants; each board is brought to its end and judged by its silicon, its flash and its record.

import assert from 'node:assert/strict';
import { type RandomSource, seededRandom } from '../../main/base/random.ts';
import { bringToEnd, insert } from '../faults/boards.ts';
import { recipeNamed, type Stage } from '../stories/stage.ts';
import { below, macOf } from './draws.ts';
import type { Tally } from './tally.ts';

const lines: readonly { readonly recipe: string; readonly chip: string; readonly rev: string }[] = [
  { recipe: 'esp32p4-production', chip: 'esp32p4', rev: 'v3.1' },
  { recipe: 'esp32p4-v1-production', chip: 'esp32p4', rev: 'v1.3' },
  { recipe: 'esp32c3-production', chip: 'esp32c3', rev: 'v0.4' },
  { recipe: 'esp32s3-production', chip: 'esp32s3', rev: 'v0.2' },
  { recipe: 'esp32s2-production', chip: 'esp32s2', rev: 'v1.0' },
  { recipe: 'esp32-production', chip: 'esp32', rev: 'v3.1' },
  { recipe: 'esp32c2-production', chip: 'esp32c2', rev: 'v1.2' },
  { recipe: 'esp32s31-production', chip: 'esp32s31', rev: 'v0.0' },
];

/** A batch of `count` boards of one recipe, each with a trouble or two. */
export async function soakStation(stage: Stage, seed: number, count: number, tally: Tally): Promise<void> {
  const random = seededRandom(seed);
  const { recipe, chip, rev } = lines[below(random, lines.length)]!;
  const loaded = recipeNamed(recipe);
  const serials = new Map<string, string>();
  for (let n = 0; n < count; n++) {
    const faults = Array.from({ length: 1 + below(random, 2) }, () => troubleOf(random));
    for (const fault of faults) tally.strike(fault.split(':')[0]!);
    const mac = macOf(seed >>> 16, seed >>> 8, seed, n >>> 8, n);
    const address = `virtual:${chip}?rev=${rev}&pacing=none&mac=${mac}&name=${seed}-${n}&seed=${seed + n}&${faults.map((fault) => `fault=${fault}`).join('&')}`;
    serials.set(address, mac.replaceAll(':', ''));
  }
  const addresses = [...serials.keys()];
  const more = (list: readonly string[]) => ({ serials: list.map((address) => serials.get(address)!) });
  tally.boards += count;
  try {
    const first = await insert(stage, loaded, addresses, more);
    for (const [address, { fault }] of first) {
      const { runs } = await stage.station.parts.ledger.history(stage.chip(address).identity.mac);
      const intended = runs.some(({ events }) => events.some(({ event }) => event.type === 'intend'));
      if (fault?.safety === 'untouched' && intended)
        tally.falseMessages.push(`seed ${seed}: ${address}: ${fault.code} says that nothing was burned`);
    }
    for (const address of addresses) stage.chip(address).powerOn();
    const open = addresses.filter((address) => first.get(address)!.outcome !== 'passed');
    if (open.length === 0) return;
    for (const { address, end, verdicts } of await bringToEnd(stage, loaded, open, more)) {
      if (end === 'sealed') tally.finished++;
      else tally.lost.push(`seed ${seed}: ${address}: ${verdicts.map(({ fault }) => fault?.what).join(' | ')}`);
    }
  } catch (error) {
    if (!(error instanceof assert.AssertionError)) throw error;
    tally.lost.push(`seed ${seed}, ${recipe}: ${error.message}`);
  }
}

function troubleOf(random: RandomSource): string {
  switch (below(random, 7)) {
    case 0:
    case 1:
      return `power-cut-in-burn:${1 + below(random, 12)}`;
    case 2:
      return `power-cut-in-half:${1 + below(random, 12)}`;
    case 3:
      return `power-cut-after-burn:${1 + below(random, 12)}`;
    case 4:
      return `power-cut-in-flash:${below(random, 200_000)}`;
    case 5:
      return `lost-answer:${1 + below(random, 300)}`;
    default:
      return `brown-out:${1 + below(random, 300)}`;
  }
}
