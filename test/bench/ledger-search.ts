// How fast the book answers with 1,000,000 devices, and how long it takes to open: node test/bench/ledger-search.ts [devices] [folder]
// Budget: any search < 50 ms.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../main/base/clock.ts';
import { sha256Hex } from '../../main/base/digest.ts';
import { canonicalJson } from '../../main/base/json.ts';
import type { DeviceQuery } from '../../main/ledger/ledger.ts';
import { openSqliteLedger } from '../../main/ledger/sqlite/open.ts';
import { openBook } from '../../main/ledger/sqlite/opening.ts';
import { writeWitness } from '../../main/ledger/sqlite/witness.ts';
import { keyMade, record, run } from '../unit/ledger/book.ts';

const devices = Number(process.argv[2] ?? 1_000_000);
const folder = process.argv[3] ?? mkdtempSync(join(tmpdir(), 'fuseline-bench-'));
mkdirSync(folder, { recursive: true });
const file = join(folder, 'ledger.db');

const macOf = (n: number) =>
  (0x30_00_00_00_00_00 + n * 7)
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?!$)/g, '$&:');

const keyOf = (n: number) => createHash('sha256').update(`key-${n}`).digest('hex');

/** Twelve products; one of them has an old mbedtls. */
const products = Array.from({ length: 12 }, (_, n) => {
  const mbedtls = { name: 'mbedtls', version: n === 3 ? '3.6.3' : '3.6.4', supplier: null, ids: [] };
  const others = Array.from({ length: 150 }, (__, at) => ({ ...mbedtls, name: `component-${at}` }));
  const components = { file: 'bom.json', sha256: '0'.repeat(64), form: 'CycloneDX', components: [mbedtls, ...others] };
  const text = canonicalJson({ recipe: { name: `product-${n}`, chip: 'esp32p4' }, components });
  return { ref: { name: `product-${n}`, revision: 1, hash: sha256Hex(text) }, text };
});

/** Boards written as on a line; the others stand in the searched table alone, filled by SQL: the chain of a million takes 3 GB. */
const real = 2000;

