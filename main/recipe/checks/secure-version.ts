import { widthOf } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import type { Firmware } from '../../image/types.ts';
import type { Add } from '../finding.ts';
import { sdkconfigOf } from '../lint/sdkconfig.ts';
import type { Recipe } from '../types.ts';

/** How high SECURE_VERSION counts on this silicon: its ones are counted, so as many as it has bits (FACTS 14.1). */
export function highestSecureVersion(table: EfuseTable): number {
  const field = table.fields.find((candidate) => candidate.name === 'SECURE_VERSION');
  return field === undefined ? 0 : widthOf(field);
}

/** What the anti-rollback floor of a recipe needs of the chip and of the build (FACTS 14.1). */
export function checkSecureVersion(
  recipe: Recipe,
  firmware: Firmware | null,
  tables: readonly EfuseTable[],
  add: Add,
): void {
  const { secureVersion } = recipe;
  for (const table of tables) {
    const highest = highestSecureVersion(table);
    if (secureVersion <= highest) continue;
    add({
      check: 'secure-version-range',
      path: 'secure_version',
      what: `SECURE_VERSION of ${table.name} has ${highest} bits and counts them: a floor of ${secureVersion} cannot be burned.`,
      remedy: `Use ${highest} at most.`,
    });
  }
  if (firmware === null) return;
  for (const part of firmware.parts) {
    const version = part.image?.app?.secureVersion ?? null;
    if (version === null || version >= secureVersion) continue;
    add({
      check: 'anti-rollback',
      path: 'secure_version',
      what: `The application ${part.name} has secure version ${version}, below the ${secureVersion} that the recipe burns: it would never start.`,
      remedy: 'Build it with CONFIG_BOOTLOADER_APP_SECURE_VERSION at least as high, or lower secure_version.',
    });
  }
  const options = sdkconfigOf(firmware)?.options;
  const looks = ['BOOTLOADER_APP_ANTI_ROLLBACK', 'APP_ANTI_ROLLBACK'].some((name) => options?.get(name)?.value === 'y');
  if (secureVersion > 0 || looks) checkPartitions(firmware, add);
  const counted = Number(options?.get('BOOTLOADER_APP_SEC_VER_SIZE_EFUSE_FIELD')?.value ?? Number.NaN);
  if (counted < secureVersion)
    add({
      check: 'secure-version-size',
      path: 'secure_version',
      what: `The bootloader of this build counts ${counted} bits of SECURE_VERSION, and the recipe burns ${secureVersion}.`,
      remedy: 'Raise CONFIG_BOOTLOADER_APP_SEC_VER_SIZE_EFUSE_FIELD, or lower secure_version.',
    });
}

/** An application that no update replaces stays at its old version for ever. That two slots for updates are there the lint looks at. */
function checkPartitions({ table }: Firmware, add: Add): void {
  const fixed = table.partitions.filter(({ type, subtype }) => type === 0 && (subtype === 0x00 || subtype === 0x20));
  if (fixed.length > 0)
    add({
      check: 'anti-rollback-factory',
      path: 'secure_version',
      what: `The partition table has ${fixed.map(({ name }) => name).join(' and ')}: no update replaces it, so it would be refused once the secure version is raised.`,
      remedy: 'Use OTA slots alone (ota_0, ota_1), or waive anti-rollback-factory with the reason.',
    });
}
