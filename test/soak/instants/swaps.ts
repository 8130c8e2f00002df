// A hand changes the board in the middle of a run: whole boards of every recipe, over every kind of port, by the engine on a real ledger. At any
// act of it (a packet, a row, a call of the token) another board lies in the fixture from there on: blank, half done, sealed, or blank with the
// first one's MAC. Behind it each of both is finished by itself.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../main/base/clock.ts';
import { seededRandom } from '../../../main/base/random.ts';
import { openSqliteLedger } from '../../../main/ledger/sqlite/open.ts';
import type { ChipKind, Revision } from '../../../main/model/chip.ts';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { VirtualChip } from '../../../main/virtual/chip.ts';
import { Nest } from '../../unit/chip/nest.ts';
import { ScriptedSigner } from '../../unit/station/scripted-signer.ts';
import { below, macOf } from '../draws.ts';
import { atOnce, type Tally } from '../tally.ts';
import { mostActs, oneOf, productNamed, products } from './boards.ts';
import { burnedIn, judgeSealed, judgeVisit } from './judge.ts';
import { Life } from './life.ts';
import { endWords, type Line, type Verdict, visit } from './line.ts';
import { isByHand, type Way, ways } from './ways.ts';

const inPortion = 80;
const pairsAtOnce = 20;
/** Visits by itself that a board has to become finished. */
const calmVisits = 4;

/** The same line, whose recipe awaits the board's own MAC at each start. */
function awaitingMac(line: Line): Line {
  const { loaded } = line;
  const { bootProof } = loaded.recipe;
  const expect = [...bootProof.expect, 'base MAC {mac}'];
  return { ...line, loaded: { ...loaded, recipe: { ...loaded.recipe, bootProof: { ...bootProof, expect } } } };
}

/** Acts that a board is away for, at most, where it comes back. */
const mostBack = 200;

/** What the second board is when it is put there; `there and back`: blank, and the first one comes back. */
const seconds = ['blank', 'half done', 'sealed', 'twin', 'there and back', 'another chip'] as const;
type Second = (typeof seconds)[number];

