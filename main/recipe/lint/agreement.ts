import { profileOf } from '../../chip/profiles.ts';
import { appSubtypes, dataSubtypes, partitionTypes } from '../../image/partition-table.ts';
import type { Firmware } from '../../image/types.ts';
import type { FlashEncryptionKey } from '../../model/recipe.ts';
import type { LintContext } from './rules/row.ts';
import type { Sdkconfig } from './sdkconfig.ts';
import type { Told } from './told.ts';

/** Checks of this file: the section of the guide, and what a waiver lets go (null: it cannot be waived). */
export const agreementChecks = {
  'lint-secure-boot-unasked': { section: 'Secure Boot', letsGo: 'a build that switches Secure Boot on by itself' },
  'lint-secure-boot-scheme': { section: 'Secure Boot', letsGo: null },
  'lint-unused-digests-other': {
    section: 'Secure Boot',
    letsGo: 'an application that revokes digest slots which the recipe leaves',
  },
  'lint-flash-encryption-unasked': {
    section: 'Flash Encryption',
    letsGo: 'a build that switches flash encryption on by itself',
  },
  'lint-flash-encryption-key-size': { section: 'Flash Encryption', letsGo: null },
  'lint-download-mode-other': {
    section: 'UART Download Mode',
    letsGo: 'a build that shuts download mode in another way than the recipe',
  },
  'lint-rom-log': {
    section: 'UART Download Mode',
    letsGo: 'an application that decides by itself what the ROM prints',
  },
  'lint-nvs-hmac-key': {
    section: 'Secure Storage',
    letsGo: 'a build that derives its NVS keys from a key block the recipe does not fix',
  },
  'lint-nvs-keys-partition': { section: 'Secure Storage', letsGo: 'encrypted NVS without a place for its keys' },
  'lint-anti-rollback-slots': { section: 'Anti-Rollback Protection', letsGo: 'anti-rollback without two update slots' },
  'lint-secure-version-own': {
    section: 'Anti-Rollback Protection',
    letsGo: 'an application that raises the secure version by itself',
  },
} as const;

type AgreementCheck = keyof typeof agreementChecks;

/** Options by which an application burns UART_PRINT_CONTROL at its first start. */
const romLogOptions = ['BOOT_ROM_LOG_ALWAYS_OFF', 'BOOT_ROM_LOG_ON_GPIO_HIGH', 'BOOT_ROM_LOG_ON_GPIO_LOW'];

/** The form of flash key that a build looks for, by its option. On ESP32-C2 AES128 is a key of 256 bits, too. */
const keySizes: Readonly<Record<string, FlashEncryptionKey>> = {
  SECURE_FLASH_ENCRYPTION_AES128: 'xts-aes-128',
  SECURE_FLASH_ENCRYPTION_AES128_DERIVED: 'xts-aes-128-derived',
  SECURE_FLASH_ENCRYPTION_AES256: 'xts-aes-256',
};

