import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { refuseFlash } from '../../../main/station/flash-admission.ts';

const mb = 0x100000;
const recipes = join(import.meta.dirname, '../../../station-config/recipes');
const { loaded } = loadRecipe(join(recipes, 'esp32c3-production.yaml'));
const { firmware, recipe } = loaded!;
const any = { romOnly: false, safety: 'untouched' } as const;

/** The shipped build with a table that ends at `end`, a header of `header` MB, and a recipe that says `size`. */
function product(end: number, header: number, size: number | null) {
  const [first, ...rest] = firmware.table.partitions;
  const partitions = [{ ...first!, offset: end - 0x1000, size: 0x1000 }, ...rest];
  const parts = firmware.parts.map((part) =>
    part.kind === 'bootloader'
      ? { ...part, image: { ...part.image!, header: { ...part.image!.header, spiSize: Math.log2(header) } } }
      : part,
  );
  const table = { ...firmware.table, partitions };
  return { recipe: { ...recipe, flash: { ...recipe.flash, size } }, firmware: { ...firmware, parts, table } };
}

const code = (end: number, header: number, size: number | null, detected: number | null, how = {}) =>
  refuseFlash(product(end, header, size), detected, { ...any, ...how })?.code ?? null;

test('the flash of the board against table, header and recipe', () => {
  assert.equal(code(4 * mb, 4, null, 4 * mb), null);
  assert.equal(code(4 * mb, 4, null, 8 * mb), null, 'a larger chip does');
  assert.equal(code(4 * mb, 4, 8 * mb, 4 * mb), 'admission.flash-too-small');
  assert.equal(code(4 * mb, 8, null, 4 * mb), 'admission.flash-too-small');
  assert.equal(code(4 * mb + 0x1000, 4, null, 4 * mb), 'admission.flash-too-small');
  assert.match(
    refuseFlash(product(8 * mb, 4, null), 4 * mb, any)?.what ?? '',
    /has 4 MB of flash, and the partition table needs 8 MB/,
  );
  assert.match(refuseFlash(product(4 * mb, 16, null), 4 * mb, any)?.what ?? '', /states 16 MB/);
});

test('a flash that does not say its size is taken only by the word of the recipe', () => {
  assert.equal(code(4 * mb, 4, null, null), 'admission.flash-unknown');
  assert.equal(code(4 * mb, 4, 4 * mb, null), null);
  assert.equal(code(8 * mb, 4, 4 * mb, null), 'admission.flash-too-small');
});

test('beyond 16 MB only a stub writes', () => {
  assert.equal(code(32 * mb, 32, null, 32 * mb), null);
  assert.equal(code(32 * mb, 32, null, 32 * mb, { romOnly: true }), 'admission.flash-beyond-rom');
  assert.equal(code(16 * mb, 16, null, 32 * mb, { romOnly: true }), null);
});
