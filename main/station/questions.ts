// Questions to the books that a station keeps by name, so that whoever is asked again asks the same: in the ledger, as acts.
import { canonicalJson } from '../base/json.ts';
import type { DeviceQuery, Ledger, LedgerReader } from '../ledger/ledger.ts';
import { RecipeFault } from '../model/fault.ts';

export type KeptQuery = Omit<DeviceQuery, 'limit' | 'offset'>;

export interface SavedQuestion {
  readonly name: string;
  readonly query: KeptQuery;
  /** Who saved it, and when. */
  readonly by: readonly string[];
  readonly at: string;
}

/** More than people keep names of. */
const mostActs = 10_000;

/** By name; of each name what was saved last counts. */
export async function savedQuestions(ledger: Pick<LedgerReader, 'acts'>): Promise<readonly SavedQuestion[]> {
  const newest = new Map<string, SavedQuestion | null>();
  for (const { about, detail, by, at } of await ledger.acts({ what: 'question-saved', limit: mostActs })) {
    if (about === null || newest.has(about)) continue;
    const query = typeof detail.query === 'string' ? (JSON.parse(detail.query) as KeptQuery) : null;
    newest.set(about, query && { name: about, query, by, at });
  }
  return [...newest.values()].filter((one) => one !== null).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** RecipeFault `question.unknown`. */
export async function savedQuestion(ledger: Pick<LedgerReader, 'acts'>, name: string): Promise<SavedQuestion> {
  const questions = await savedQuestions(ledger);
  const found = questions.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new RecipeFault({
    code: 'question.unknown',
    what: `This station keeps no question ${JSON.stringify(name)}.`,
    next:
      questions.length === 0
        ? 'Save one first: audit save.'
        : `It keeps ${questions.map((one) => JSON.stringify(one.name)).join(', ')}.`,
  });
}

/** Keeps a question under a name, in the place of what was there; null: none any more. RecipeFault `question.name`, `question.unknown`. */
export async function saveQuestion(
  ledger: Pick<Ledger, 'acts' | 'devices' | 'noteAct'>,
  name: string,
  query: KeptQuery | null,
  by: readonly string[],
): Promise<void> {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} _.,:@<>=+/-]{0,59}$/u.test(name) || name !== name.trim())
    throw new RecipeFault({
      code: 'question.name',
      what: `${JSON.stringify(name)} is no name for a question.`,
      next: 'Take up to 60 letters, digits, blanks and _ . , : @ < > = + / -, beginning with a letter or digit.',
    });
  // what cannot be asked is not kept
  if (query === null) await savedQuestion(ledger, name);
  else await ledger.devices({ ...query, limit: 1 });
  const detail = { query: query === null ? null : canonicalJson(query) };
  await ledger.noteAct({ what: 'question-saved', by, about: name, detail });
}
