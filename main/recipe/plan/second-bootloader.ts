// The second stage beside its first copy: where a recovery bootloader lies, and the fuses by which the ROM knows of it (FACTS 14.4).

import type { WantedField } from '../../efuse/plan-types.ts';
import { fieldOf, hasField, widthOf } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import { isBootloader } from '../../image/firmware.ts';
import { partitionTypes, sectorSize } from '../../image/partition-table.ts';
import type { Firmware, FirmwarePart } from '../../image/types.ts';
import type { BootloaderWish } from '../../model/recipe.ts';
import type { Recipe } from '../types.ts';

export const recoverySector = 'RECOVERY_BOOTLOADER_FLASH_SECTOR';
/** What the ROM takes for 'none, for ever'. */
export const noRecovery = 0xfff;
export const rollbackSwitch = 'BOOTLOADER_ANTI_ROLLBACK_EN';
export const rollbackByRom = 'BOOTLOADER_ANTI_ROLLBACK_UPDATE_IN_ROM';
/** The floor's pieces from the lowest bit up: one field, or two of ESP32-C5. Its ones are counted. */
export const rollbackFloor: readonly string[] = [
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_LO',
  'BOOTLOADER_ANTI_ROLLBACK_SECURE_VERSION_HI',
];

/**
 * The build with its bootloader once more at the recipe's recovery offset. A build that brings an image of its own for that place keeps
 * it: it may be an older one that has proven itself.
 */
export function withRecovery(firmware: Firmware, { bootloader: wish }: Pick<Recipe, 'bootloader'>): Firmware {
  const offset = wish?.recovery;
  const first = firmware.parts.find(({ kind }) => kind === 'bootloader');
  if (typeof offset !== 'number' || first === undefined) return firmware;
  if (firmware.parts.some((part) => part.offset === offset)) return firmware;
  const partition = firmware.table.partitions.find((candidate) => candidate.offset === offset) ?? null;
  const above = firmware.table.partitions.map((candidate) => candidate.offset).filter((at) => at > offset);
  const copy: FirmwarePart = {
    ...first,
    name: partition?.name ?? 'recovery-bootloader',
    kind: 'bootloader-copy',
    offset,
    // Up to the next partition; how much flash there is behind the last is judged apart.
    room: partition?.size ?? (above.length === 0 ? 0 : Math.min(...above) - offset),
    partition,
  };
  return { ...firmware, parts: [...firmware.parts, copy].sort((a, b) => a.offset - b.offset) };
}

/** The image that the ROM finds at this sector; undefined: none of this build's. */
export function recoveryPart({ parts }: Firmware, sector: number): FirmwarePart | undefined {
  return parts.find((part) => part.offset === sector * sectorSize && isBootloader(part));
}

/** Whether a partition is kept for a recovery bootloader. */
export function isRecovery({ type, subtype }: { readonly type: number; readonly subtype: number }): boolean {
  return type === partitionTypes.bootloader && subtype === 2;
}

/** The fuses of the recipe's section, by the names of this silicon; those that it lacks are left for the planner to refuse. */
export function bootloaderFields(wish: BootloaderWish | undefined, table: EfuseTable): WantedField[] {
  if (wish === undefined) return [];
  const fields: WantedField[] = [];
  const want = (field: string, value: number, reason: string) =>
    fields.push({ field, value, stage: 'protection', reason });
  if (wish.recovery === 'never') want(recoverySector, noRecovery, 'the ROM looks for no recovery bootloader, ever');
  else if (wish.recovery !== null)
    want(
      recoverySector,
      wish.recovery / sectorSize,
      `where the bootloader does not start, the ROM takes the one at 0x${wish.recovery.toString(16)}`,
    );
  const rollback = wish.antiRollback;
  if (rollback === null) return fields;
  let left = 2 ** rollback.secureVersion - 1;
  for (const name of rollbackFloor.filter((candidate) => hasField(table, candidate))) {
    const width = widthOf(fieldOf(table, name));
    const value = left % 2 ** width;
    if (value !== 0) want(name, value, `no bootloader with a version below ${rollback.secureVersion} ever starts`);
    left = Math.floor(left / 2 ** width);
  }
  want(rollbackSwitch, 1, 'the ROM looks at the version of a bootloader');
  if (rollback.raisedBy === 'rom') want(rollbackByRom, 1, 'the ROM raises the floor to the version of what it starts');
  return fields;
}
