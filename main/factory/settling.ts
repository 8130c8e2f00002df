// Results of which somebody has to say something: refused for ever, or not taken yet. What people said stands in the ledger.
import type { Ledger, StationAct } from '../ledger/ledger.ts';
import type { OpenResult } from '../model/factory.ts';
import { RecipeFault } from '../model/fault.ts';
import { resultsBehind } from './spool.ts';

type Book = Pick<Ledger, 'acts' | 'plainRows' | 'noteAct'>;

/** More than a station refuses in its life. */
const mostActs = 100_000;
/** How many of those that wait are shown. */
const mostWaiting = 100;

/** What the ledger says of results: refused and not settled, with the words, oldest first; settled, whether refused or not. */
export async function saidOfResults({
  acts,
}: Pick<Book, 'acts'>): Promise<{ readonly refused: Map<string, OpenResult>; readonly settled: Set<string> }> {
  const of = async (what: StationAct['what']) => (await acts({ what, limit: mostActs })).toReversed();
  const settled = new Set((await of('mes-result-settled')).map(({ about }) => about ?? ''));
  const refused = new Map<string, OpenResult>();
  for (const { about, at, detail } of await of('mes-result-refused'))
    if (about !== null && !settled.has(about))
      refused.set(about, { run: about, state: 'refused', at, words: String(detail.words) });
  return { refused, settled };
}

/** Results behind a row that nobody took or settled yet, in the order of the ledger. */
export async function waitingResults(
  ledger: Pick<Book, 'plainRows'>,
  after: number,
  settled: ReadonlySet<string>,
): Promise<OpenResult[]> {
  const waiting: OpenResult[] = [];
  for await (const { results } of resultsBehind(ledger, after)) {
    for (const { run, at } of results) if (!settled.has(run)) waiting.push({ run, state: 'waiting', at, words: null });
    if (waiting.length >= mostWaiting) break;
  }
  return waiting.slice(0, mostWaiting);
}

/** Books that a person saw to a result. RecipeFault `mes.nothing-to-settle`, `mes.no-reason`. */
export async function bookSettled(
  ledger: Pick<Book, 'noteAct'>,
  result: OpenResult | undefined,
  { run, reason, by }: { readonly run: string; readonly reason: string; readonly by: readonly string[] },
): Promise<void> {
  if (result === undefined)
    throw new RecipeFault({
      code: 'mes.nothing-to-settle',
      what: `There is no result of a run ${JSON.stringify(run)} that was refused or waits.`,
      next: 'Name a run as mes results shows it.',
    });
  const words = reason.trim();
  if (words === '' || words.length > 500)
    throw new RecipeFault({
      code: 'mes.no-reason',
      what: words === '' ? 'No reason was given.' : 'The reason has more than 500 characters.',
      next: 'Say in a sentence what was found out, and where the result stands now.',
    });
  await ledger.noteAct({
    what: 'mes-result-settled',
    ...{ by, about: run, detail: { reason: words, was: result.state } },
  });
}
