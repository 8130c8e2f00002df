// Whole boards of every recipe, from blank to sealed, by the real engine on a real ledger in one process: at any act of it (a packet to the
// port, a row in the ledger, a call of the token, a label) the process dies, the supply goes, both, or the disk is full; supplies go in
// burns and in flash writes. What the next station knows is the ledger alone. After each visit the board is judged.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../main/base/clock.ts';
import { type RandomSource, seededRandom } from '../../../main/base/random.ts';
import { openSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import type { LoadedRecipe } from '../../../main/recipe/load.ts';
import type { Release } from '../../../main/recipe/making/release.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import type { VirtualFault } from '../../../main/virtual/silicon.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { Rig } from '../../unit/station/parts.ts';
import { ScriptedSigner } from '../../unit/station/scripted-signer.ts';
import { below, macOf } from '../draws.ts';
import { atOnce, type Tally } from '../tally.ts';
import { burnedIn, judgeSealed, judgeVisit } from './judge.ts';
import { type Ending, Life, type Strike } from './life.ts';
import { endWords, type Line, type Verdict, visit } from './line.ts';
import { Secrets } from './secrets.ts';
import { type Way, ways } from './ways.ts';

/** A recipe of the repository for every chip, and both kinds of P4. */
export const products = [
  ...['esp32', 'esp32c2', 'esp32c3', 'esp32c5', 'esp32c6', 'esp32c61', 'esp32h2', 'esp32h21', 'esp32h4', 'esp32p4'],
  ...['esp32p4-v1', 'esp32s2', 'esp32s3', 'esp32s31'],
].map((chip) => `${chip}-production`);

/** Visits with a strike; what is not finished then has so many calm ones to become it. */
const struckVisits = 12;
const calmVisits = 5;
/** Acts of a visit in which nothing happens are some 120 to 400. */
export const mostActs = 420;

export const oneOf = <T>(random: RandomSource, list: readonly T[]): T => list[below(random, list.length)]!;

const releases = new Map<string, { readonly loaded: LoadedRecipe; readonly release: Release }>();

/** A recipe and its release, made once. */
export async function productNamed(name: string) {
  const known = releases.get(name);
  if (known !== undefined) return known;
  const loaded = recipeNamed(name);
  const rig = new Rig(loaded);
  const made = { loaded, release: await rig.station.prepareRelease(loaded) };
  releases.set(name, made);
  return made;
}

const inPortion = 120;
const boardsAtOnce = 40;

/** So many boards of one product on one ledger (`count` for a short form). Board `n` has the seed `seed * 1000 + n`. */
export async function soakInstants(seed: number, tally: Tally, count = inPortion): Promise<void> {
  const random = seededRandom(seed);
  const { loaded, release } = await productNamed(oneOf(random, products));
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  const token = new ScriptedSigner();
  const secrets = new Secrets();
  secrets.follow(token);
  const ledger = await openSqliteLedger({ file: join(folder, 'ledger.sqlite'), station: 'line-1', clock: systemClock });
  try {
    await ledger.putRecipe(loaded.ref, loaded.canonicalText);
    const line: Line = { loaded, release, ledger, token };
    const texts = await atOnce(boardsAtOnce, count, (n) => soakBoard(line, seed * 1000 + n, tally));
    const { broken, edited } = await ledger.verify();
    if (broken !== null || edited !== null)
      tally.lost.push(`seed ${seed}: the ledger is broken: ${broken?.reason ?? edited?.what}`);
    const inFiles = secrets.files(folder);
    await ledger.close();
    for (const file of [...inFiles, ...secrets.files(folder)])
      tally.secrets.push(`seed ${seed}: a key lies in ${file}`);
    for (const [n, text] of texts.entries())
      if (secrets.in(Buffer.from(text)) > 0) tally.secrets.push(`seed ${seed * 1000 + n}: a key was said`);
    tally.searched += secrets.count;
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One board to its end; gives all that was said of it. */
async function soakBoard(line: Line, seed: number, tally: Tally): Promise<string> {
  const random = seededRandom(seed);
  const { recipe, ref } = line.loaded;
  const faults: VirtualFault[] = [];
  const mac = macOf(seed >>> 24, seed >>> 16, seed >>> 8, seed, 1);
  for (let program = 1; program <= 120; program++) {
    const kind = burnCut(random);
    if (kind !== null) faults.push({ kind, after: program });
  }
  if (below(random, 3) === 0) faults.push({ kind: 'power-cut-in-flash', afterBytes: below(random, 200_000) });
  const chip = new VirtualChip(
    {
      kind: recipe.chip,
      revision: recipe.silicon.min,
      ...{ mac, seed, faults },
      doorFound: oneOf(random, ['at-next-command', 'before-answer']),
      firmwarePrintsMac: below(random, 2) === 0,
    },
    bootFromFlash,
  );
  const said: string[] = [];
  const heard: string[] = [];
  let cuts = 0;
  const off = chip.powerOff.bind(chip);
  chip.powerOff = () => {
    if (chip.mode !== 'off') cuts++;
    off();
  };
  tally.boards++;
  tally.chips.add(ref.name);
  const name = `seed ${seed} (${ref.name})`;
  const lose = (why: string) => tally.lost.push(`${name}: ${why}\n         ${said.join('\n         ')}`);
  try {
    for (let visits = 1; ; visits++) {
      if (visits > struckVisits + calmVisits) {
        lose('nobody knows what it is');
        break;
      }
      const isCalm = visits > struckVisits;
      if (isCalm) faults.length = 0;
      const way = oneOf(random, ways);
      const strike = isCalm ? null : strikeOf(random);
      const life = new Life(strike, () => chip.powerOff());
      const before = { fuses: burnedIn(chip) };
      cuts = 0;
      const labels = below(random, 4) === 0;
      const device = isCalm || below(random, 2) === 0 ? mac : null;
      const end = await visit(line, chip, { way, life, seed: seed * 100 + visits, device, labels });
      heard.push(end.heard);
      const { verdict } = end;
      count(tally, way, life, strike, cuts);
      said.push(wordsOf(visits, way, life, strike, cuts, verdict));
      const judged = await judgeVisit(line.ledger, chip, before, verdict);
      if (judged.said !== null)
        tally.falseMessages.push(`${name}: ${judged.said}\n         ${said.join('\n         ')}`);
      if (judged.lost !== null) {
        lose(judged.lost);
        break;
      }
      if (verdict?.outcome === 'passed' || verdict?.fault?.safety === 'sealed') {
        const wrong = await judgeSealed(line.ledger, chip, line.loaded);
        if (wrong !== null) lose(wrong);
        else if (visits > 1) tally.finished++;
        break;
      }
      const { condemned, sealed } = judged.history;
      if (condemned !== null) {
        tally.condemn(`${recipe.chip}: ${condemned.reason.split(':')[0]}`);
        if (!isAllowed(condemned.reason)) lose(`condemned: ${condemned.reason}`);
        break;
      }
      // Sealed, and the process died before it could say so: the next station says that it is.
      if (sealed !== null && isCalm) {
        const wrong = await judgeSealed(line.ledger, chip, line.loaded);
        if (wrong !== null) lose(wrong);
        else tally.finished++;
        break;
      }
      if (chip.mode !== 'off' && below(random, 2) === 0) chip.powerOff();
    }
  } finally {
    off();
  }
  return heard.join('\n');
}

/** Reasons that the silicon itself gives: blocks in which a cut has left what no burn can complete. */
function isAllowed(reason: string): boolean {
  return /^(efuse\.(block-unreadable|key-unreadable|no-free-slot|unproven-key|burn-failed))/.test(reason);
}

type BurnCut = 'power-cut-in-burn' | 'power-cut-in-half' | 'power-cut-after-burn';

function burnCut(random: RandomSource): BurnCut | null {
  const drawn = below(random, 40);
  if (drawn < 3) return 'power-cut-in-burn';
  if (drawn < 4) return 'power-cut-in-half';
  return drawn < 6 ? 'power-cut-after-burn' : null;
}

function strikeOf(random: RandomSource): Strike {
  const ending = oneOf<Ending>(random, ['program', 'program', 'supply', 'supply', 'both', 'both', 'full']);
  return { ending, at: 1 + below(random, mostActs), side: below(random, 2) === 0 ? 'before' : 'after' };
}

function count(tally: Tally, way: Way, { struck }: Life, strike: Strike | null, cuts: number): void {
  if (struck !== null) {
    const { ending } = strike!;
    const place = struck.startsWith('port') ? 'port' : struck;
    tally.strike(`${ending} at ${place}`);
    if (ending !== 'full') tally.ways.set(way, (tally.ways.get(way) ?? 0) + 1);
  }
  const inSilicon = cuts - (struck !== null && (strike!.ending === 'supply' || strike!.ending === 'both') ? 1 : 0);
  if (inSilicon > 0) tally.strike('supply in a burn or flash write', inSilicon);
  if (inSilicon > 0) tally.ways.set(way, (tally.ways.get(way) ?? 0) + inSilicon);
}

function wordsOf(
  visits: number,
  way: Way,
  life: Life,
  strike: Strike | null,
  cuts: number,
  verdict: Verdict | null,
): string {
  const struck = life.struck === null ? '' : ` ${strike!.ending} ${strike!.side} act ${strike!.at} (${life.struck})`;
  return `${visits}. ${way},${struck} ${cuts} cuts, ${life.acts} acts: ${endWords(verdict)}`;
}
