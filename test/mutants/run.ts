// `npm run mutants`: every small damage of the list is noticed by the tests that it names, or this fails.
//
//   npm run mutants                 all
//   npm run mutants -- burn ledger  only those in whose id or file one of the words is
//
// Two at a time. Each works on the source as it is served to its own processes: the tree is never touched.

import { settleInMemory } from '../tools/memory-folder.ts';
import { mutants } from './list.ts';
import type { Mutant } from './mutant.ts';
import { failureOf, tryMutant, type Verdict } from './trial.ts';

/** Mutants tried side by side. */
export const atOnce = 2;

/** Carries work out for each, so many at a time. */
export async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const open = [...items];
  const workers = Array.from({ length: atOnce }, async () => {
    for (let item = open.shift(); item !== undefined; item = open.shift()) await work(item);
  });
  await Promise.all(workers);
}

/** Tries the mutants; `seen` hears each verdict as it comes. */
export async function tryAll(
  chosen: readonly Mutant[],
  seen: (mutant: Mutant, verdict: Verdict, milliseconds: number) => void,
): Promise<void> {
  await each(chosen, async (mutant) => {
    const start = performance.now();
    const verdict = await tryMutant(mutant);
    seen(mutant, verdict, performance.now() - start);
  });
}

if (import.meta.main) {
  const settled = settleInMemory();
  const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
  const chosen = mutants.filter(
    ({ id, file }) => words.length === 0 || words.some((word) => id.includes(word) || file.includes(word)),
  );
  const start = performance.now();
  // A test that is red anyway kills everything.
  const red: string[] = [];
  await each([...new Set(chosen.flatMap(({ tests }) => tests))], async (test) => {
    const failed = await failureOf(test, undefined, null);
    if (failed !== null) red.push(`${test}: ${failed}`);
  });
  if (red.length > 0) console.log(`These are red without any damage:\n${red.join('\n')}`);
  const ends = { killed: 0, survived: 0, 'does not apply': 0 };
  await tryAll(chosen, ({ id, breaks }, verdict, milliseconds) => {
    ends[verdict.end] += 1;
    const seconds = `(${(milliseconds / 1000).toFixed(1)} s)`;
    console.log(
      verdict.end === 'killed'
        ? `killed         ${id} ${seconds} by ${verdict.by}`
        : `${verdict.end.toUpperCase().padEnd(14)} ${id} ${seconds}: ${verdict.why}\n               ${breaks}`,
    );
  });
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  console.log(
    `\n${chosen.length} mutants: ${ends.killed} killed, ${ends.survived} survived, ${ends['does not apply']} do not apply (${minutes} min)`,
  );
  process.exitCode = ends.killed === chosen.length && chosen.length > 0 && red.length === 0 ? 0 : 1;
  settled();
}
