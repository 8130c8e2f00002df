import type { ChipProfile } from '../../chip/board.ts';
import { usbDownloadFields } from '../../efuse/door-fields.ts';
import { fieldOf, hasField } from '../../efuse/tables.ts';
import type { EfuseTable } from '../../efuse/types.ts';
import type { Add } from '../finding.ts';
import { recoverySector, rollbackByRom, rollbackFloor, rollbackSwitch } from '../plan/second-bootloader.ts';
import { wantedEfuses } from '../plan/wanted-efuses.ts';
import type { Recipe } from '../types.ts';

/** The key of a recipe that decides a field, and what it says there. */
interface Decider {
  readonly path: string;
  readonly says: (recipe: Recipe) => string;
}

const door = (path: string, says: (doors: Recipe['doors']) => string | undefined): Decider => ({
  path: `doors.${path}`,
  says: ({ doors }) => says(doors) ?? 'leave',
});

const download = door('download_mode', (doors) => doors.downloadMode);
const jtag = door('jtag', (doors) => doors.jtag);
const directBoot = door('direct_boot', (doors) => doors.directBoot);
const romPrint = door('rom_print', (doors) => doors.romPrint ?? 'on');
const encryption: Decider = {
  path: 'flash_encryption',
  says: ({ flashEncryption }) =>
    flashEncryption === null ? 'none' : `${flashEncryption.key}, ${flashEncryption.mode}`,
};
const secureBoot: Decider = {
  path: 'secure_boot',
  says: ({ secureBoot: boot }) => (boot === null ? 'none' : `${boot.scheme}, ${boot.keys.length} keys`),
};
const identity: Decider = { path: 'identity.key', says: (recipe) => recipe.identity?.key ?? 'none' };

/** The curves that the ECDSA peripheral takes belong to the key that is to be used in it; where there is none, nobody decided. */
function curveDecider({ identity: device, secureBoot: boot }: Recipe): Decider | undefined {
  if (device?.key.startsWith('ecdsa')) return identity;
  return boot?.scheme.startsWith('ecdsa') ? secureBoot : undefined;
}

/** Fields that a section of the recipe decides, on any chip, by any of their names; what a chip adds comes from its profile. */
const decided: Readonly<Record<string, Decider>> = {
  DIS_DOWNLOAD_MODE: download,
  UART_DOWNLOAD_DIS: download,
  ENABLE_SECURITY_DOWNLOAD: download,
  DIS_PAD_JTAG: jtag,
  SOFT_DIS_JTAG: jtag,
  DIS_USB_JTAG: door('usb_jtag', (doors) => doors.usbJtag),
  DIS_USB_SERIAL_JTAG: door('usb_serial_jtag', (doors) => doors.usbSerialJtag),
  DIS_FORCE_DOWNLOAD: door('force_download', (doors) => doors.forceDownload),
  ...Object.fromEntries(usbDownloadFields.map((name) => [name, door('usb_download', (doors) => doors.usbDownload)])),
  UART_PRINT_CONTROL: romPrint,
  DIS_USB_SERIAL_JTAG_ROM_PRINT: romPrint,
  DIS_DIRECT_BOOT: directBoot,
  DIS_LEGACY_SPI_BOOT: directBoot,
  SECURE_VERSION: { path: 'secure_version', says: ({ secureVersion }) => String(secureVersion) },
  SPI_BOOT_CRYPT_CNT: encryption,
  FLASH_CRYPT_CNT: encryption,
  FLASH_CRYPT_CONFIG: encryption,
  SECURE_BOOT_EN: secureBoot,
  ABS_DONE_0: secureBoot,
  ABS_DONE_1: secureBoot,
  SECURE_BOOT_KEY_REVOKE0: secureBoot,
  SECURE_BOOT_KEY_REVOKE1: secureBoot,
  SECURE_BOOT_KEY_REVOKE2: secureBoot,
  SECURE_BOOT_AGGRESSIVE_REVOKE: secureBoot,
  SECURE_BOOT_SHA384_EN: secureBoot,
};

/**
 * A field that a section of the recipe decides may stand under `efuses` only with the value that the section gives it: else one of the
 * two is not what the recipe's readers believe, and the field would be burned at a time that its section would never choose (a door
 * that is shut with the protections loses the board). Cannot be waived.
 */
export function checkEfusesByName(recipe: Recipe, profile: ChipProfile, table: EfuseTable, add: Add): void {
  const revision = Math.max(recipe.silicon.min, table.revisions.min);
  const digests = (recipe.secureBoot?.keys ?? []).map((_, index) => String(index + 1).repeat(64));
  const { fields } = wantedEfuses({ ...recipe, efuses: {} }, profile, table, revision, digests);
  const bySections = new Map(fields.map(({ field, value }) => [field, value]));
  for (const [name, value] of Object.entries(recipe.efuses)) {
    const own = hasField(table, name) ? fieldOf(table, name) : null;
    const decider = own === null ? undefined : deciderOf([own.name, ...own.aliases], recipe, profile);
    if (own === null || decider === undefined) continue;
    const given = bySections.get(own.name) ?? 0;
    if (given === value) continue;
    add({
      check: 'efuse-contradicts',
      path: `efuses.${name}`,
      what: `efuses.${name} (${value}) contradicts ${decider.path} (${decider.says(recipe)}), which ${given === 0 ? 'leaves it 0' : `makes it ${given}`}.`,
      remedy: `Say it in ${decider.path} alone, and leave ${name} out of efuses.`,
    });
  }
}

/** Fields of the section `bootloader`: decided by it where it stands, else by nobody. */
const ofBootloader: Readonly<Record<string, string>> = {
  [recoverySector]: 'bootloader.recovery',
  ...Object.fromEntries(
    [...rollbackFloor, rollbackSwitch, rollbackByRom].map((name) => [name, 'bootloader.anti_rollback']),
  ),
};

function bootloaderDecider(names: readonly string[], { bootloader }: Recipe): Decider | undefined {
  const path = names.map((name) => ofBootloader[name]).find((found) => found !== undefined);
  if (path === undefined || bootloader === undefined) return undefined;
  const { recovery, antiRollback: rollback } = bootloader;
  const place = typeof recovery === 'number' ? `0x${recovery.toString(16)}` : (recovery ?? 'left out');
  const floor = rollback === null ? 'left out' : `${rollback.secureVersion}, raised by ${rollback.raisedBy}`;
  return { path, says: () => (path === 'bootloader.recovery' ? place : floor) };
}

function deciderOf(names: readonly string[], recipe: Recipe, { production }: ChipProfile): Decider | undefined {
  const isOf = (fields: readonly { readonly field: string }[]) => fields.some(({ field }) => names.includes(field));
  const known = names.map((name) => decided[name]).find((decider) => decider !== undefined);
  if (known !== undefined) return known;
  const second = bootloaderDecider(names, recipe);
  if (second !== undefined) return second;
  if (names.includes('ECDSA_CURVE_MODE')) return curveDecider(recipe);
  if (isOf(production.jtag)) return jtag;
  if (production.directBoot.some((field) => names.includes(field))) return directBoot;
  // Without flash encryption the bits of its release mode are hardening that nobody decided on.
  return recipe.flashEncryption !== null && isOf(production.flashEncryptionRelease) ? encryption : undefined;
}
