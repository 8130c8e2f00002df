// What a build's own start makes of the eFuses that the recipe burns: configurations in which bootloader or application end before
// app_main, for ever. Rank of every row: from source, at the tags of ESP-IDF that its versions name (read from v4.4 to v6.0.2 and master
// of July 2026). Where a start-up function gives an error back, esp_system/startup.c (do_system_init_fn; before 5.3 an assert in
// startup.c) aborts, and the device resets without end.

import type { ChipKind } from '../../model/chip.ts';
import { curveOfKey } from '../../model/identity.ts';
import type { Recipe } from '../types.ts';

/** Versions of ESP-IDF: whole branches, and of single ones the releases from the first to the last bugfix number. */
export interface Versions {
  readonly upTo?: string;
  readonly from?: string;
  readonly within?: Readonly<Record<string, readonly [first: number, last: number]>>;
}

/** What a row may look at. */
export interface StartUp {
  readonly recipe: Recipe;
  /** Whether any of these options is on. */
  is(...options: string[]): boolean;
  /** Value of a field once the plan is carried out, by any of its names; null where this silicon has none. */
  value(field: string): number | null;
  /** Whether the field can then no longer be burned. */
  frozen(field: string): boolean;
  /** Bytes that the bootloader's header states; null where it cannot be read. */
  readonly statedFlash: number | null;
  /** Value of an option that is a number; NaN where the build does not say. */
  number(option: string): number;
  /** Whether a part of this kind is signed in the build already. */
  isSigned(kind: 'app' | 'bootloader'): boolean;
}

export interface StartUpRule {
  readonly check: string;
  /** Options of which one must be on; empty: whatever the build. */
  readonly options: readonly string[];
  readonly chips?: readonly ChipKind[];
  /** Versions concerned; left out: all. */
  readonly versions?: Versions;
  /** Whose version counts; left out: the application's. */
  readonly by?: 'bootloader';
  /** What the start makes of it, behind 'so that'; null where plan and build agree. */
  readonly breaks: (context: StartUp) => string | null;
  readonly remedy: string;
  /** File and function of ESP-IDF. */
  readonly source: string;
}

const romLog: Readonly<Record<string, number>> = {
  BOOT_ROM_LOG_ALWAYS_OFF: 3,
  BOOT_ROM_LOG_ON_GPIO_HIGH: 2,
  BOOT_ROM_LOG_ON_GPIO_LOW: 1,
};
const romLogOptions = Object.keys(romLog);
const startup =
  'efuse/src/esp_efuse_startup.c (until 5.4 esp_system/startup_funcs.c, until 5.2 startup.c), init_efuse_secure';

/** The field that download mode is switched off with, by either name. */
const shut = ({ value }: StartUp) => value('DIS_DOWNLOAD_MODE') ?? value('UART_DOWNLOAD_DIS') ?? 0;

/** A field that the start burns and finds frozen at another value. */
const frozenBelow = (field: string, wanted: number, { value, frozen }: StartUp) =>
  value(field) !== null && value(field) !== wanted && frozen(field)
    ? `${field} is frozen at ${value(field)} by then, and the start would have to burn it`
    : null;

