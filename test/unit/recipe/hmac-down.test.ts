// One HMAC block for an RSA device key and for soft JTAG.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { checkRecipe } from '../../../main/recipe/checks/check.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { tablesOf } from '../../../main/recipe/plan/silicon-lines.ts';
import { wantedEfuses } from '../../../main/recipe/plan/wanted-efuses.ts';
import type { Recipe } from '../../../main/recipe/types.ts';

const recipes = join(import.meta.dirname, '../../../station-config/recipes');

function productOf(chip: string, edit: (recipe: Recipe) => Recipe, idf = 'v5.5.1') {
  const { loaded } = loadRecipe(join(recipes, `${chip}-production.yaml`));
  const { recipe, firmware, files } = loaded!;
  const parts = firmware.parts.map((part) =>
    part.image?.app ? { ...part, image: { ...part.image, app: { ...part.image.app, idfVersion: idf } } } : part,
  );
  return { recipe: edit(recipe), firmware: { ...firmware, parts }, files };
}

const both = (recipe: Recipe): Recipe => ({
  ...recipe,
  hmacDown: 'shared',
  identity: {
    key: 'rsa-3072',
    partition: 'esp_secure_cert',
    csr: { subject: [{ type: 'CN', value: '{serial}' }] },
    certificate: null,
  },
  doors: { ...recipe.doors, jtag: 'soft' },
});

function checks(chip: string, edit: (recipe: Recipe) => Recipe, idf?: string): string[] {
  const { recipe, firmware, files } = productOf(chip, edit, idf);
  return checkRecipe(recipe, firmware, profileOf(recipe.chip), 'a.yaml', files)
    .filter(({ check }) => /hmac-down|soft-jtag|efuse|slot/.test(check))
    .map(({ check, severity }) => `${severity} ${check}`);
}

/** Key blocks of the HMAC that a blank chip of this recipe gets. */
function blocksOf(chip: string, edit: (recipe: Recipe) => Recipe): string[] {
  const { recipe } = productOf(chip, edit);
  const profile = profileOf(recipe.chip);
  const [table] = tablesOf(recipe, profile);
  const wanted = wantedEfuses(recipe, profile, table!, recipe.silicon.min, ['1'.repeat(64)]);
  const { slots, refusals } = planBurn(blankSnapshot(table!), wanted, { slots: [] });
  assert.deepEqual(refusals, []);
  return slots.flatMap(({ purpose, material, todo }) =>
    material.kind === 'secret' && material.role.startsWith('hmac-down')
      ? [`${purpose} ${material.role}${todo.readProtect && todo.writeProtect ? ' locked' : ''}`]
      : [],
  );
}

describe('a shared HMAC block', () => {
  it('is one block of purpose HMAC_DOWN_ALL, hidden and frozen, where two would be burned', () => {
    assert.deepEqual(blocksOf('esp32c3', both), ['HMAC_DOWN_ALL hmac-down-all locked']);
    const separate = (recipe: Recipe): Recipe => {
      const { hmacDown, ...rest } = both(recipe);
      assert.equal(hmacDown, 'shared');
      return rest;
    };
    assert.deepEqual(blocksOf('esp32c3', separate), [
      'HMAC_DOWN_DIGITAL_SIGNATURE hmac-down-ds locked',
      'HMAC_DOWN_JTAG hmac-down-jtag locked',
    ]);
  });

  it('passes on every chip that has DS peripheral and soft JTAG, and on no other', () => {
    for (const chip of ['esp32p4', 'esp32p4-v1', 'esp32s2', 'esp32s3', 'esp32c3', 'esp32c5', 'esp32c6', 'esp32h2'])
      assert.deepEqual(checks(chip, both), [], chip);
    for (const chip of ['esp32', 'esp32c2', 'esp32c61'])
      assert.ok(checks(chip, (recipe) => ({ ...recipe, hmacDown: 'shared' })).includes('error hmac-down-shared'), chip);
  });

  it('is refused without both uses, and with a block fixed for one of them', () => {
    const alone = (edit: (recipe: Recipe) => Recipe) => checks('esp32c3', (recipe) => edit(both(recipe)));
    assert.ok(
      alone((recipe) => ({ ...recipe, doors: { ...recipe.doors, jtag: 'off' } })).includes('error hmac-down-shared'),
    );
    assert.ok(alone((recipe) => ({ ...recipe, identity: null })).includes('error hmac-down-shared'));
    assert.ok(alone((recipe) => ({ ...recipe, slots: { 'hmac-down-ds': 4 } })).includes('error hmac-down-shared'));
    assert.deepEqual(
      alone((recipe) => ({ ...recipe, slots: { 'hmac-down-all': 4 } })),
      [],
    );
  });

  it('is doubted with the driver of ESP-IDF 6, which asks for the one purpose', () => {
    for (const [idf, told] of [
      ['v5.5.5', []],
      ['v6.0', ['warning hmac-down-driver']],
      ['v6.1-beta1', ['warning hmac-down-driver']],
      ['', ['warning hmac-down-driver']],
    ] as const)
      assert.deepEqual(checks('esp32c3', both, idf), told, idf);
  });
});
