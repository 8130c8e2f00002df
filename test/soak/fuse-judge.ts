// What the visits of a station to one chip came to, held against the fuses as its silicon has them.

import { bytesOfWords, toHex } from '../../main/base/bytes.ts';
import type { WantedEfuses } from '../../main/efuse/plan-types.ts';
import type { EfuseTable } from '../../main/efuse/types.ts';
import type { StepEvent } from '../../main/model/event.ts';
import { isFault } from '../../main/model/fault.ts';
import type { ClassicEfuseController } from '../../main/virtual/efuse/classic-controller.ts';
import type { EfuseController } from '../../main/virtual/efuse/controller.ts';
import { bitsOf } from '../faults/boards.ts';
import { type Book, secretOf } from '../unit/chip/rig.ts';
import { Killed } from './instants/life.ts';
import type { Tally } from './tally.ts';

/** What a chip is held against here. */
export interface Fuses {
  readonly table: EfuseTable;
  readonly efuse: EfuseController | ClassicEfuseController;
}

export interface Judged {
  /** By which a loss is told. */
  readonly name: string;
  readonly silicon: Fuses;
  readonly wanted: WantedEfuses;
  readonly book: Book;
  readonly tally: Tally;
}

export class FuseJudge {
  readonly #judged: Judged;
  readonly #factory: ReadonlySet<string>;
  readonly #said: string[] = [];
  #before = '';

  /** Of a chip as it came from its factory. */
  constructor(judged: Judged) {
    this.#judged = judged;
    this.#factory = block0(judged.silicon);
    judged.tally.boards++;
    judged.tally.chips.add(judged.silicon.table.name);
  }

  lose(why: string): void {
    const { name, tally } = this.#judged;
    tally.lost.push(`${name}: ${why}\n         ${this.#said.join('\n         ')}`);
  }

  /** Before each visit. */
  begin(): void {
    this.#before = arrayOf(this.#judged.silicon);
  }

  /** Whether the chip goes on behind a visit that ended so (null: all is in): it is neither lost nor condemned. */
  goesOn(words: string, end: unknown): boolean {
    const { name, silicon, book, tally } = this.#judged;
    if (end instanceof Killed) this.#said.push(`${words}: killed`);
    else if (end === null) this.#said.push(`${words}: whole`);
    else if (isFault(end)) this.#said.push(`${words}: ${end.code} (${end.safety}): ${end.what}`);
    else return this.#isLost(`${words}: ${(end as Error).stack}`);
    const beyond = strangeIn(silicon, this.#factory, book.events);
    if (beyond !== null) return this.#isLost(beyond);
    if (!isFault(end)) return true;
    if (end.safety === 'untouched' && arrayOf(silicon) !== this.#before)
      tally.falseMessages.push(`${name}: ${end.code} says untouched, and eFuses were burned`);
    if (end.safety !== 'condemned') return true;
    tally.condemn(`${silicon.table.name}: ${end.code}`);
    return isAlone(silicon.table) ? false : this.#isLost('condemned');
  }

  /** Behind the last visit, whose chip was told as whole or has shut its door. */
  end(): void {
    const { name, silicon, wanted, book, tally } = this.#judged;
    const missing = missingIn(silicon, wanted);
    if (missing !== null) {
      this.lose(`told as whole: ${missing}`);
      return;
    }
    if (this.#said.length > 1) tally.finished++;
    const text = JSON.stringify(book.events);
    for (const part of ['whole', 'low', 'high'])
      if (text.includes(toHex(secretOf('flash-encryption', part)))) tally.secrets.push(name);
  }

  #isLost(why: string): false {
    this.lose(why);
    return false;
  }
}

/** Chips on which a spoiled block has no other to go to. */
function isAlone({ chip }: EfuseTable): boolean {
  return chip === 'esp32c2' || chip === 'esp32';
}

function arrayOf({ efuse }: Fuses): string {
  return Buffer.concat(efuse.burned()).toString('latin1');
}

/** Bits of BLOCK0 as the array holds them now, whatever is latched. */
function block0({ efuse, table }: Fuses): Set<string> {
  const bits = new Set<string>();
  const bytes = efuse.burned()[0]!;
  const length = 4 * table.blocks[0]!.words;
  for (let bit = 0; bit < 8 * length; bit++) if ((bytes[bit >>> 3]! >>> (bit & 7)) & 1) bits.add(`${bit}`);
  return bits;
}

/** A bit of BLOCK0 or a key block that holds something which no row of the book meant; null: there is none. */
function strangeIn(silicon: Fuses, factory: ReadonlySet<string>, events: readonly StepEvent[]): string | null {
  const meant = new Set(factory);
  const blocks = new Set<number>();
  const chip = silicon as unknown as Parameters<typeof bitsOf>[0];
  for (const event of events) {
    if (event.type !== 'intend') continue;
    if (event.what === 'key-block') blocks.add(event.detail.block);
    if (event.what === 'bits' && event.detail.block === 0)
      for (const { field, to } of event.detail.fields) for (const bit of bitsOf(chip, field, to)) meant.add(bit);
  }
  const beyond = [...block0(silicon)].filter((bit) => !meant.has(bit));
  if (beyond.length > 0) return `bits ${beyond.join(', ')} of BLOCK0 were burned that nobody meant`;
  const array = silicon.efuse.burned();
  for (const { block } of silicon.table.keyBlocks)
    if (array[block]!.some((byte) => byte !== 0) && !blocks.has(block))
      return `BLOCK${block} was burned, and nobody meant it`;
  return null;
}

/** What of the wanted is not in; null: all is. */
function missingIn(silicon: Fuses, wanted: WantedEfuses): string | null {
  const { efuse, table } = silicon;
  efuse.powerOn();
  const fields = wanted.fields.filter(({ field, value }) => efuse.field(field) !== value).map(({ field }) => field);
  if (fields.length > 0) return `${fields.join(', ')} is not in`;
  const blocks = table.blocks.map(({ number }) => toHex(bytesOfWords(efuse.hardwareBlock(number))));
  for (const { material } of wanted.keys) {
    const bytes =
      material.kind === 'digest'
        ? Buffer.from(material.sha256, 'hex')
        : Buffer.from(secretOf(material.role, material.part));
    const half = bytes.subarray(0, 16);
    const forms = [half.toString('hex'), Buffer.from(half).reverse().toString('hex')];
    if (!blocks.some((block) => forms.some((form) => block.includes(form)))) return 'a key is not in';
  }
  return null;
}
