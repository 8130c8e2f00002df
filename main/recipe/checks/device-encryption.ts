import type { ChipProfile } from '../../chip/board.ts';
import { type FirstBootBurn, firstBootBurns } from '../../efuse/first-boot-burns.ts';
import { fieldOf, hasField } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add, Finding } from '../finding.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import { wantedEfuses } from '../plan/wanted-efuses.ts';
import type { Recipe } from '../types.ts';

/** Whether a device of this chip and firmware can encrypt its flash itself, as the recipe leaves it to it. Pure. */
export function checkDeviceEncryption(recipe: Recipe, firmware: Firmware | null, profile: ChipProfile, add: Add): void {
  const encryption = recipe.flashEncryption;
  if (encryption?.by !== 'device') return;
  const refuse = (what: string, remedy: string, severity: Finding['severity'] = 'error') =>
    add({ check: 'device-encryption', path: 'flash_encryption.by', what, remedy, severity });
  const byHost = 'let the station encrypt (flash_encryption.by: host)';
  const cannot = profile.refusals['device-encryption'];
  if (cannot !== undefined) refuse(`The ${profile.title} ${cannot}.`, `On this chip ${byHost}.`);
  if (recipe.slots['flash-encryption'] !== undefined)
    refuse(
      'A bootloader puts its key into the first key block that is free: it cannot be told another.',
      'Leave slots.flash-encryption out.',
    );
  if (firmware === null) return;
  const options = optionsOf(firmware);
  if (options === undefined) {
    refuse(
      'The build has no sdkconfig: whether its bootloader encrypts flash at the first start cannot be seen before a board is in.',
      'Put the sdkconfig of the build into its folder.',
      'warning',
    );
    return;
  }
  const isOn = (option: string) => options.get(option)?.value === 'y';
  const needs = [
    'SECURE_FLASH_ENC_ENABLED',
    encryption.mode === 'release' ? 'SECURE_FLASH_ENCRYPTION_MODE_RELEASE' : 'SECURE_FLASH_ENCRYPTION_MODE_DEVELOPMENT',
    ...(recipe.secureBoot === null ? [] : ['SECURE_BOOT_V2_ENABLED']),
  ];
  for (const option of needs)
    if (!isOn(option))
      refuse(
        `The device is to encrypt its flash itself, and the build is without CONFIG_${option}: its bootloader would not do what the recipe leaves to it.`,
        `Build with it, or ${byHost}.`,
      );
  if (isOn('SECURE_FLASH_ENCRYPTION_KEY_SOURCE_KEY_MGR'))
    refuse(
      'The bootloader would deploy its flash key through the Key Manager (CONFIG_SECURE_FLASH_ENCRYPTION_KEY_SOURCE_KEY_MGR), of which nothing stands in an eFuse block: the station could neither await nor record it.',
      `Build with CONFIG_SECURE_FLASH_ENCRYPTION_KEY_SOURCE_EFUSES, or ${byHost}.`,
    );
  if (isOn('SECURE_FLASH_REQUIRE_ALREADY_ENABLED'))
    refuse(
      'The bootloader refuses to encrypt flash by itself (CONFIG_SECURE_FLASH_REQUIRE_ALREADY_ENABLED).',
      `Build without it, or ${byHost}.`,
    );
}

/**
 * Whether the bootloader can burn what it wants beside what the station has burned before it. A bit that it wants and finds frozen at 0 ends
 * its first start for ever, its key already burned (see firstBootBurns); a way into JTAG that the recipe keeps would be burned shut. Pure.
 */
export function checkFirstBootBurns(
  recipe: Recipe,
  firmware: Firmware | null,
  profile: ChipProfile,
  table: EfuseTable,
  add: Add,
): void {
  if (recipe.flashEncryption?.by !== 'device') return;
  const revision = Math.max(recipe.silicon.min, table.revisions.min);
  const { fields, writeProtect } = wantedEfuses(recipe, profile, table, revision, []);
  const options = firmware === null ? undefined : optionsOf(firmware);
  const planned = (name: string) => fields.find(({ field }) => field === fieldOf(table, name).name)?.value ?? 0;
  const freezing = new Map<number, string>();
  for (const { field, by } of writeProtect) {
    if (by === 'device' || !hasField(table, field)) continue;
    const bit = fieldOf(table, field).writeDisableBit;
    if (bit !== null) freezing.set(bit, field);
  }
  const burns = [...firstBootBurns(table), ...dummyRounds(table, options)];
  for (const { field, value, unless } of burns) {
    if (unless !== null && options?.get(unless)?.value === 'y') continue;
    const missing = value & ~planned(field);
    if (missing === 0) continue;
    const own = fieldOf(table, field);
    const frozenBy = own.writeDisableBit === null ? undefined : freezing.get(own.writeDisableBit);
    const remedy =
      unless === null
        ? `Let the recipe burn ${own.name} too, or let the station encrypt (flash_encryption.by: host).`
        : `Let the recipe burn ${own.name} too, build with CONFIG_${unless}, or let the station encrypt (flash_encryption.by: host).`;
    if (frozenBy !== undefined)
      add({
        check: 'device-encryption-frozen',
        path: 'flash_encryption.by',
        what: `The bootloader burns ${own.name} with its flash key, and the station would have frozen it at ${planned(field)} before (write protection of ${frozenBy}, WR_DIS bit ${own.writeDisableBit}): the first start would burn a key and fail for ever (${table.name}).`,
        remedy,
      });
    else if (recipe.doors.jtag === 'soft' && unless === allowJtag)
      add({
        check: 'device-encryption-jtag',
        path: 'doors.jtag',
        what: `The recipe leaves JTAG a way back, and the bootloader burns ${own.name} with its flash key: no token could open it any more (${table.name}).`,
        remedy: `Build with CONFIG_${unless}, or set doors.jtag to 'off'.`,
      });
  }
}

const allowJtag = 'SECURE_BOOT_ALLOW_JTAG';
const pseudoLevel = 'XTS_DPA_PSEUDO_LEVEL';

/** The level of dummy rounds that the build asks for; the bootloader writes it as a whole field (from source, as firstBootBurns). */
function dummyRounds(table: EfuseTable, options: ReturnType<typeof optionsOf>): FirstBootBurn[] {
  const strength = Number(options?.get('SECURE_FLASH_PSEUDO_ROUND_FUNC_STRENGTH')?.value ?? 0);
  if (!hasField(table, pseudoLevel) || !Number.isSafeInteger(strength) || strength <= 0) return [];
  return [{ field: pseudoLevel, value: strength, unless: null, says: null }];
}

function optionsOf(firmware: Firmware) {
  return sdkconfigOf(firmware)?.options;
}