/** What the build, its partition table and the recipe must agree on. Pure. */
export function lintAgreement({ recipe, table, is }: LintContext, { options }: Sdkconfig, firmware: Firmware): Told[] {
  const told: Told[] = [];
  const tell = (check: AgreementCheck, severity: Told['severity'], option: string, what: string, remedy: string) =>
    told.push({
      check,
      section: agreementChecks[check].section,
      severity,
      line: options.get(option)?.line ?? 1,
      what,
      remedy,
    });
  const boot = recipe.secureBoot;
  if (boot === null && is('SECURE_BOOT'))
    tell(
      'lint-secure-boot-unasked',
      'warning',
      'SECURE_BOOT',
      'CONFIG_SECURE_BOOT is on, but the recipe has no secure_boot: the bootloader burns Secure Boot by itself at its first start.',
      'Add secure_boot to the recipe, or set the option off.',
    );
  const isRsa = boot?.scheme === 'rsa3072';
  const foreign = isRsa ? 'SECURE_SIGNED_APPS_ECDSA_V2_SCHEME' : 'SECURE_SIGNED_APPS_RSA_SCHEME';
  if (boot !== null && is(foreign))
    tell(
      'lint-secure-boot-scheme',
      'error',
      foreign,
      `The bootloader verifies ${isRsa ? 'ECDSA' : 'RSA'} signatures (CONFIG_${foreign}), but the recipe signs with ${boot.scheme}: no application would start.`,
      'Build for the scheme of the recipe, or change secure_boot.scheme.',
    );
  const key = recipe.flashEncryption?.key;
  if (key === undefined && is('SECURE_FLASH_ENC_ENABLED'))
    tell(
      'lint-flash-encryption-unasked',
      'warning',
      'SECURE_FLASH_ENC_ENABLED',
      'CONFIG_SECURE_FLASH_ENC_ENABLED is on, but the recipe has no flash_encryption: the bootloader makes and burns a key of its own at its first start.',
      'Add flash_encryption to the recipe, or set the option off.',
    );
  for (const [option, size] of Object.entries(keySizes)) {
    if (key === undefined || size === key || !is('SECURE_FLASH_ENC_ENABLED') || !is(option)) continue;
    tell(
      'lint-flash-encryption-key-size',
      'error',
      option,
      `The build is for ${size} (CONFIG_${option}), but the recipe burns a key for ${key}: the bootloader would not find its key.`,
      'Build for the key of the recipe, or change flash_encryption.key.',
    );
  }
  if (boot !== null && !boot.revokeUnused && is('SECURE_BOOT') && !is('SECURE_BOOT_ALLOW_UNUSED_DIGEST_SLOTS'))
    if (boot.keys.length < profileOf(recipe.chip).digests)
      tell(
        'lint-unused-digests-other',
        'warning',
        'SECURE_BOOT',
        'The recipe leaves empty digest slots as they are (secure_boot.revoke_unused: false), and the application revokes them by itself at its first start.',
        'Set revoke_unused to true, or build with CONFIG_SECURE_BOOT_ALLOW_UNUSED_DIGEST_SLOTS.',
      );
  const doors = { disabled: 'SECURE_DISABLE_ROM_DL_MODE', secure: 'SECURE_ENABLE_SECURE_ROM_DL_MODE' } as const;
  for (const [way, option] of Object.entries(doors))
    if (is(option) && recipe.doors.downloadMode !== way)
      tell(
        'lint-download-mode-other',
        'warning',
        option,
        `The application makes download mode ${way} by itself (CONFIG_${option}), but the recipe says ${recipe.doors.downloadMode}.`,
        `Set doors.download_mode to ${way}, or choose the option that fits.`,
      );
  if (is('NVS_ENCRYPTION') && is('NVS_SEC_KEY_PROTECT_USING_HMAC')) {
    const option = 'NVS_SEC_HMAC_EFUSE_KEY_ID';
    const wanted = Number(options.get(option)?.value ?? -1);
    const slot = recipe.slots['hmac-up'];
    if (!recipe.hmacUp || slot !== wanted)
      tell(
        'lint-nvs-hmac-key',
        'warning',
        option,
        `The application derives its NVS keys from the HMAC key in key block ${wanted}, ${recipe.hmacUp ? `but the recipe ${slot === undefined ? 'does not fix its block' : `puts it into block ${slot}`}` : 'but the recipe burns none'}: it would try to burn a key of its own.`,
        `Set hmac_up to true and slots.hmac-up to ${Math.max(wanted, 0)}.`,
      );
  }
  const silenced = romLogOptions.find((option) => is(option));
  if (silenced !== undefined && (recipe.doors.romPrint ?? 'on') === 'on' && !('UART_PRINT_CONTROL' in recipe.efuses))
    tell(
      'lint-rom-log',
      'info',
      silenced,
      `The application burns by itself what the ROM prints (CONFIG_${silenced}), and the recipe says nothing of it.`,
      'Ask for it in the recipe (doors.rom_print), so that it is planned and recorded.',
    );
  const data = table.partitions.filter(({ type }) => type === partitionTypes.data);
  const keepsKeysInFlash = is('NVS_ENCRYPTION') && is('NVS_SEC_KEY_PROTECT_USING_FLASH_ENC');
  if (keepsKeysInFlash && !data.some(({ subtype }) => subtype === dataSubtypes.nvsKeys))
    tell(
      'lint-nvs-keys-partition',
      'warning',
      'NVS_SEC_KEY_PROTECT_USING_FLASH_ENC',
      'The application keeps the keys of its NVS in a partition nvs_keys, but the partition table has none: NVS would not open.',
      'Add nvs_keys (data, nvs_keys, size 0x1000, encrypted) to partitions.csv, or derive the keys by HMAC.',
    );
  const slots = table.partitions.filter(
    ({ type, subtype }) => type === partitionTypes.app && subtype >= appSubtypes.ota0 && subtype <= appSubtypes.ota15,
  );
  const antiRollback = ['BOOTLOADER_APP_ANTI_ROLLBACK', 'APP_ANTI_ROLLBACK'].find((option) => is(option));
  if (antiRollback !== undefined && slots.length < 2)
    tell(
      'lint-anti-rollback-slots',
      'warning',
      antiRollback,
      `The build uses anti-rollback, but its partition table has ${slots.length === 0 ? 'no update slot' : 'one update slot'}: an update could not be taken back.`,
      'Use a table with two update slots and no factory or test partition.',
    );
  if (antiRollback !== undefined)
    for (const { name, image } of firmware.parts) {
      const own = image?.app?.secureVersion ?? 0;
      if (own > recipe.secureVersion)
        tell(
          'lint-secure-version-own',
          'info',
          antiRollback,
          `The application ${name} has secure version ${own} and burns it by itself once it is found good; the recipe burns ${recipe.secureVersion}.`,
          `Set secure_version to ${own}, so that older firmware is shut out from the first start.`,
        );
    }
  return told;
}
