// How fast a whole ledger is checked and exported: node test/bench/ledger-audit.ts [boards]
// Rows as boards leave them: the bodies of one P4 board's run, in their lengths and likeness.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../main/base/clock.ts';
import { canonicalJson } from '../../main/base/json.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { openBook } from '../../main/ledger/sqlite/opening.ts';
import { writeWitness } from '../../main/ledger/sqlite/witness.ts';
import { keyMade, mac, note, record, run } from '../unit/ledger/book.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-bench-'));
const boards = Number(process.argv[2] ?? 3000);
const file = join(folder, 'ledger.db');
const at = '2026-11-22T10:00:00.000Z';

function fill(): void {
  const { db, writer, lock } = openBook({ file, station: 'bench', at, maxBytes: null });
  const long = Array.from({ length: 160 }, (_, i) => `FIELD_${i}: 0`).join(', ');
  for (let n = 0; n < boards; n++) {
    const id = `R-${n}`;
    const requests: unknown[] = [
      { op: 'openRun', run: run(id, { mac: mac(n) }) },
      { op: 'append', run: id, step: 'prepare', event: keyMade(`key-${n}`, new Uint8Array(72)) },
      ...Array.from({ length: 60 }, (_, i) => ({
        op: 'append',
        run: id,
        step: 'burn',
        event: note(`${n} ${i} ${i % 20 === 0 ? long : 'x'.repeat(120)}`),
      })),
      { op: 'seal', record: record(id, n) },
    ];
    writer.commit(requests.map((request) => ({ at, text: canonicalJson(request) })));
  }
  writeWitness(file, writer.head);
  db.close();
  lock.release();
}

fill();
const ledger = await openSqliteLedger({ file, station: 'bench', clock: systemClock });
const rows = ledger.opening.head.row;
console.log(`${boards} boards, ${rows} rows, ${(statSync(file).size / boards / 1000).toFixed(1)} kB a board`);

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${what}: ${Math.round(rows / seconds)} rows/s`);
}

await timed('verify, chain and heads', () => ledger.verify({ tables: false }));
await timed('verify, all', () => ledger.verify());
await timed('export', async () => {
  let bytes = 0;
  for await (const { lines } of ledger.exportLines()) bytes += lines.length;
  return bytes;
});
await ledger.close();
rmSync(folder, { recursive: true, force: true });
