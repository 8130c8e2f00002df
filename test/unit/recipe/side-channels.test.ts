import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { blankSnapshot, fieldAt } from '../../../main/efuse/snapshot.ts';
import { fieldOf, hasField, isWriteDisableBit } from '../../../main/efuse/tables.ts';
import type { EfuseTable } from '../../../main/efuse/types.ts';
import { loadRecipeText } from '../../../main/recipe/load.ts';
import { settleEncryption } from '../../../main/recipe/plan/settle-encryption.ts';
import { tablesOf } from '../../../main/recipe/plan/silicon-lines.ts';
import { wantedEfuses } from '../../../main/recipe/plan/wanted-efuses.ts';

const folder = join(import.meta.dirname, '../../../station-config/recipes');
const names = readdirSync(folder).map((name) => name.replace('.yaml', ''));

/** A recipe that comes with the program, with its text changed, and what its checks say. */
function read(name: string, edit: (text: string) => string = (text) => text) {
  const file = join(folder, `${name}.yaml`);
  const { loaded, recipe, findings } = loadRecipeText(edit(readFileSync(file, 'utf8')), file);
  return { loaded, recipe: recipe!, findings, checks: findings.map(({ check }) => check) };
}

/** The burn plan of a recipe on a blank chip of its line: for each program of BLOCK0 its bits. */
function plan(name: string, edit?: (text: string) => string) {
  const { recipe } = read(name, edit);
  const profile = profileOf(recipe.chip);
  const table = tablesOf(recipe, profile)[0]!;
  const revision = Math.max(recipe.silicon.min, table.revisions.min);
  const wanted = wantedEfuses(recipe, profile, table, revision, ['11'.repeat(32)]);
  const made = planBurn(blankSnapshot(table), wanted, { slots: [] });
  const programs = made.burns.flatMap((burn) =>
    burn.kind === 'bits' && burn.block === 0
      ? [
          burn.words.flatMap((word, i) =>
            [...Array(32).keys()].filter((bit) => (word >>> bit) & 1).map((bit) => 32 * i + bit),
          ),
        ]
      : [],
  );
  const value = (field: string) => {
    const wish = wanted.fields.find((candidate) => candidate.field === field);
    return wish?.value ?? 0;
  };
  return { table, wanted, programs, refusals: made.refusals, value };
}

const program = (programs: readonly (readonly number[])[], bit: number) =>
  programs.findIndex((bits) => bits.includes(bit));
const place = (table: EfuseTable, name: string) => fieldOf(table, name).pieces[0]!.bit;

for (const name of names)
  test(`${name}: nothing is burned with the write protection that freezes it, or after it`, () => {
    const { table, programs, refusals } = plan(name);
    assert.deepEqual(refusals, []);
    for (const [at, bits] of programs.entries())
      for (const bit of bits) {
        const lock = isWriteDisableBit(table, bit) ? null : (fieldAt(table, 0, bit)?.writeDisableBit ?? null);
        const frozen = lock === null ? -1 : program(programs, lock);
        assert.ok(frozen < 0 || frozen > at, `${fieldAt(table, 0, bit)?.name} in program ${at}, frozen in ${frozen}`);
      }
  });

describe('the elliptic-curve engine in constant time', () => {
  for (const [name, lock] of [
    ['esp32h2-production', 17],
    ['esp32c5-production', 14],
  ] as const)
    test(`${name}: before WR_DIS bit ${lock}`, () => {
      const { table, programs } = plan(name);
      const field = program(programs, place(table, 'ECC_FORCE_CONST_TIME'));
      assert.ok(field >= 0 && field < program(programs, lock));
    });

  test('where nothing freezes it the application may still have it', () => {
    const { value } = plan('esp32p4-production');
    assert.equal(value('ECC_FORCE_CONST_TIME'), 0);
  });
});

test('an ESP32-H2 below v1.2 signs with nonces of its hardware only, where it has a key to sign with', () => {
  const older = (text: string) => text.replace('min: v1.2', 'min: v0.1').replace('max: v1.99', 'max: v1.1');
  const { table, value, refusals } = plan('esp32h2-production', older);
  assert.equal(table.name, 'esp32h2-v0');
  assert.deepEqual(refusals, []);
  assert.equal(value('ECDSA_FORCE_USE_HARDWARE_K'), 1);
  const rsa = (text: string) => older(text).replace('key: ecdsa-p256', 'key: rsa-3072');
  assert.equal(plan('esp32h2-production', rsa).value('ECDSA_FORCE_USE_HARDWARE_K'), 0);
});

test('ESP32-C2: the count is frozen with the switch-on, so that ESP-IDF calls it release mode', () => {
  const { table, programs } = plan('esp32c2-production');
  const lock = fieldOf(table, 'SPI_BOOT_CRYPT_CNT').writeDisableBit!;
  assert.ok(program(programs, place(table, 'SPI_BOOT_CRYPT_CNT')) < program(programs, lock));
  const development = plan('esp32c2-production', (text) => text.replace('mode: release', 'mode: development'));
  assert.equal(program(development.programs, lock), -1);
});

describe('dummy rounds of flash decryption', () => {
  const rounds = (level: number) => (text: string) =>
    text.replace('mode: release', `mode: release\n  pseudo_rounds: ${level}`);

  test('one where flash encryption is final, and as many as the recipe says', () => {
    for (const name of ['esp32p4-production', 'esp32h2-production', 'esp32c5-production', 'esp32c61-production']) {
      assert.equal(plan(name).value('XTS_DPA_PSEUDO_LEVEL'), 1, name);
      for (const level of [1, 2, 3]) assert.equal(plan(name, rounds(level)).value('XTS_DPA_PSEUDO_LEVEL'), level, name);
    }
    for (const name of names.filter((name) => !hasField(plan(name).table, 'XTS_DPA_PSEUDO_LEVEL')))
      assert.ok(read(name, rounds(2)).checks.includes('pseudo-rounds'), name);
  });

  test('in development mode only where Secure Boot would freeze them at none', () => {
    const development = (text: string) => text.replace('mode: release', 'mode: development');
    assert.equal(plan('esp32c5-production', development).value('XTS_DPA_PSEUDO_LEVEL'), 1);
    assert.equal(plan('esp32p4-production', development).value('XTS_DPA_PSEUDO_LEVEL'), 0);
  });

  test('as many as the build says where the recipe leaves it open; another wish is told', () => {
    const { recipe, loaded } = read('esp32p4-production');
    const built = (options: string) => ({ ...loaded!.firmware, sdkconfig: options });
    const high = built('CONFIG_SECURE_FLASH_PSEUDO_ROUND_FUNC=y\nCONFIG_SECURE_FLASH_PSEUDO_ROUND_FUNC_STRENGTH=3\n');
    assert.equal(settleEncryption(recipe, high).flashEncryption?.pseudoRounds, 3);
    for (const same of [
      '',
      '# CONFIG_SECURE_FLASH_PSEUDO_ROUND_FUNC is not set\n',
      'CONFIG_SECURE_FLASH_PSEUDO_ROUND_FUNC=y\n',
    ])
      assert.equal(settleEncryption(recipe, built(same)), recipe);
    const own = read('esp32p4-production', rounds(2)).recipe;
    assert.equal(settleEncryption(own, high).flashEncryption?.pseudoRounds, 2);
  });
});
