// A recovery bootloader and the bootloader's own anti-rollback, held against chip, build and table (FACTS 14.4). The fuses are judged as
// the plan leaves them, whichever part of the recipe asks for them.

import { onesIn } from '../../efuse/snapshot.ts';
import { hasField } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import { isBootloader } from '../../image/firmware.ts';
import { sizeInFlash } from '../../image/firmware-check.ts';
import { sectorSize } from '../../image/partition-table.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add } from '../finding.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import { flashEnd } from '../plan/flash-needs.ts';
import {
  bootloaderFields,
  isRecovery,
  noRecovery,
  recoveryPart,
  recoverySector,
  rollbackByRom,
  rollbackFloor,
  rollbackSwitch,
} from '../plan/second-bootloader.ts';
import type { Recipe } from '../types.ts';

/** Highest version that a ROM starts with anti-rollback on: it refuses a higher one without a word (run in ROM: C5, C61). */
const highestVersion = 4;
const hex = (value: number) => `0x${value.toString(16)}`;

/** The section without what a silicon line lacks: that is told here, and not once more by the planner. */
export function withoutLacking(recipe: Recipe, table: EfuseTable): Recipe {
  const { bootloader, ...rest } = recipe;
  if (bootloader === undefined) return recipe;
  const fields = bootloaderFields(bootloader, table).map(({ field }) => field);
  return fields.every((field) => hasField(table, field)) ? recipe : rest;
}

/** Whether chip, build and table can have what the recipe asks for of the second stage. Pure. */
export function checkBootloader(
  recipe: Recipe,
  firmware: Firmware | null,
  tables: readonly EfuseTable[],
  title: string,
  add: Add,
): void {
  for (const table of tables) {
    checkSilicon(recipe, table, title, add);
    if (firmware === null) continue;
    const value = willHold(recipe, table);
    checkRecovery(recipe, firmware, value(recoverySector), add);
    checkRollback(recipe, firmware, value, add);
  }
  if (firmware !== null) checkBuild(recipe, firmware, add);
}

/** What a field will hold: by the section, or by its name under `efuses`. */
function willHold(recipe: Recipe, table: EfuseTable): (name: string) => number {
  const values = new Map(bootloaderFields(recipe.bootloader, table).map(({ field, value }) => [field, value]));
  return (name) => (hasField(table, name) ? (values.get(name) ?? recipe.efuses[name] ?? 0) : 0);
}

function checkSilicon({ bootloader }: Recipe, table: EfuseTable, title: string, add: Add): void {
  if (bootloader === undefined) return;
  if (bootloader.recovery !== null && !hasField(table, recoverySector))
    add({
      check: 'recovery-silicon',
      path: 'bootloader.recovery',
      what: `The ROM of ${table.name} (${title}) knows of no recovery bootloader.`,
      remedy: 'Leave bootloader.recovery out; ESP32-P4 from v3.0, C5, C61 and S31 have it.',
    });
  if (bootloader.antiRollback !== null && !hasField(table, rollbackSwitch))
    add({
      check: 'bootloader-rollback-silicon',
      path: 'bootloader.anti_rollback',
      what: `The ROM of ${table.name} (${title}) does not look at the version of a bootloader.`,
      remedy: 'Leave bootloader.anti_rollback out; ESP32-C5, C61 and S31 have it.',
    });
}