/** So many pairs of boards of one product on one ledger. Pair `n` has the seed `seed * 1000 + n`. */
export async function soakSwaps(seed: number, tally: Tally, count = inPortion): Promise<void> {
  const { loaded, release } = await productNamed(oneOf(seededRandom(seed), products));
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-soak-'));
  const ledger = await openSqliteLedger({ file: join(folder, 'ledger.sqlite'), station: 'line-1', clock: systemClock });
  try {
    await ledger.putRecipe(loaded.ref, loaded.canonicalText);
    const line: Line = { loaded, release, ledger, token: new ScriptedSigner() };
    await atOnce(pairsAtOnce, count, (n) => new Pair(line, seed * 1000 + n, tally).soak());
    const { broken, edited } = await ledger.verify();
    if (broken !== null || edited !== null)
      tally.lost.push(`seed ${seed}: the ledger is broken: ${broken?.reason ?? edited?.what}`);
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Pair {
  #line: Line;
  readonly #seed: number;
  readonly #tally: Tally;
  readonly #random;
  readonly #said: string[] = [];
  #visits = 0;

  constructor(line: Line, seed: number, tally: Tally) {
    this.#line = line;
    this.#seed = seed;
    this.#tally = tally;
    this.#random = seededRandom(seed);
  }

  async soak(): Promise<void> {
    const kind = oneOf(this.#random, seconds);
    const prints = below(this.#random, 2) === 0;
    if (prints) this.#line = awaitingMac(this.#line);
    const first = this.#silicon(1, 1, prints);
    const second = this.#silicon(2, kind === 'twin' ? 1 : 2, prints, kind === 'another chip' ? this.#another() : null);
    this.#tally.boards += 2;
    this.#tally.chips.add(this.#line.loaded.ref.name);
    try {
      await this.#prepare(second, kind);
      await this.#swap(first, second, kind, prints);
      await this.#finish(first, second, kind);
    } finally {
      first.powerOff();
      second.powerOff();
    }
  }

  /** A kind that the recipe is not for. */
  #another(): { readonly kind: ChipKind; readonly revision: Revision } {
    const { chip } = this.#line.loaded.recipe;
    const others = (
      [
        ['esp32c3', 4],
        ['esp32s3', 2],
        ['esp32', 300],
        ['esp32p4', 301],
      ] as const
    ).filter(([kind]) => kind !== chip);
    const [kind, revision] = oneOf(this.#random, others);
    return { kind, revision };
  }

  #silicon(
    chip: number,
    mac: number,
    firmwarePrintsMac: boolean,
    other: { readonly kind: ChipKind; readonly revision: Revision } | null = null,
  ): VirtualChip {
    const { recipe } = this.#line.loaded;
    const seed = this.#seed;
    return new VirtualChip(
      {
        ...(other ?? { kind: recipe.chip, revision: recipe.silicon.min }),
        mac: macOf(seed >>> 24, seed >>> 16, seed >>> 8, seed, mac),
        seed: seed * 2 + chip,
        firmwarePrintsMac,
      },
      bootFromFlash,
    );
  }

  /** What was done to the second board before. */
  async #prepare(second: VirtualChip, kind: Second): Promise<void> {
    if (kind !== 'sealed' && kind !== 'half done') return;
    const at =
      kind === 'sealed'
        ? null
        : { ending: 'supply' as const, at: 60 + below(this.#random, 200), side: 'after' as const };
    await this.#visit(second, 'bench', new Life(at, () => second.powerOff()), second.identity.mac);
    second.powerOff();
  }

  async #swap(first: VirtualChip, second: VirtualChip, kind: Second, prints: boolean): Promise<void> {
    const nest = new Nest(first, second);
    const way = oneOf(this.#random, ways);
    const at = 1 + below(this.#random, mostActs);
    const change = () => {
      nest.change();
      nest.current.powerOn();
      // where a hand resets boards it puts them into their loader, mostly
      if (!isByHand(way) || below(this.#random, 4) === 0) return;
      nest.current.setLines({ dtr: true, rts: false });
      nest.current.reset();
    };
    const side = below(this.#random, 2) === 0 ? 'before' : 'after';
    const back = kind === 'there and back' ? { acts: 1 + below(this.#random, mostBack), work: change } : null;
    const life = new Life({ ending: 'supply', at, side }, change, back);
    const before = [burnedIn(first), burnedIn(second)] as const;
    const verdict = await this.#visit(nest.chip, way, life, null);
    if (life.struck === null) return;
    this.#tally.strike(`${kind} at ${life.struck.startsWith('port') ? 'port' : life.struck}`);
    this.#tally.ways.set(way, (this.#tally.ways.get(way) ?? 0) + 1);
    for (const [n, chip] of [first, second].entries()) {
      const others = verdict === null || verdict.mac !== chip.identity.mac;
      const { lost, said } = await judgeVisit(this.#line.ledger, chip, { fuses: before[n]! }, others ? null : verdict);
      if (kind === 'twin') continue;
      if (lost !== null) this.#lose(`${n === 0 ? 'first' : 'second'} board: ${lost}`);
      if (said !== null) this.#false(said);
    }
    if (kind === 'twin' && burnedIn(first) !== before[0] && burnedIn(second) !== before[1])
      this.#lose('both chips of one MAC were burned');
    if (kind !== 'twin' && kind !== 'there and back') await this.#holdVerdict(verdict, first, life, prints);
  }

  /** No hand makes a board scrap, and none is sealed by the start of another where that one can be told from it. */
  async #holdVerdict(
    verdict: Verdict | null,
    first: VirtualChip,
    { portActsSince }: Life,
    prints: boolean,
  ): Promise<void> {
    if (verdict?.fault?.safety === 'condemned') this.#lose(`condemned: ${verdict.fault.what}`);
    if (verdict?.outcome !== 'passed' || verdict.mac !== first.identity.mac || portActsSince === 0) return;
    const { sealed } = await this.#line.ledger.history(first.identity.mac);
    const signs = Object.values(sealed?.bootProof ?? {}).some(({ challenge }) => challenge !== undefined);
    if (prints || signs) this.#false('it was sealed by the start of another board');
    else this.#tally.strike('sealed by the start of one that nothing tells from it', 0);
  }

  /** Each by itself becomes what it is to be; of two with one MAC one, and the other is told. */
  async #finish(first: VirtualChip, second: VirtualChip, kind: Second): Promise<void> {
    const { ledger, loaded } = this.#line;
    const ends = new Set<string>();
    for (const chip of [first, second]) {
      chip.powerOff();
      let end = 'open';
      for (let visits = 0; visits < calmVisits && end === 'open'; visits++) {
        const verdict = await this.#visit(chip, 'bench', new Life(null, () => undefined), chip.identity.mac);
        const { sealed } = await ledger.history(chip.identity.mac);
        if (kind === 'another chip' && chip === second) end = verdict?.outcome === 'refused' ? 'told' : 'open';
        else if (verdict?.outcome === 'passed' || verdict?.fault?.safety === 'sealed' || sealed !== null)
          end = 'sealed';
        else if (kind === 'twin' && verdict?.fault?.code === 'admission.other-chip') end = 'told';
        chip.powerOff();
      }
      ends.add(end);
      if (end === 'open') this.#lose('it was not finished by itself');
      else if (end === 'sealed' && kind !== 'twin') {
        const wrong = await judgeSealed(ledger, chip, loaded);
        if (wrong !== null) this.#lose(wrong);
        else this.#tally.finished++;
      }
    }
  }

  async #visit(chip: VirtualChip, way: Way, life: Life, device: string | null): Promise<Verdict | null> {
    const seed = this.#seed * 100 + ++this.#visits;
    const { verdict } = await visit(this.#line, chip, { way, life, seed, device, labels: false });
    this.#said.push(
      `${this.#visits}. ${way}, ${life.struck ?? 'calm'}, ${life.acts} acts, ${verdict?.mac ?? 'no MAC'}: ${endWords(verdict)}`,
    );
    return verdict;
  }

  #lose(why: string): void {
    this.#tally.lost.push(this.#told(why));
  }

  #false(what: string): void {
    this.#tally.falseMessages.push(this.#told(what));
  }

  #told(what: string): string {
    return `seed ${this.#seed} (${this.#line.loaded.ref.name}): ${what}\n         ${this.#said.join('\n         ')}`;
  }
}
