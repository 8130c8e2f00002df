import type { InterruptedBatch } from '../../../contract/views.ts';
import type { LedgerReader } from '../../../ledger/ledger.ts';
import { RecipeFault } from '../../../model/fault.ts';
import type { BatchMemory, RememberedBatch } from './batch-memory.ts';

/** How many runs of the batch are looked through for boards that were not finished. */
const lookedThrough = 1000;

/** What the ledger knows of a batch that was interrupted: how far it came, and which boards lie there unfinished. */
export async function interruptedBatch(
  { kept }: BatchMemory,
  ledger: Pick<LedgerReader, 'counts' | 'runs'>,
): Promise<InterruptedBatch | null> {
  if (kept === null) return null;
  const { passed } = await ledger.counts(kept.batch);
  const latest = new Map<string, InterruptedBatch['boards'][number]>();
  const seen = new Set<string>();
  for (const run of await ledger.runs({ batch: kept.batch, limit: lookedThrough })) {
    const key = run.mac ?? run.id;
    if (seen.has(key)) continue;
    seen.add(key);
    const { fixture, mac, serial } = run;
    if (run.outcome === null || run.outcome === 'aborted') latest.set(key, { fixture, mac, serial });
  }
  const { recipe, order, count, startedAt } = kept;
  const left = count === null ? null : Math.max(0, count - passed);
  return { recipe, order, count, startedAt, passed, left, boards: [...latest.values()] };
}

/** What an interrupted batch is gone on with. RecipeFault `line.nothing-interrupted`, `line.recipe-changed`. */
export function mustGoOn(kept: RememberedBatch | null, hash: string | null): RememberedBatch {
  if (kept === null)
    throw new RecipeFault({
      code: 'line.nothing-interrupted',
      what: 'No batch was interrupted.',
      next: 'Start a batch: choose the recipe and the number of boards.',
    });
  if (hash === null || hash === kept.hash) return kept;
  throw new RecipeFault({
    code: 'line.recipe-changed',
    what: `The recipe ${kept.recipe} is another one than when the batch was interrupted.`,
    next: 'Compare its words with the order sheet and start a new batch; unfinished boards are gone on with as the recipe allows.',
  });
}

/** Its boards are all sealed. */
export function nothingLeft(recipe: string): RecipeFault {
  return new RecipeFault({
    code: 'line.nothing-left',
    what: `Every board that was ordered of ${recipe} is sealed.`,
    next: 'Leave the interrupted batch, and start the next one.',
  });
}