function checkRecovery(recipe: Recipe, firmware: Firmware, sector: number, add: Add): void {
  const path = recipe.bootloader?.recovery == null ? `efuses.${recoverySector}` : 'bootloader.recovery';
  const { partitions } = firmware.table;
  const kept = partitions.find(isRecovery);
  if (sector === 0 || sector === noRecovery) {
    if (kept !== undefined && sector === 0)
      add({
        severity: 'info',
        check: 'recovery-unasked',
        path: 'bootloader.recovery',
        what: `The partition table keeps ${kept.name} at ${hex(kept.offset)} for a recovery bootloader, and the recipe does not tell the ROM of it.`,
        remedy: `Set bootloader.recovery to ${hex(kept.offset)}, or to never.`,
      });
    return;
  }
  const offset = sector * sectorSize;
  const refuse = (check: string, what: string, remedy: string) => add({ check, path, what, remedy });
  const part = recoveryPart(firmware, sector);
  if (part === undefined) {
    refuse(
      'recovery-empty',
      `The ROM would look for a recovery bootloader at ${hex(offset)}, and nothing of this build lies there.`,
      `Say it as bootloader.recovery: ${hex(offset)}; the station then writes it.`,
    );
    return;
  }
  if (part.kind === 'bootloader') {
    refuse(
      'recovery-place',
      `At ${hex(offset)} lies the bootloader itself: where it does not start, the ROM would try the same once more.`,
      'Give the recovery bootloader a place of its own, behind the partitions or in a partition of subtype recovery.',
    );
    return;
  }
  if (kept !== undefined && kept.offset !== offset)
    refuse(
      'recovery-other-place',
      `The partition table keeps ${kept.name} at ${hex(kept.offset)} for the recovery bootloader, and the recipe puts it to ${hex(offset)}.`,
      `Set bootloader.recovery to ${hex(kept.offset)}, or build with that CONFIG_BOOTLOADER_RECOVERY_OFFSET.`,
    );
  const end = offset + sizeInFlash(part, recipe.secureBoot !== null);
  const first = firmware.parts.find(({ kind }) => kind === 'bootloader');
  const taken = [
    ...(first === undefined
      ? []
      : [
          {
            name: 'the bootloader',
            offset: first.offset,
            end: first.offset + sizeInFlash(first, recipe.secureBoot !== null),
          },
        ]),
    { name: 'the partition table', offset: firmware.tableOffset, end: firmware.tableOffset + sectorSize },
    ...partitions
      .filter((partition) => !(isRecovery(partition) && partition.offset === offset))
      .map((partition) => ({
        name: `partition ${partition.name}`,
        offset: partition.offset,
        end: partition.offset + partition.size,
      })),
  ];
  for (const other of taken)
    if (offset < other.end && other.offset < end)
      refuse(
        'recovery-place',
        `The recovery bootloader would lie from ${hex(offset)} to ${hex(end)}, across ${other.name} (${hex(other.offset)} to ${hex(other.end)}).`,
        'Give it a place that nothing else takes: a partition of type bootloader, subtype recovery, or flash behind the last partition.',
      );
  if (recipe.flash.size !== null && flashEnd(recipe, firmware) > recipe.flash.size)
    refuse(
      'recovery-place',
      `The recovery bootloader would end at ${hex(end)}, and the flash has ${hex(recipe.flash.size)} bytes.`,
      'Put it further down, or correct flash.size.',
    );
  if (recipe.flashEncryption?.by === 'device' && kept?.offset !== offset)
    refuse(
      'recovery-plain',
      `The device would leave the recovery bootloader at ${hex(offset)} in clear when it encrypts its flash: it goes by the partition table, which has no partition of type bootloader there. The ROM would decrypt it to noise.`,
      'Add a partition of type bootloader, subtype recovery to partitions.csv, or set flash_encryption.by to host.',
    );
}

