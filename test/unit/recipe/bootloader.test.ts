// A recovery bootloader and the bootloader's anti-rollback in a recipe: what is planned, and what is refused before any board is in.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { parseRecipe } from '../../../main/config/recipe-schema.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor, fieldOf } from '../../../main/efuse/tables.ts';
import type { Firmware, Partition } from '../../../main/image/types.ts';
import type { BootloaderWish } from '../../../main/model/recipe.ts';
import { checkRecipe } from '../../../main/recipe/checks/check.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { flashNeeds } from '../../../main/recipe/plan/flash-needs.ts';
import { withRecovery } from '../../../main/recipe/plan/second-bootloader.ts';
import { wantedEfuses } from '../../../main/recipe/plan/wanted-efuses.ts';
import type { Recipe } from '../../../main/recipe/types.ts';
import { row } from './partition-row.ts';

const recipes = join(import.meta.dirname, '../../../station-config/recipes');
const place = 0x3f0000;
const wish = (recovery: BootloaderWish['recovery'], floor?: number, raisedBy: 'rom' | 'firmware' = 'firmware') =>
  ({ recovery, antiRollback: floor === undefined ? null : { secureVersion: floor, raisedBy } }) as const;

interface Product {
  readonly bootloader?: BootloaderWish;
  readonly edit?: (recipe: Recipe) => Recipe;
  readonly rows?: readonly Partition[];
  readonly version?: number | null;
  readonly idf?: string;
  readonly sdkconfig?: string;
}

function productOf(chip: string, { bootloader, edit = (same) => same, rows = [], version, idf, sdkconfig }: Product) {
  const { loaded } = loadRecipe(join(recipes, `${chip}-production.yaml`));
  const recipe = edit({ ...loaded!.recipe, ...(bootloader === undefined ? {} : { bootloader }) });
  const { firmware } = loaded!;
  const partitions = [...firmware.table.partitions, ...rows];
  const parts = firmware.parts.map((part) => {
    if (part.image === null) return part;
    const descriptor = part.image.bootloader;
    const idfVersion = idf ?? 'v6.1';
    const own =
      descriptor === null || version === null ? null : { ...descriptor, secureVersion: version ?? 0, idfVersion };
    const app = part.image.app && { ...part.image.app, idfVersion };
    return { ...part, image: { ...part.image, bootloader: own, app } };
  });
  const built: Firmware = {
    ...firmware,
    table: { ...firmware.table, partitions },
    parts,
    sdkconfig: sdkconfig ?? null,
  };
  return { recipe, firmware: withRecovery(built, recipe), files: loaded!.files };
}

const ours =
  /^(recovery|bootloader-rollback|part-room|no-bootloader|start-recovery|efuse|partitions-overlap|parts-overlap|part-offset)/;

function told(chip: string, product: Product) {
  const { recipe, firmware, files } = productOf(chip, product);
  return checkRecipe(recipe, firmware, profileOf(recipe.chip), 'recipe.yaml', files).filter(({ check }) =>
    ours.test(check),
  );
}
const checks = (chip: string, product: Product) =>
  told(chip, product).map(({ check, severity }) => (severity === 'error' ? check : `${severity} ${check}`));

const recoveryRow = row('recovery', 2, 2, place, 0xe000);

