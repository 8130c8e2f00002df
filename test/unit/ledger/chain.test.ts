import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ChainCheck,
  type ChainRow,
  chainStart,
  hashOfParts,
  hashOfRow,
  verifyRows,
} from '../../../main/ledger/chain.ts';
import { book, sealBoard } from './book.ts';

// Golden: printf 'fuseline ledger row v1\n{"at":"2026-11-22T10:00:00.000Z","body":{"ledger":"00ff","schema":1,"station":"line \\"1\\""},
// "kind":"genesis","prev":"<64 zeros>","row":1,"run":null}' (one line) | sha256sum
const genesis = {
  row: 1,
  at: '2026-11-22T10:00:00.000Z',
  kind: 'genesis',
  run: null,
  body: { station: 'line "1"', schema: 1, ledger: '00ff' },
  prev: chainStart,
};
const genesisHash = '9499770ab066fc5ac4a12fff06b850c496bfe7f8df6ac08f148fab831a9a63fd';

test('the hash of a row is the one that the rule gives, computed by other means', () => {
  assert.equal(hashOfRow(genesis), genesisHash);
  assert.equal(hashOfParts(genesis, '{"ledger":"00ff","schema":1,"station":"line \\"1\\""}'), genesisHash);
  assert.notEqual(hashOfParts(genesis, '{"ledger":"00ff", "schema":1,"station":"line \\"1\\""}'), genesisHash);
});

/** Exported rows of a small book. */
async function rows(t: Parameters<typeof book>[0]): Promise<ChainRow[]> {
  const { ledger } = await book(t);
  await sealBoard(ledger, 'r1', 1);
  await sealBoard(ledger, 'r2', 2);
  const all: ChainRow[] = [];
  for await (const row of ledger.exportRows()) all.push(row as unknown as ChainRow);
  return all;
}

test('exported rows hold on their own, after a way through a file of JSON lines', async (t) => {
  const all = await rows(t);
  const lines = all.map((row) => JSON.stringify(row)).join('\n');
  const report = verifyRows(lines.split('\n').map((line) => JSON.parse(line)));
  assert.deepEqual(report, { rows: all.length, head: all.at(-1)?.hash, broken: null });
});

test('whatever is changed in exported rows, the row is named', async (t) => {
  const all = await rows(t);
  const at = 5;
  const target = all[at - 1];
  assert.ok(target);
  const with5 = (change: Partial<ChainRow>) => all.map((row) => (row.row === at ? { ...row, ...change } : row));
  const body = target.body as Record<string, unknown>;
  const brokenRow = (changed: readonly unknown[]) =>
    verifyRows(changed as Iterable<Readonly<Record<string, unknown>>>).broken?.row;
  assert.equal(brokenRow(with5({ body: { ...body, extra: 1 } })), at);
  assert.equal(brokenRow(with5({ at: '2026-11-22T10:00:00.001Z' })), at);
  assert.equal(brokenRow(with5({ kind: 'run-ended' })), at);
  assert.equal(brokenRow(with5({ run: 'r9' })), at);
  assert.equal(brokenRow(with5({ hash: chainStart })), at);
  assert.equal(brokenRow(with5({ prev: chainStart })), at);
  assert.equal(brokenRow(with5({ row: 50 })), at);
  assert.equal(brokenRow([...all.slice(0, at - 1), ...all.slice(at)]), at, 'a row is missing');
  assert.equal(brokenRow([...all.slice(0, at), target, ...all.slice(at)]), at + 1 - 1, 'a row stands twice');
  assert.equal(
    brokenRow([...all.slice(0, at - 1), all[at], target, ...all.slice(at + 1)]),
    at,
    'two rows changed places',
  );
  assert.equal(brokenRow([...all.slice(0, at - 1), 'no row', ...all.slice(at)]), at);
  assert.equal(brokenRow(all.slice(1)), 1, 'the genesis row is missing');
  assert.equal(brokenRow([]), 1);
  const forged = { ...target, body: { ...body, extra: 1 } };
  assert.equal(
    brokenRow(with5({ ...forged, hash: hashOfRow(forged) })),
    at + 1,
    'with a new hash, the next row does not follow',
  );
});

test('only a remembered head shows that the end was cut off, or that all was written anew', async (t) => {
  const all = await rows(t);
  const head = all.at(-1);
  const middle = all[3];
  assert.ok(head && middle);
  const cut = all.slice(0, -2) as unknown as Record<string, unknown>[];
  assert.equal(verifyRows(cut).broken, null);
  assert.equal(verifyRows(cut, [middle]).broken, null);
  assert.deepEqual(verifyRows(cut, [head]).broken?.row, cut.length + 1);
  const other = (await rows(t)) as unknown as Record<string, unknown>[];
  assert.equal(verifyRows(other).broken, null);
  assert.equal(verifyRows(other, [middle]).broken?.row, middle.row);
});

test('a check that goes on behind a known row starts with its hash', async (t) => {
  const all = await rows(t);
  const [, second, third] = all;
  assert.ok(second && third);
  const text = (row: ChainRow) => JSON.stringify(row.body);
  assert.equal(new ChainCheck(second).check(third, text(third)), null);
  assert.equal(new ChainCheck({ ...second, hash: chainStart }).check(third, text(third))?.row, 3);
});