function generate(): void {
  const { db, writer, lock } = openBook({ file, station: 'bench', at: new Date().toISOString(), maxBytes: null });
  db.pragma('synchronous = OFF');
  const image = {
    name: 'app',
    offset: 65_536,
    length: 16,
    plainSha256: 'a'.repeat(64),
    flashSha256: 'b'.repeat(64),
    encrypted: true,
  };
  for (let n = 0; n < real; ) {
    const requests: { at: string; text: string }[] = [];
    const add = (at: string, request: unknown) => requests.push({ at, text: JSON.stringify(request) });
    if (n === 0)
      for (const { ref, text } of products) add(new Date(1.6e12).toISOString(), { op: 'putRecipe', recipe: ref, text });
    for (const end = Math.min(n + 500, real); n < end; n++) {
      const at = new Date(1.6e12 + n * 30_000).toISOString();
      const id = `run-${n}`;
      const facts = { batch: 'B-1000', recipe: products[0]!.ref, operator: 'op-0' };
      const serial = `SN${String(n).padStart(8, '0')}`;
      add(at, { op: 'openRun', run: run(id, { ...facts, startedAt: at, mac: macOf(n), serial }) });
      add(at, { op: 'append', run: id, step: 'prepare', event: keyMade(keyOf(n)) });
      const keys = [{ role: 'flash-encryption' as const, blocks: [6], fingerprint: keyOf(n) }];
      const base = record(id, n, { ...facts, startedAt: at, sealedAt: at, serial, images: [image], keys });
      add(at, { op: 'seal', record: { ...base, chip: { ...base.chip, mac: macOf(n) } } });
    }
    const refused = writer.commit(requests).find(({ ok }) => !ok);
    if (refused !== undefined) throw new Error(JSON.stringify(refused));
  }
  const indexes = db
    .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'devices' AND sql IS NOT NULL`)
    .all() as { name: string; sql: string }[];
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
  // Every 500th failed and is open; 12 products, 40 operators, 2,500 boards a batch, one board every 30 s.
  db.function('mac_of', (n) => macOf(Number(n)));
  db.function('time_of', (n) => new Date(1.7e12 + Number(n) * 30_000).toISOString());
  db.function('recipe_of', (n) => canonicalJson(products[Math.floor(Number(n) / 40_000) % 12]!.ref));
  db.exec(`
    WITH RECURSIVE boards (n) AS (SELECT 0 UNION ALL SELECT n + 2500 FROM boards WHERE n < ${devices - 2500})
    INSERT INTO batches (id, recipe, opened_at) SELECT 'B-' || (2000 + n / 2500), recipe_of(n), time_of(n) FROM boards`);
  db.exec(`
    WITH RECURSIVE boards (n) AS (SELECT ${real} UNION ALL SELECT n + 1 FROM boards WHERE n < ${devices - 1})
    INSERT INTO devices (mac, serial, certificate, chip, recipe, recipe_name, batch, operator, outcome, state, sealed_at, last_run, last_at, attempts,
      revision)
    SELECT mac_of(n), printf('SN%08d', n), 'C0FFEE' || n, 'esp32p4', recipe_of(n),
      'product-' || (n / 40000 % 12), 'B-' || (2000 + n / 2500), 'op-' || (n % 40), iif(n % 500 = 499, 'failed', 'passed'),
      iif(n % 500 = 499, 'open', 'sealed'), iif(n % 500 = 499, NULL, time_of(n)), 'run-' || n, time_of(n), 1,
      iif(n % 500 = 499, NULL, iif(n % 10000 = 7, 100, 301))
    FROM boards`);
  for (const { sql } of indexes) db.exec(sql);
  writeWitness(file, writer.head);
  db.close();
  lock.release();
}

const began = performance.now();
generate();
console.log(
  `generated ${devices} devices in ${((performance.now() - began) / 1000).toFixed(0)} s, ${(statSync(file).size / 1e6).toFixed(0)} MB`,
);

const ledger = await openSqliteLedger({ file, station: 'bench', clock: systemClock });
console.log(`opened in ${ledger.opening.ms.toFixed(0)} ms, ${ledger.opening.checkedRows} rows checked`);

const middle = Math.floor(devices / 2);
const realOne = 1000;
const queries: [string, DeviceQuery][] = [
  ['newest', {}],
  ['one MAC', { text: macOf(middle) }],
  ['first digits of every MAC', { text: '30' }],
  ['half a MAC', { text: macOf(middle).slice(0, 12) }],
  ['one serial', { text: `SN${String(middle).padStart(8, '0')}` }],
  ['a serial that all begin with', { text: 'SN' }],
  ['a letter', { text: 'S' }],
  ['certificate serial', { text: `C0FFEE${middle}` }],
  ['a certificate serial that all begin with', { text: 'c0f' }],
  ['digest of a key', { text: keyOf(realOne) }],
  ['digest of an image', { text: 'a'.repeat(64) }],
  ['component', { text: 'component:mbedtls@<3.6.4' }],
  ['component of every board', { text: 'component:mbedtls' }],
  [
    'one revision in 10,000, of a component',
    { affects: [{ component: 'mbedtls', revisions: '<1.1' }], outcome: 'sealed' },
  ],
  ['every revision of a component', { affects: [{ component: 'mbedtls', revisions: '>=3' }] }],
  ['no revision of a component', { affects: [{ component: 'mbedtls', revisions: '>=9' }], outcome: 'sealed' }],
  ['operator', { text: 'op-7' }],
  ['every operator', { text: 'op' }],
  ['recipe', { text: 'product-3' }],
  ['every recipe', { text: 'p' }],
  ['batch by text', { text: `B-${2000 + Math.floor(middle / 2500)}` }],
  ['every batch', { text: 'B-' }],
  ['batch by filter', { batch: 'B-2010' }],
  ['failed', { outcome: 'failed' }],
  ['aborted (none)', { outcome: 'aborted' }],
  ['open', { outcome: 'open' }],
  ['sealed', { outcome: 'sealed' }],
  ['failed in a batch', { outcome: 'failed', batch: 'B-2010' }],
  ['failed of all serials', { outcome: 'failed', text: 'SN' }],
  ['aborted of all serials (none)', { outcome: 'aborted', text: 'SN' }],
  ['failed of every recipe', { outcome: 'failed', text: 'p' }],
  ['batch of all operators', { text: 'op', batch: 'B-2010' }],
  ['sealed in an old batch by serial', { text: 'SN', batch: 'B-2001', outcome: 'sealed' }],
  ['a week long ago', { from: '2023-12-01', to: '2023-12-07' }],
  ['failed, a week long ago, of all serials', { from: '2023-12-01', to: '2023-12-07', outcome: 'failed', text: 'SN' }],
  ['nothing', { text: 'nothing like it' }],
  ['the end of a MAC', { text: macOf(middle).slice(-5) }],
  ['a part of a serial', { text: String(middle).slice(1) }],
  ['a part of every serial', { text: 'N00' }],
  ['failed of a part of every serial', { text: 'N00', outcome: 'failed' }],
  ['1000 rows of all serials', { text: 'SN', limit: 1000 }],
  ['page 50 of newest', { limit: 100, offset: 5000 }],
];
let worst = 0;
for (const [name, query] of queries) {
  const times: number[] = [];
  let found = 0;
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    found = (await ledger.devices(query)).length;
    times.push(performance.now() - start);
  }
  const [first = 0, ...rest] = times;
  const median = rest.toSorted((a, b) => a - b)[3] ?? 0;
  worst = Math.max(worst, first, ...rest);
  console.log(
    `${name.padEnd(42)} ${String(found).padStart(5)} rows  first ${first.toFixed(1).padStart(6)} ms  then ${median.toFixed(1).padStart(6)} ms`,
  );
}
for (const [name, ask] of [
  ['history of a MAC', () => ledger.history(macOf(realOne))],
  ['sealed device by serial', () => ledger.sealedDevice(`SN${String(realOne).padStart(8, '0')}`)],
  ['claim', () => ledger.claimedBy('fingerprint', keyOf(realOne))],
  ['boards of a component, counted', () => ledger.affected([{ component: 'mbedtls@<3.6.4' }])],
  ['boards of a revision, counted', () => ledger.affected([{ component: 'mbedtls', revisions: '<1.1' }])],
  ['counts of a batch', () => ledger.counts('B-1000')],
] as const) {
  const start = performance.now();
  await ask();
  console.log(`${name.padEnd(42)}             first ${(performance.now() - start).toFixed(1).padStart(6)} ms`);
}
console.log(`worst search: ${worst.toFixed(1)} ms (budget 50 ms)`);
const verifying = performance.now();
const { rows, broken } = await ledger.verify();
console.log(
  `verified ${rows} rows in ${((performance.now() - verifying) / 1000).toFixed(1)} s${broken ? `: broken at ${broken.row}` : ''}`,
);
await ledger.close();
if (process.argv[3] === undefined) rmSync(folder, { recursive: true });