describe('a recipe with a second bootloader', () => {
  it('is read, and refused by form where the fuse could not say it', () => {
    const text = (section: string) => `fuseline: 1
name: a
revision: 1
purpose: development
chip: esp32c5
silicon: {min: v1.0, max: v1.0}
firmware: {folder: x}
doors: {jtag: leave, direct_boot: leave, download_mode: open}
wrapping_key: {label: w}
bootloader: ${section}
`;
    const read = (section: string) => parseRecipe(text(section), 'a.yaml');
    assert.deepEqual(
      read('{recovery: 0x3F0000, anti_rollback: {secure_version: 2, raised_by: rom}}').recipe?.bootloader,
      wish(place, 2, 'rom'),
    );
    assert.deepEqual(read('{recovery: never}').recipe?.bootloader, wish('never'));
    assert.ok(!('bootloader' in read('null').recipe!), 'older recipes keep their hash');
    for (const wrong of [
      '{recovery: 0x3F0100}',
      '{recovery: 0}',
      '{recovery: 0xFFF000}',
      '{recovery: -4096}',
      '{recovery: off}',
      '{anti_rollback: {secure_version: 5}}',
      '{anti_rollback: {}}',
      '{anti_rollback: {secure_version: 1, raised_by: nobody}}',
      '{recovry: 0x3F0000}',
    ])
      assert.equal(read(wrong).recipe, null, wrong);
  });

  it('burns its fuses, on ESP32-C5 in two pieces', () => {
    const fieldsOf = (chip: 'esp32c5' | 'esp32c61', bootloader: BootloaderWish) => {
      const { recipe } = productOf(chip, { bootloader });
      const fields = wantedEfuses(recipe, profileOf(chip), efuseTableFor(chip, 100), 100, []).fields;
      return fields
        .filter(({ field }) => /RECOVERY|BOOTLOADER/.test(field))
        .map(({ field, value, stage }) => `${field}=${value} ${stage}`);
    };
    assert.deepEqual(fieldsOf('esp32c5', wish(place, 4, 'rom')), [
      'RECOVERY_BOOTLOADER_FLASH_SECTOR=1008 protection',
      'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO=7 protection',
      'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI=1 protection',
      'BOOTLOADER_ANTI_ROLLBACK_EN=1 protection',
      'BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM=1 protection',
    ]);
    assert.deepEqual(fieldsOf('esp32c61', wish('never', 2)), [
      'RECOVERY_BOOTLOADER_FLASH_SECTOR=4095 protection',
      'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION=3 protection',
      'BOOTLOADER_ANTI_ROLLBACK_EN=1 protection',
    ]);
    assert.deepEqual(fieldsOf('esp32c61', wish(null, 0)), ['BOOTLOADER_ANTI_ROLLBACK_EN=1 protection']);
  });

  it('has the bootloader once more in its build, as large as there is room, and needs the flash for it', () => {
    const { recipe, firmware } = productOf('esp32c5', { bootloader: wish(place) });
    const [first, copy] = ['bootloader', 'bootloader-copy'].map(
      (kind) => firmware.parts.find((part) => part.kind === kind)!,
    );
    assert.deepEqual([copy?.name, copy?.offset, copy?.data], ['recovery-bootloader', place, first?.data]);
    const need = flashNeeds(recipe, firmware).find(({ what }) => what === 'the recovery bootloader needs');
    assert.ok(need!.bytes > place + first!.data.length, 'with its signature');
    const own = productOf('esp32c5', { bootloader: wish(place), rows: [recoveryRow] });
    const named = own.firmware.parts.find(({ kind }) => kind === 'bootloader-copy');
    assert.deepEqual([named?.name, named?.room], ['recovery', 0xe000]);
    const twice = withRecovery(own.firmware, own.recipe);
    assert.equal(twice, own.firmware, "a build's own image stays");
  });

  it('passes where chip, table and build agree', () => {
    for (const chip of ['esp32c5', 'esp32c61', 'esp32p4']) {
      assert.deepEqual(checks(chip, { bootloader: wish(place) }), [], chip);
      assert.deepEqual(checks(chip, { bootloader: wish(place), rows: [recoveryRow] }), [], chip);
      assert.deepEqual(checks(chip, { bootloader: wish('never') }), [], chip);
    }
    assert.deepEqual(checks('esp32c5', { bootloader: wish(place, 3, 'rom'), version: 3 }), []);
    assert.deepEqual(checks('esp32c61', { bootloader: wish(place, 1), version: 3 }), []);
  });

  it('is refused on silicon whose ROM has no such thing', () => {
    for (const chip of ['esp32', 'esp32c2', 'esp32c3', 'esp32c6', 'esp32h2', 'esp32s2', 'esp32s3', 'esp32p4-v1'])
      assert.deepEqual(
        checks(chip, { bootloader: wish(place, 0) }),
        ['recovery-silicon', 'bootloader-rollback-silicon'],
        chip,
      );
    assert.deepEqual(checks('esp32p4', { bootloader: wish(place, 0) }), ['bootloader-rollback-silicon']);
  });

  it('is refused where its place is another’s, or not the build’s', () => {
    const at = (recovery: number, more: Product = {}) => checks('esp32c5', { ...more, bootloader: wish(recovery) });
    assert.deepEqual(at(0x2000), ['recovery-place'], 'on the bootloader itself');
    assert.ok(at(0x3000).includes('recovery-place'), 'inside the bootloader');
    assert.ok(at(0x10000).includes('recovery-empty'), 'on the partition table');
    assert.ok(at(0x20000).includes('recovery-empty'), 'on an application');
    assert.ok(at(0x21000).includes('recovery-place'), 'inside an application');
    assert.deepEqual(at(0x3e0000, { rows: [recoveryRow] }), ['recovery-other-place']);
    assert.ok(at(place, { rows: [row('data', 1, 0x40, place + 0x1000, 0x4000)] }).includes('recovery-place'));
    assert.ok(
      at(place, { rows: [{ ...recoveryRow, size: 0x1000 }] }).includes('part-room'),
      'its partition has no room for the signature',
    );
    const size = (recipe: Recipe) => ({ ...recipe, flash: { ...recipe.flash, size: 0x3f1000 } });
    assert.ok(at(place, { edit: size }).includes('recovery-place'), 'beyond the flash');
    const sdkconfig = 'CONFIG_BOOTLOADER_RECOVERY_ENABLE=y\nCONFIG_BOOTLOADER_RECOVERY_OFFSET=0x3E0000\n';
    assert.deepEqual(at(place, { sdkconfig }), ['recovery-other-place']);
    assert.deepEqual(at(0x3e0000, { sdkconfig }), []);
    assert.deepEqual(checks('esp32c5', { bootloader: wish('never'), sdkconfig }), ['warning recovery-never']);
    assert.deepEqual(checks('esp32c5', { rows: [recoveryRow] }), ['info recovery-unasked']);
  });

  it('is refused where the device would leave it in clear, or its version would not start', () => {
    const byDevice = (recipe: Recipe): Recipe => ({
      ...recipe,
      flashEncryption: { ...recipe.flashEncryption!, by: 'device' },
    });
    assert.ok(checks('esp32c5', { bootloader: wish(place), edit: byDevice }).includes('recovery-plain'));
    assert.ok(
      !checks('esp32c5', { bootloader: wish(place), edit: byDevice, rows: [recoveryRow] }).includes('recovery-plain'),
    );
    for (const [chip, idf, breaks] of [
      ['esp32c5', 'v5.4.2', true],
      ['esp32c5', 'v5.5', true],
      ['esp32c5', 'v5.5.1', false],
      ['esp32c61', 'v5.5', true],
      ['esp32p4', 'v5.5.4', true],
      ['esp32p4', 'v5.5.5', false],
      ['esp32p4', 'v6.0.1', true],
      ['esp32p4', 'v6.0.2', false],
    ] as const)
      assert.deepEqual(
        checks(chip, { bootloader: wish(place), idf }),
        breaks ? ['start-recovery'] : [],
        `${chip} ${idf}`,
      );
  });

  it('is refused where the floor is not that of the bootloader', () => {
    const rollback = (floor: number, version: number | null, by: 'rom' | 'firmware' = 'firmware') =>
      checks('esp32c5', { bootloader: wish(null, floor, by), version });
    assert.deepEqual(rollback(2, 1), ['bootloader-rollback'], 'it would never start');
    assert.deepEqual(rollback(0, 5), ['bootloader-rollback'], 'the ROM starts none above 4');
    assert.deepEqual(rollback(0, null), ['bootloader-rollback'], 'no version in it');
    assert.deepEqual(rollback(1, 2, 'rom'), ['bootloader-rollback'], 'the ROM would burn more than was planned');
    assert.deepEqual(rollback(1, 2), []);
    const unsigned = (recipe: Recipe) => ({ ...recipe, secureBoot: null });
    assert.deepEqual(checks('esp32c5', { bootloader: wish(null, 0), edit: unsigned }), [
      'warning bootloader-rollback-unsigned',
    ]);
    const sdkconfig = 'CONFIG_BOOTLOADER_ANTI_ROLLBACK_ENABLE=y\n';
    assert.deepEqual(checks('esp32c5', { sdkconfig }), ['info bootloader-rollback-unasked']);
  });

  it('is wanted, or the board is another’s: what somebody burned of it before condemns', () => {
    for (const field of [
      'RECOVERY_BOOTLOADER_FLASH_SECTOR',
      'BOOTLOADER_ANTI_ROLLBACK_EN',
      'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO',
      'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI',
      'BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM',
    ]) {
      const table = efuseTableFor('esp32c5', 100);
      const blank = blankSnapshot(table);
      const blocks = blank.blocks.map((words) => [...words]);
      for (const { block, bit, length } of fieldOf(table, field).pieces.slice(0, 1))
        blocks[block]![bit >>> 5] = ((2 ** Math.min(length, 1) - 1) << (bit & 31)) >>> 0;
      const { refusals } = planBurn({ ...blank, blocks }, { keys: [], fields: [], writeProtect: [] }, { slots: [] });
      assert.deepEqual(
        refusals.map(({ code, condemns }) => [code, condemns]),
        [['efuse.foreign-bits', true]],
        field,
      );
    }
  });

  it('holds fuses that are asked for by name to the same', () => {
    const named = (efuses: Record<string, number>, more: Product = {}) =>
      checks('esp32c61', { ...more, edit: (recipe) => ({ ...recipe, efuses }) });
    assert.deepEqual(named({ RECOVERY_BOOTLOADER_FLASH_SECTOR: 0x3f0 }), ['recovery-empty']);
    assert.deepEqual(named({ RECOVERY_BOOTLOADER_FLASH_SECTOR: 0xfff }), []);
    assert.deepEqual(named({ BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION: 3 }), ['bootloader-rollback']);
    assert.deepEqual(named({ BOOTLOADER_ANTI_ROLLBACK_EN: 1, BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION: 3 }), [
      'bootloader-rollback',
    ]);
    assert.deepEqual(named({ BOOTLOADER_ANTI_ROLLBACK_EN: 1 }), []);
    assert.ok(named({ BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION: 2 }).includes('efuse.thermometer'));
    for (const efuses of [{ RECOVERY_BOOTLOADER_FLASH_SECTOR: 0x3e0 }, { BOOTLOADER_ANTI_ROLLBACK_EN: 1 }])
      assert.ok(named(efuses, { bootloader: wish(place) }).includes('efuse-contradicts'), JSON.stringify(efuses));
  });
});
