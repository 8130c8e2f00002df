import { concat } from '../../base/bytes.ts';
import { rsEncode } from '../../efuse/reed-solomon.ts';
import { fieldOf } from '../../efuse/tables.ts';
import type { BootContext } from '../silicon.ts';
import type { IdfConsole } from './console.ts';

const tries = 3;

/** A boot whose bootloader is built to encrypt flash. */
export type EncryptingBoot = BootContext & Required<Pick<BootContext, 'encrypts'>>;

/**
 * eFuses that ESP-IDF's bootloader gathers and burns together (from source: components/efuse, esp_efuse_batch_write_commit and
 * esp_efuse_utility_burn_chip; lines as recorded in vectors consoles/c3-rom-devcut.txt): key blocks from the last one down, BLOCK0 without
 * WR_DIS, then WR_DIS. A bit that is frozen at 0 does not take, the burn is tried three times, and WR_DIS stays as it was.
 */
export class EfuseBatch {
  readonly #context: EncryptingBoot;
  readonly #console: IdfConsole;
  readonly #keys = new Map<number, Uint8Array>();
  readonly #fields = new Map<string, number>();
  readonly #frozen = new Set<number>();

  constructor(context: EncryptingBoot, console: IdfConsole) {
    this.#context = context;
    this.#console = console;
    console.info('efuse', 'Batch mode of writing fields is enabled');
  }

  cancel(): void {
    this.#console.info('efuse', 'Batch mode of writing fields is cancelled');
  }

  key(block: number, data: Uint8Array): void {
    this.#keys.set(block, concat(data, rsEncode(data)));
  }

  /** A whole field; bits that are in already are complained of, and the complaint is heard by nobody (esp_efuse_utility_write_reg). */
  write(name: string, value: number): void {
    const { table } = this.#context.efuse;
    const repeated = this.#context.efuse.field(name) & value;
    if (repeated !== 0) {
      const mask = (repeated * 2 ** (fieldOf(table, name).pieces[0]!.bit % 32)).toString(16).padStart(8, '0');
      this.#console.error('efuse', `Repeated programming of programmed bits is strictly forbidden 0x${mask}`);
      return;
    }
    this.#fields.set(name, (this.#fields.get(name) ?? 0) | value);
  }

  /** Bits of a field that are not in yet; in, they are no matter. */
  set(name: string, value: number): void {
    const missing = value & ~this.#context.efuse.field(name);
    if (missing !== 0) this.#fields.set(name, (this.#fields.get(name) ?? 0) | missing);
  }

  freeze(bit: number): void {
    if (Math.floor(this.#context.efuse.field('WR_DIS') / 2 ** bit) % 2 === 0) this.#frozen.add(bit);
  }

  /** Whether all of it is in. */
  commit(): boolean {
    const { encrypts } = this.#context;
    for (const [block, codeword] of [...this.#keys].sort(([a], [b]) => b - a)) {
      this.#console.info('efuse', `BURN BLOCK${block}`);
      encrypts.burnKey(block, codeword);
      this.#console.info('efuse', `BURN BLOCK${block} - OK (write block == read block)`);
    }
    const locks = [...this.#frozen].reduce((sum, bit) => sum + 2 ** bit, 0);
    if (this.#fields.size > 0 && !this.#burnBlock0([...this.#fields])) {
      this.#console.error('efuse', 'Failed to burn eFuses');
      const mask = locks.toString(16).padStart(8, '0');
      if (locks > 0) this.#console.warn('efuse', `WR_DIS efuse was not burned (deferred): 0x${mask}`);
      return false;
    }
    if (locks > 0 && !this.#burnBlock0([['WR_DIS', locks]])) return false;
    this.#console.info('efuse', 'Batch mode. Prepared fields are committed');
    return true;
  }

  #burnBlock0(fields: readonly (readonly [string, number])[]): boolean {
    for (let round = 1; round <= tries; round++) {
      if (burnBlock0(this.#context, fields, this.#console)) return true;
      this.#console.warn('efuse', `BLOCK0: next retry to fix an error [${round}/${tries}]...`);
    }
    this.#console.error('efuse', 'Written data are incorrect');
    return false;
  }
}

/** One program of BLOCK0, and the look whether it took. */
export function burnBlock0(
  { efuse, burn }: EncryptingBoot,
  fields: readonly (readonly [string, number])[],
  console: IdfConsole,
): boolean {
  console.info('efuse', 'BURN BLOCK0');
  for (const [name, value] of fields) burn(name, value);
  const isIn = fields.every(([name, value]) => (BigInt(efuse.field(name)) & BigInt(value)) === BigInt(value));
  if (isIn) console.info('efuse', 'BURN BLOCK0 - OK (all write block bits are set)');
  else console.error('efuse', 'BURN BLOCK0 - ERROR (written bits != read bits)');
  return isIn;
}
