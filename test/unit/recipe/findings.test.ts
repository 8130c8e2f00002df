import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { loadRecipeText } from '../../../main/recipe/load.ts';

const file = join(import.meta.dirname, '../../../station-config/recipes/esp32p4-production.yaml');
const good = readFileSync(file, 'utf8');
const lineOf = (text: string, words: string) => text.split('\n').findIndex((line) => line.includes(words)) + 1;

test('what the chip or the firmware cannot have is told at its line, every mistake at once', () => {
  const text = good
    .replace("jtag: 'off'", 'jtag: leave')
    .replace('  key: ecdsa-p256', '  key: ecdsa-p256\n  partition: nowhere')
    .concat('waivers:\n  - check: nothing\n    reason: there is none such\n');
  const { loaded, findings } = loadRecipeText(text, file);
  assert.equal(loaded, null);
  const told = findings.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    told.map(({ check, file: at, line, column }) => ({ check, at, line, column })),
    [
      { check: 'jtag-open', at: file, line: lineOf(text, 'jtag: leave'), column: 3 },
      { check: 'unknown-waiver', at: file, line: lineOf(text, 'check: nothing'), column: 5 },
      { check: 'certificate-partition', at: file, line: lineOf(text, 'partition: nowhere'), column: 3 },
    ],
  );
});

test('what is left out is told at the nearest line that is written', () => {
  const text = good.replace(/^boot_proof:(\n {2}.*)*/m, 'boot_proof:\n  when: none');
  const [finding] = loadRecipeText(text, file).findings.filter(({ check }) => check === 'boot-proof');
  assert.equal(finding?.line, lineOf(text, 'when: none'));
  const without = good.replace(/^secure_boot:(\n {2}.*)*/m, '');
  const [open] = loadRecipeText(without, file).findings.filter(({ check }) => check === 'no-secure-boot');
  assert.equal(open?.line, lineOf(without, 'fuseline: 1'));
});

test('a firmware folder that is not there is told where the recipe names it, or by the name given instead', () => {
  const text = good.replace('../firmware/esp32p4-v3', './nowhere');
  const [finding] = loadRecipeText(text, file).findings.filter(({ check }) => check === 'recipe.no-firmware');
  assert.deepEqual([finding?.file, finding?.line], [file, lineOf(text, 'folder: ./nowhere')]);
  const other = join(import.meta.dirname, 'nowhere');
  const [given] = loadRecipeText(good, file, { firmwareFolder: other }).findings;
  assert.deepEqual([given?.check, given?.file, given?.line], ['recipe.no-firmware', other, null]);
});

test('a firmware folder may be named absolutely', () => {
  const folder = join(dirname(file), '..', 'firmware', 'esp32p4-v3');
  const { loaded } = loadRecipeText(good.replace('../firmware/esp32p4-v3', folder), join('/nowhere', 'recipe.yaml'));
  assert.equal(loaded?.firmwareFolder, folder);
});

test('eFuses and key slots that cannot be had are told where the recipe asks for them', () => {
  const text = `${good}slots:\n  flash-encryption: 5\nefuses:\n  NO_SUCH_FUSE: 1\n`;
  const told = loadRecipeText(text, file).findings.filter(({ severity }) => severity === 'error');
  assert.deepEqual(
    told.map(({ check, line }) => [check, line]),
    [
      ['efuse.no-such-slot', lineOf(text, 'slots:')],
      ['efuse.unknown-field', lineOf(text, 'efuses:')],
    ],
  );
});