function checkRollback(recipe: Recipe, firmware: Firmware, value: (name: string) => number, add: Add): void {
  const floor = rollbackFloor.reduce((sum, name) => sum + onesIn(value(name)), 0);
  const path = recipe.bootloader?.antiRollback == null ? 'efuses' : 'bootloader.anti_rollback';
  const refuse = (what: string, remedy: string) => add({ check: 'bootloader-rollback', path, what, remedy });
  if (value(rollbackSwitch) === 0) {
    if (floor > 0 || value(rollbackByRom) !== 0)
      refuse(
        `A floor for bootloaders is asked for, and ${rollbackSwitch} is not: the ROM would not look at it.`,
        'Say it as bootloader.anti_rollback, which sets what belongs together.',
      );
    return;
  }
  if (recipe.secureBoot === null)
    add({
      severity: 'warning',
      check: 'bootloader-rollback-unsigned',
      path,
      what: 'Without Secure Boot anybody can write a bootloader that states any version: the floor keeps nobody out.',
      remedy: 'Add secure_boot.',
    });
  for (const part of firmware.parts.filter(isBootloader)) {
    const version = part.image?.bootloader?.secureVersion;
    const name = part.kind === 'bootloader' ? 'bootloader' : `second bootloader ${part.name}`;
    if (version === undefined)
      refuse(
        `The ${name} of this build has no descriptor that states its version: the ROM would read some other byte for it.`,
        'Build it with ESP-IDF 5.2 or later, or leave the anti-rollback of the bootloader out.',
      );
    else if (version < floor)
      refuse(
        `The ${name} has version ${version}, below the ${floor} that the recipe burns: the ROM would never start it.`,
        'Build it with CONFIG_BOOTLOADER_SECURE_VERSION at least as high, or lower the floor.',
      );
    else if (version > highestVersion)
      refuse(
        `The ${name} has version ${version}; the ROM starts none above ${highestVersion}.`,
        `Build it with CONFIG_BOOTLOADER_SECURE_VERSION of ${highestVersion} at most.`,
      );
    else if (value(rollbackByRom) !== 0 && version > floor && part.kind === 'bootloader')
      refuse(
        `The ROM would raise the floor from ${floor} to ${version}, the version of the bootloader, at its first start: the sealed device would have another eFuse than was planned.`,
        `Set bootloader.anti_rollback.secure_version to ${version}, or raised_by to firmware.`,
      );
  }
}

/** What the build itself was told of a recovery bootloader. */
function checkBuild(recipe: Recipe, firmware: Firmware, add: Add): void {
  const options = sdkconfigOf(firmware)?.options;
  const is = (name: string) => options?.get(name)?.value === 'y';
  const place = (name: string) => ({ file: 'sdkconfig', line: options?.get(name)?.line ?? 1 });
  const wish = recipe.bootloader ?? { recovery: null, antiRollback: null };
  const built = Number(options?.get('BOOTLOADER_RECOVERY_OFFSET')?.value ?? Number.NaN);
  if (typeof wish.recovery === 'number' && is('BOOTLOADER_RECOVERY_ENABLE') && built !== wish.recovery)
    add({
      check: 'recovery-other-place',
      ...place('BOOTLOADER_RECOVERY_OFFSET'),
      what: `The application looks for its recovery bootloader at ${hex(built)} (CONFIG_BOOTLOADER_RECOVERY_OFFSET), and the recipe burns ${hex(wish.recovery)}: an update of the bootloader would fail, or write over something else.`,
      remedy: `Set bootloader.recovery to ${hex(built)}, or build with ${hex(wish.recovery)}.`,
    });
  if (wish.recovery === 'never' && is('BOOTLOADER_RECOVERY_ENABLE'))
    add({
      severity: 'warning',
      check: 'recovery-never',
      ...place('BOOTLOADER_RECOVERY_ENABLE'),
      what: 'The application wants a recovery bootloader (CONFIG_BOOTLOADER_RECOVERY_ENABLE), and the recipe burns that there is none, for ever.',
      remedy: 'Give bootloader.recovery an offset, or set the option off.',
    });
  if (
    is('BOOTLOADER_ANTI_ROLLBACK_ENABLE') &&
    wish.antiRollback === null &&
    recipe.efuses[rollbackSwitch] === undefined
  )
    add({
      severity: 'info',
      check: 'bootloader-rollback-unasked',
      ...place('BOOTLOADER_ANTI_ROLLBACK_ENABLE'),
      what: 'The build numbers its bootloaders against rollback (CONFIG_BOOTLOADER_ANTI_ROLLBACK_ENABLE), and the recipe does not have the ROM look at the number.',
      remedy: 'Add bootloader.anti_rollback.',
    });
}
