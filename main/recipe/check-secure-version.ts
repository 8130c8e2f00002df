import type { EfuseTable } from '../efuse/types.ts';
import type { Firmware } from '../image/types.ts';
import type { Add } from './check.ts';
import { parseSdkconfig } from './lint/sdkconfig.ts';
import type { Recipe } from './types.ts';

/** How high SECURE_VERSION counts on this silicon: its ones are counted, so as many as it has bits (FACTS 14.1). */
export function highestSecureVersion(table: EfuseTable): number {
  const field = table.fields.find((candidate) => candidate.name === 'SECURE_VERSION');
  return field?.pieces.reduce((sum, { length }) => sum + length, 0) ?? 0;
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
  const options = firmware.sdkconfig === null ? null : parseSdkconfig(firmware.sdkconfig).options;
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

/** Anti-rollback knows two OTA slots and nothing else: an application that no update replaces stays at its old version for ever. */
function checkPartitions({ table }: Firmware, add: Add): void {
  const apps = table.partitions.filter(({ type }) => type === 0);
  const fixed = apps.filter(({ subtype }) => subtype === 0x00 || subtype === 0x20);
  if (fixed.length > 0)
    add({
      check: 'anti-rollback-factory',
      path: 'secure_version',
      what: `The partition table has ${fixed.map(({ name }) => name).join(' and ')}: no update replaces it, so it would be refused once the secure version is raised.`,
      remedy: 'Use OTA slots alone (ota_0, ota_1), or waive anti-rollback-factory with the reason.',
    });
  if (apps.length - fixed.length < 2)
    add({
      severity: 'warning',
      check: 'anti-rollback-slots',
      path: 'secure_version',
      what: 'Anti-rollback needs two OTA slots: with fewer a bad update cannot be taken back, and none can be installed safely.',
      remedy: 'Give the partition table ota_0 and ota_1.',
    });
}