export const startUpRules: readonly StartUpRule[] = [
  {
    check: 'start-secure-download',
    options: ['SECURE_ENABLE_SECURE_ROM_DL_MODE'],
    // esp_efuse_enable_rom_secure_download_mode gives ESP_ERR_INVALID_STATE back where download mode is off; later ones do nothing then
    versions: { upTo: '5.1', within: { '5.2': [0, 6], '5.3': [0, 4], '5.4': [0, 3], '5.5': [0, 1] } },
    breaks: (context) =>
      shut(context) === 1
        ? 'the start asks for secure download mode where the recipe has download mode disabled, and ends with an error each time'
        : null,
    remedy:
      'Set doors.download_mode to secure, or build with CONFIG_SECURE_DISABLE_ROM_DL_MODE, or with ESP-IDF 5.2.7, 5.3.5, 5.4.4, 5.5.2 or later. A boot proof after the door does not help.',
    source: `efuse/CHIP/esp_efuse_fields.c, esp_efuse_enable_rom_secure_download_mode; ${startup}`,
  },
  {
    check: 'start-secure-download',
    options: ['SECURE_ENABLE_SECURE_ROM_DL_MODE'],
    breaks: (context) => (shut(context) === 1 ? null : frozenBelow('ENABLE_SECURITY_DOWNLOAD', 1, context)),
    remedy: 'Set doors.download_mode to secure, so that it is burned before it freezes.',
    source: startup,
  },
  {
    check: 'start-download-disabled',
    options: ['SECURE_DISABLE_ROM_DL_MODE'],
    // On ESP32 the write protection of FLASH_CRYPT_CNT covers UART_DOWNLOAD_DIS as well (esp_efuse_disable_rom_download_mode).
    breaks: (context) => frozenBelow('DIS_DOWNLOAD_MODE', 1, context) ?? frozenBelow('UART_DOWNLOAD_DIS', 1, context),
    remedy: 'Set doors.download_mode to disabled, so that it is burned before it freezes.',
    source: startup,
  },
  {
    check: 'start-download-disabled',
    options: ['SECURE_DISABLE_ROM_DL_MODE'],
    chips: ['esp32'],
    breaks: ({ recipe }) =>
      recipe.silicon.min < 300
        ? 'silicon below v3.0 cannot switch download mode off, which the start takes for an error'
        : null,
    remedy: 'Raise silicon.min to v3.0, or build without the option.',
    source: 'efuse/esp32/esp_efuse_fields.c, esp_efuse_disable_rom_download_mode',
  },
  {
    check: 'start-other-door',
    options: ['SECURE_ENABLE_SECURE_ROM_DL_MODE', 'SECURE_DISABLE_ROM_DL_MODE'],
    breaks: ({ recipe, is }) => {
      const way = is('SECURE_ENABLE_SECURE_ROM_DL_MODE') ? 'secure' : 'disabled';
      const wanted = recipe.doors.downloadMode;
      const first = recipe.bootProof.when === 'before-door' || recipe.bootProof.when === 'both';
      return first && wanted !== 'open' && wanted !== way
        ? `the boot proof before the door starts it with download mode still open, it makes that ${way}, and the door of the recipe (${wanted}) can never be burned`
        : null;
    },
    remedy:
      'Let doors.download_mode say what the build says, or prove after the door only (boot_proof.when: after-door).',
    source: startup,
  },
  {
    check: 'start-rom-log',
    options: romLogOptions,
    versions: { from: '5.3' },
    breaks: (context) => {
      const wanted = romLog[romLogOptions.find((option) => context.is(option)) ?? ''];
      const burned = context.value('UART_PRINT_CONTROL');
      if (wanted === undefined || burned === null || burned === wanted) return null;
      if (burned !== 0)
        return `the start wants UART_PRINT_CONTROL to be ${wanted}, finds the ${burned} of doors.rom_print, and ends with an error each time`;
      return frozenBelow('UART_PRINT_CONTROL', wanted, context);
    },
    remedy:
      'Let doors.rom_print say what the build says (silent: ALWAYS_OFF, strap-low: ON_GPIO_LOW, strap-high: ON_GPIO_HIGH), or build with ALWAYS_ON.',
    source:
      'efuse/src/esp_efuse_startup.c (until 5.4 esp_system/startup_funcs.c), init_efuse_rom_log; esp_efuse_set_rom_log_scheme',
  },
  {
    check: 'start-rom-log',
    options: romLogOptions,
    versions: { upTo: '5.2' },
    breaks: (context) => {
      const wanted = romLog[romLogOptions.find((option) => context.is(option)) ?? ''];
      const burned = context.value('UART_PRINT_CONTROL');
      const first = context.recipe.bootProof.when === 'before-door' || context.recipe.bootProof.when === 'both';
      return first && burned && wanted !== undefined && burned !== wanted
        ? `the boot proof before the door lets it burn UART_PRINT_CONTROL to ${wanted}, and the ${burned} of doors.rom_print can never be had`
        : null;
    },
    remedy: 'Let doors.rom_print say what the build says, or build with CONFIG_BOOT_ROM_LOG_ALWAYS_ON.',
    source: 'esp_system/startup.c (in 4.4 port/cpu_start.c), esp_efuse_set_rom_log_scheme',
  },
  {
    check: 'start-key-length',
    options: ['SECURE_SIGNED_APPS_ECDSA_V2_SCHEME'],
    breaks: ({ recipe, is }) => {
      const scheme = recipe.secureBoot?.scheme;
      if (scheme === 'ecdsa-p384' && !is('SECURE_BOOT_ECDSA_KEY_LEN_384_BITS'))
        return 'the bootloader verifies P-256 over SHA-256, and the recipe signs with P-384: no application starts';
      if (scheme === 'ecdsa-p256' && is('SECURE_BOOT_ECDSA_KEY_LEN_384_BITS'))
        return 'the bootloader verifies P-384 over SHA-384, and the recipe signs with P-256: no application starts';
      if (scheme === 'ecdsa-p256' && is('SECURE_BOOT_ECDSA_KEY_LEN_192_BITS'))
        return 'the bootloader verifies P-192, and the recipe signs with P-256: no application starts';
      return null;
    },
    remedy: 'Build for the key of the recipe (CONFIG_SECURE_BOOT_ECDSA_KEY_LEN_...), or change secure_boot.scheme.',
    source: 'bootloader_support/src/secure_boot_v2/secure_boot_ecdsa_signature.c; include/esp_secure_boot.h',
  },
  {
    check: 'start-secure-boot-v1',
    options: ['SECURE_BOOT_V1_ENABLED'],
    chips: ['esp32'],
    breaks: ({ recipe }) =>
      recipe.secureBoot === null
        ? null
        : 'its bootloader finds a key block that is not read-protected, refuses to switch the first Secure Boot on, and starts nothing',
    remedy: 'Build with CONFIG_SECURE_BOOT_V2_ENABLED.',
    source: 'bootloader_support/src/secure_boot_v1/secure_boot.c, esp_secure_boot_permanently_enable',
  },
  {
    check: 'start-p192',
    options: ['ESP_ECDSA_ENABLE_P192_CURVE'],
    chips: ['esp32h2', 'esp32h21'],
    versions: { from: '6.0', within: { '5.4': [3, 99], '5.5': [0, 99] } },
    breaks: ({ value, frozen }) => {
      const mode = value('ECDSA_CURVE_MODE');
      // 1 and 2 take P-192 already; 3 is locked to P-256
      return mode !== null && (mode === 3 || (mode === 0 && frozen('ECDSA_CURVE_MODE')))
        ? 'the start would have to let the ECDSA peripheral take P-192, and Secure Boot has frozen its curves'
        : null;
    },
    remedy: 'Build without CONFIG_ESP_ECDSA_ENABLE_P192_CURVE.',
    source:
      'esp_security/src/init.c, esp_security_init; efuse/src/esp_efuse_fields.c, esp_efuse_enable_ecdsa_p192_curve_mode',
  },
  {
    check: 'start-constant-time',
    options: ['ESP_CRYPTO_FORCE_ECC_CONSTANT_TIME_POINT_MUL'],
    versions: { from: '5.4' },
    breaks: (context) => frozenBelow('ECC_FORCE_CONST_TIME', 1, context),
    remedy: 'Leave ECC_FORCE_CONST_TIME to the plan, or build without the option.',
    source: 'esp_security/src/init.c, esp_security_init',
  },
  {
    check: 'start-hardware-nonce',
    options: [],
    chips: ['esp32h2'],
    versions: { from: '5.1' },
    breaks: (context) => {
      const { identity } = context.recipe;
      return identity !== null && curveOfKey(identity.key) !== null
        ? frozenBelow('ECDSA_FORCE_USE_HARDWARE_K', 1, context)
        : null;
    },
    remedy: 'Leave ECDSA_FORCE_USE_HARDWARE_K to the plan.',
    source: startup,
  },
  {
    check: 'start-cpu-speed',
    options: ['ESP_DEFAULT_CPU_FREQ_MHZ_240'],
    chips: ['esp32c5'],
    versions: { from: '6.0', within: { '5.5': [2, 99] } },
    breaks: ({ recipe }) =>
      recipe.flashEncryption === null
        ? null
        : 'with flash encryption the start ends at more than 160 MHz (manual encrypted writes are not stable there)',
    remedy: 'Build with CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_160.',
    source: 'esp_security/src/init.c, esp_security_init; ESP32-C5 SoC errata',
  },
  {
    check: 'start-psram-exempt',
    options: ['SPIRAM_ENC_EXEMPT'],
    breaks: ({ recipe }) =>
      recipe.flashEncryption === null || recipe.purpose !== 'production'
        ? null
        : 'a part of the external RAM lies in clear for whoever holds the device, which flash encryption promises it does not',
    remedy: 'Build without CONFIG_SPIRAM_ENC_EXEMPT.',
    source: 'esp_psram/Kconfig.spiram.common; esp_psram/system_layer/esp_psram.c, s_psram_mapping',
  },
  {
    check: 'start-flash-over-16',
    options: [],
    chips: ['esp32c6', 'esp32h2'],
    versions: { from: '5.4' },
    breaks: ({ statedFlash }) =>
      (statedFlash ?? 0) > 0x1000000
        ? "the bootloader's header states more than 16 MB of flash, which the start refuses on this chip"
        : null,
    remedy: 'Set CONFIG_ESPTOOLPY_FLASHSIZE to 16 MB or less.',
    source: 'spi_flash/flash_ops.c, esp_mspi_32bit_address_flash_feature_check',
  },
  {
    check: 'start-flash-over-16',
    options: [],
    chips: ['esp32p4'],
    versions: { from: '5.4' },
    breaks: ({ statedFlash, recipe }) =>
      (statedFlash ?? 0) > 0x1000000 && recipe.silicon.min < 1
        ? "the bootloader's header states more than 16 MB of flash, which the start refuses on silicon v0.0"
        : null,
    remedy: 'Raise silicon.min, or set CONFIG_ESPTOOLPY_FLASHSIZE to 16 MB or less.',
    source: 'spi_flash/flash_ops.c, esp_mspi_32bit_address_flash_feature_check',
  },
  ...(
    [
      [['esp32c5', 'esp32c61'], { upTo: '5.4', within: { '5.5': [0, 0] } }, '5.5.1'],
      [['esp32p4'], { upTo: '5.4', within: { '5.5': [0, 4], '6.0': [0, 1] } }, '5.5.5 or 6.0.2'],
    ] as const
  ).map(
    ([chips, versions, needed]): StartUpRule => ({
      check: 'start-recovery',
      options: [],
      chips,
      versions,
      by: 'bootloader',
      breaks: ({ recipe }) =>
        typeof recipe.bootloader?.recovery === 'number'
          ? "a bootloader of this version that the ROM loads from the recovery place reads its header from the first one's place, which then holds no sound one: it would not get on"
          : null,
      remedy: `Build with ESP-IDF ${needed} or later, or leave bootloader.recovery out.`,
      source: 'bootloader_support/src/bootloader_init.c, bootloader_read_bootloader_header',
    }),
  ),
  {
    check: 'start-already-enabled',
    options: ['SECURE_FLASH_REQUIRE_ALREADY_ENABLED'],
    breaks: ({ recipe }) =>
      recipe.flashEncryption === null
        ? 'the bootloader starts nothing without flash encryption, and the recipe has none'
        : null,
    remedy: 'Add flash_encryption to the recipe, or build without the option.',
    source: 'bootloader_support/src/flash_encryption/flash_encrypt.c, esp_flash_encrypt_check_and_update',
  },
  {
    check: 'start-secure-boot-unasked',
    options: ['SECURE_BOOT_V2_ENABLED'],
    breaks: ({ recipe, is, isSigned }) => {
      if (recipe.secureBoot !== null) return null;
      if (is('SECURE_BOOT_REQUIRE_ALREADY_ENABLED'))
        return 'the bootloader starts nothing without Secure Boot, and the recipe has none';
      return isSigned('bootloader') && isSigned('app')
        ? null
        : 'the bootloader switches Secure Boot on by itself, finds no signature to take the key from, and starts nothing; the recipe has no secure_boot that would sign';
    },
    remedy: 'Add secure_boot to the recipe, or build without CONFIG_SECURE_BOOT.',
    source: 'bootloader_support/src/secure_boot_v2/secure_boot.c, esp_secure_boot_v2_permanently_enable',
  },
  {
    check: 'start-keys-together',
    options: ['SECURE_BOOT_FLASH_ENC_KEYS_BURN_TOGETHER'],
    breaks: ({ recipe }) =>
      (recipe.secureBoot === null) === (recipe.flashEncryption === null)
        ? null
        : `the bootloader starts nothing where only one of Secure Boot and flash encryption is on (their keys share a block), and the recipe has ${recipe.secureBoot === null ? 'flash_encryption without secure_boot' : 'secure_boot without flash_encryption'}`,
    remedy: 'Ask for both in the recipe, or build for the one alone.',
    source: 'bootloader_support/src/bootloader_utility.c, load_image',
  },
  {
    check: 'start-tee-storage',
    options: ['SECURE_TEE_SEC_STG_MODE_RELEASE'],
    breaks: ({ recipe, number }) => {
      const block = number('SECURE_TEE_SEC_STG_EFUSE_HMAC_KEY_ID');
      if (recipe.hmacUp && recipe.slots['hmac-up'] === block) return null;
      const place = Number.isNaN(block) ? 'a key block' : `key block ${block}`;
      return `its TEE derives the keys of its secure storage from the HMAC key in ${place}, and the recipe ${recipe.hmacUp ? 'does not put its HMAC key there' : 'burns none'}: each start ends before the application`;
    },
    remedy: 'Set hmac_up to true and slots.hmac-up to CONFIG_SECURE_TEE_SEC_STG_EFUSE_HMAC_KEY_ID.',
    source:
      'esp_tee/subproject/main/core/esp_tee_init.c, esp_tee_init; components/tee_sec_storage/tee_sec_storage.c, read_security_cfg_hmac',
  },
  {
    check: 'start-unsigned',
    options: ['SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT'],
    breaks: ({ recipe, isSigned }) =>
      recipe.secureBoot !== null || isSigned('app')
        ? null
        : 'the application checks its own signature at its start, and neither the build nor the recipe signs it',
    remedy: 'Add secure_boot to the recipe, give a signed build, or build without CONFIG_SECURE_SIGNED_ON_UPDATE.',
    source: 'bootloader_support/src/secure_boot.c, check_signature_on_update_check',
  },
];
