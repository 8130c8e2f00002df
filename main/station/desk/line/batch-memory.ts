import { existsSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { putFile } from '../../kept-file.ts';

const schema = z.strictObject({
  version: z.literal(1),
  /** The batch as the ledger names it. */
  batch: z.string(),
  /** File name of the recipe without its ending, and the hash with which it ran. */
  recipe: z.string(),
  hash: z.string(),
  order: z.string().nullable(),
  count: z.number().int().nullable(),
  mode: z.enum(['insertion', 'scan', 'key']),
  targetPerHour: z.number().nullable(),
  startedAt: z.string(),
});

/** What is needed to go on with a batch after the station was started again. */
export type RememberedBatch = Omit<z.infer<typeof schema>, 'version'>;

/** The batch under way, in one file of the data folder: still there after a start, it was interrupted. */
export class BatchMemory {
  readonly #file: string;
  #kept: RememberedBatch | null;

  constructor(file: string) {
    this.#file = file;
    this.#kept = read(file);
  }

  /** The batch that runs, or was interrupted. */
  get kept(): RememberedBatch | null {
    return this.#kept;
  }

  /** LedgerFault `disk.full`, `disk.read-only`, `disk.failed`: as `putFile`. */
  keep(batch: RememberedBatch): void {
    putFile(this.#file, `${JSON.stringify({ version: 1, ...batch }, null, 2)}\n`);
    this.#kept = batch;
  }

  forget(): void {
    rmSync(this.#file, { force: true });
    this.#kept = null;
  }
}

/** A file that cannot be read offers nothing: the boards are in the ledger all the same. */
function read(file: string): RememberedBatch | null {
  if (!existsSync(file)) return null;
  try {
    const { version: _, ...batch } = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return batch;
  } catch {
    return null;
  }
}
