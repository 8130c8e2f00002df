import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import type { Firmware } from '../../../main/image/types.ts';
import { checkRecipe } from '../../../main/recipe/checks/check.ts';
import { loadRecipeText } from '../../../main/recipe/load.ts';

const recipes = join(import.meta.dirname, '../../../station-config/recipes');

/** Checks about the secure version alone, of a recipe that asks for this floor. */
function told(name: string, secureVersion: number, change: (firmware: Firmware) => Firmware = (same) => same) {
  const file = join(recipes, `${name}.yaml`);
  const { loaded } = loadRecipeText(readFileSync(file, 'utf8'), file);
  const { recipe, firmware, files } = loaded!;
  const findings = checkRecipe({ ...recipe, secureVersion }, change(firmware), profileOf(recipe.chip), file, files);
  return findings.filter(
    ({ check }) => /anti-rollback(?!-adv)|secure-version|efuse/.test(check) && !check.startsWith('lint'),
  );
}
const checks = (...args: Parameters<typeof told>) => told(...args).map(({ check }) => check);

/** The build with applications of this secure version. */
const built =
  (secureVersion: number, more: Partial<Firmware> = {}) =>
  (firmware: Firmware): Firmware => ({
    ...firmware,
    parts: firmware.parts.map((part) =>
      part.image?.app ? { ...part, image: { ...part.image, app: { ...part.image.app, secureVersion } } } : part,
    ),
    ...more,
  });

test('a floor that the application does not reach, or that the chip cannot count to, is refused', () => {
  assert.deepEqual(checks('esp32p4-production', 0), []);
  assert.deepEqual(checks('esp32p4-production', 16, built(16)), []);
  assert.ok(checks('esp32p4-production', 5, built(4)).every((check) => check === 'anti-rollback'));
  const [high] = told('esp32p4-production', 17, built(17));
  assert.deepEqual([high?.check, high?.severity, high?.path], ['secure-version-range', 'error', 'secure_version']);
  assert.match(high!.what, /16 bits .* 17 cannot be burned/);
});

test('anti-rollback and an application that no update replaces do not go together', () => {
  const factory = (firmware: Firmware) => {
    const [first, ...rest] = firmware.table.partitions.filter(({ type }) => type === 0);
    const others = firmware.table.partitions.filter(({ type }) => type !== 0);
    assert.ok(first !== undefined && rest.length > 0);
    return { partitions: [...others, { ...first, subtype: 0 }], md5: true };
  };
  const found = told('esp32p4-production', 1, (firmware) => built(1, { table: factory(firmware) })(firmware));
  assert.deepEqual(
    found.map(({ check, severity, waivable }) => [check, severity, waivable]),
    [['anti-rollback-factory', 'error', true]],
  );
  const looks = (firmware: Firmware) =>
    built(0, { table: factory(firmware), sdkconfig: 'CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=y\n' })(firmware);
  assert.equal(checks('esp32p4-production', 0, looks)[0], 'anti-rollback-factory', 'the bootloader would look at it');
});

test('a bootloader that counts fewer bits than are burned is refused', () => {
  const sdkconfig = 'CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=y\nCONFIG_BOOTLOADER_APP_SEC_VER_SIZE_EFUSE_FIELD=4\n';
  assert.deepEqual(checks('esp32p4-production', 4, built(4, { sdkconfig })), []);
  assert.deepEqual(checks('esp32p4-production', 5, built(5, { sdkconfig })), ['secure-version-size']);
});
