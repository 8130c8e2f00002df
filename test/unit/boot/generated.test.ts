// The check of generated files, tried with what it must not let through: a copy of those files with one thing wrong in it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { root } from '../../check.ts';
import { type CsvField, readEfuseCsv } from '../../generate/efuse-csv.ts';
import { deviating } from '../../generate/efuse-tables.ts';
import { differences, generate } from '../../generate/files.ts';

const table = 'main/efuse/tables/fields/esp32c3.ts';
const exchanges = 'docs/burn-exchanges.md';
const manual = 'docs/fuseline.1';
const schema = 'station-config/schemas/recipe.schema.json';
const messages = 'main/words/messages.ts';

function copy(t: TestContext): string {
  const tree = mkdtempSync(join(tmpdir(), 'fuseline-generated-'));
  t.after(() => rmSync(tree, { recursive: true, force: true }));
  for (const folder of [table, schema, messages].map(dirname))
    cpSync(join(root, folder), join(tree, folder), { recursive: true });
  for (const file of [exchanges, manual]) cpSync(join(root, file), join(tree, file));
  return tree;
}

function replace(tree: string, file: string, from: string, to: string): void {
  const text = readFileSync(join(tree, file), 'utf8');
  assert.ok(text.includes(from), `${file} has ${from}`);
  writeFileSync(join(tree, file), text.replace(from, to));
}

function check(tree: string): { status: number | null; said: string } {
  const words = [join(root, 'test/generate/run.ts'), '--check', tree];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(stderr, '');
  return { status, said: stdout };
}

test('the real tree holds what its sources give', async () => {
  assert.deepEqual(await differences(root), []);
});

test('the program ends well over a tree as it must be, and with 1 over a bit that moved', (t) => {
  const tree = copy(t);
  assert.deepEqual(check(tree), { status: 0, said: '' });
  replace(tree, table, '0.82+3', '0.83+3');
  const { status, said } = check(tree);
  assert.equal(status, 1);
  assert.match(
    said,
    /^main\/efuse\/tables\/fields\/esp32c3\.ts:\d+ is "SPI_BOOT_CRYPT_CNT +0\.83\+3 .*" and must be "SPI_BOOT_/,
  );
  assert.match(said, /run `npm run generate`/);
});

const damages: Readonly<Record<string, (tree: string) => void>> = {
  'a field is taken out': (tree) => replace(tree, table, 'SECURE_BOOT_EN ', ' '),
  'a field is added': (tree) => appendFileSync(join(tree, table), 'DIS_EVERYTHING 0.200+1 /2\n'),
  'another write-disable bit': (tree) => replace(tree, table, '/31', '/30'),
  'the first line says something else': (tree) => replace(tree, table, 'Generated', 'Written'),
  'a schema allows more': (tree) =>
    replace(tree, schema, '"additionalProperties": false', '"additionalProperties": true'),
  'a message takes another argument': (tree) => replace(tree, messages, 'seconds: ', 'minutes: '),
  'a schema is gone': (tree) => rmSync(join(tree, schema)),
  'an exchange more': (tree) => replace(tree, exchanges, '| 1 | READ_REG |', '| 2 | READ_REG |'),
  'the manual page says less': (tree) => replace(tree, manual, '.SS audit show', ''),
  'a table is gone': (tree) => rmSync(join(tree, table)),
  'a table that nothing makes': (tree) => cpSync(join(tree, table), join(tree, dirname(table), 'esp32c9.ts')),
};

for (const [what, damage] of Object.entries(damages))
  test(`${what}: told once, and mended by generating anew`, async (t) => {
    const tree = copy(t);
    damage(tree);
    const told = await differences(tree);
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(
      told[0]!,
      /^(main\/efuse\/tables\/fields\/esp32c[39]\.ts|station-config\/schemas\/recipe\.schema\.json|main\/words\/messages\.ts|docs\/burn-exchanges\.md|docs\/fuseline\.1)[: ]/,
    );
    await generate(tree);
    assert.deepEqual(await differences(tree), []);
  });

test('a CSV line that is none is refused', () => {
  for (const line of [
    'DIS_A, EFUSE_BLK0, 1, , [] no length',
    'DIS_A EFUSE_BLK0, 1, 1, []',
    ', EFUSE_BLK0, 1, 1, [] of nothing',
  ])
    assert.throws(() => readEfuseCsv(`# a comment\n\n${line}\n`), SyntaxError);
});

test('a field outside BLOCK0 without a line of its own is frozen with its block, one in BLOCK0 is not', () => {
  const fields = readEfuseCsv(`
WR_DIS.A, EFUSE_BLK0, 7, 1, [WR_DIS.ALSO_A] wr_dis of A
A,        EFUSE_BLK1, 0, 8, [] first
B,        EFUSE_BLK1, 8, 8, [] second, low
,         EFUSE_BLK1, 32, 2, [] second, high
C,        EFUSE_BLK0, 40, 1, [] alone
`);
  assert.deepEqual(
    fields.map(({ name, writeDisableBit }) => [name, writeDisableBit]),
    [
      ['A', 7],
      ['B', 7],
      ['C', null],
    ],
  );
  assert.deepEqual(fields[1]?.pieces, [
    { block: 1, bit: 8, length: 8 },
    { block: 1, bit: 32, length: 2 },
  ]);
});

test('a deviation that no longer is one stops the generator', () => {
  const field = (name: string, ...aliases: string[]): CsvField => ({
    name,
    pieces: [{ block: 0, bit: 40, length: 1 }],
    aliases,
    writeDisableBit: 2,
  });
  const csv = [field('DIS_A', 'NO_A')];
  const because = 'it is so';
  assert.throws(
    () => deviating(csv, [{ because, added: [field('DIS_A')] }], 'x'),
    /x: the CSV itself has DIS_A by now/,
  );
  assert.throws(() => deviating(csv, [{ because, absent: ['DIS_B'] }], 'x'), /no DIS_B to deviate from/);
  assert.throws(() => deviating(csv, [{ because, aliases: { DIS_B: ['B'] } }], 'x'), /no DIS_B to deviate from/);
  assert.throws(() => deviating(csv, [{ because, aliases: { DIS_A: ['NO_A'] } }], 'x'), /calls DIS_A NO_A by now/);
  assert.deepEqual(deviating(csv, [{ because, absent: ['DIS_A'], added: [field('DIS_B')] }], 'x'), [field('DIS_B')]);
});
