import type { Database } from 'better-sqlite3';

/**
 * What two books answer to the same, row beside row; null where one has no more. Both are asked before either begins: where one cannot be, a
 * question that is under way would keep the other from being closed.
 */
export function* inStep<Row extends readonly unknown[]>(
  book: Database,
  other: Database,
  sql: string,
): Generator<readonly [is: Row | null, should: Row | null]> {
  const [asked, asking] = [book.prepare(sql).raw(), other.prepare(sql).raw()];
  const [theirs, ours] = [asked.iterate(), asking.iterate()] as [IterableIterator<Row>, IterableIterator<Row>];
  const next = (rows: IterableIterator<Row>) => {
    const { done, value } = rows.next();
    return done === true ? null : value;
  };
  try {
    for (;;) {
      const pair = [next(theirs), next(ours)] as const;
      if (pair[0] === null && pair[1] === null) return;
      yield pair;
    }
  } finally {
    theirs.return?.();
    ours.return?.();
  }
}
