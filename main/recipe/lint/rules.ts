import type { ChipKind } from '../../model/chip.ts';
import type { Recipe } from '../types.ts';

/** What a rule may look at beside its own option. */
export interface LintContext {
  readonly recipe: Recipe;
  readonly chip: ChipKind;
  /** Whether any of these options is on. */
  is(...options: string[]): boolean;
}

/** One line of the guide about one option of a build. */
export interface LintRule {
  /** Name by which it can be waived. */
  readonly check: string;
  /** Without CONFIG_: today's name first, then those of older versions of ESP-IDF. */
  readonly options: readonly string[];
  /** `y`: one of them must be on; `n`: none may be. */
  readonly want: 'y' | 'n';
  readonly severity: 'warning' | 'info';
  /** Why the guide asks for it. */
  readonly reason: string;
  /** What to do; empty: set the option as wanted. */
  readonly remedy: string;
  /** Where the rule holds; everywhere without it. A wanted option that is nowhere in the file is told only where this says so. */
  readonly when?: (context: LintContext) => boolean;
  /** Whether an option that is not in the file at all counts as off. Kconfig leaves out what a build cannot have. */
  readonly absentIsOff?: boolean;
}

const secureBoot = ({ recipe }: LintContext) => recipe.secureBoot !== null;
const encryption = ({ recipe }: LintContext) => recipe.flashEncryption !== null;
const encryptedBuild = (context: LintContext) => context.is('SECURE_FLASH_ENC_ENABLED', 'FLASH_ENCRYPTION_ENABLED');
/** Chips whose only Secure Boot is ECDSA: they have nothing better to choose. */
const ecdsaOnly: readonly ChipKind[] = ['esp32c61'];

type Row = readonly [
  check: string,
  options: readonly string[],
  want: 'y' | 'n',
  severity: 'warning' | 'info',
  reason: string,
  remedy?: string,
  more?: Pick<LintRule, 'when' | 'absentIsOff'>,
];

/** FACTS 14.3; the reasons are those of the Security overview of ESP-IDF and of the options' own help. */
const rows: readonly Row[] = [
  // Secure Boot
  [
    'lint-secure-boot',
    ['SECURE_BOOT'],
    'y',
    'warning',
    'the ROM verifies the bootloader, but only a bootloader that is built for Secure Boot verifies the application',
    '',
    { when: secureBoot, absentIsOff: true },
  ],
  [
    'lint-secure-boot-v2',
    ['SECURE_BOOT_V2_ENABLED'],
    'y',
    'warning',
    'the station burns version 2',
    '',
    { when: (c) => secureBoot(c) && c.is('SECURE_BOOT') },
  ],
  [
    'lint-secure-boot-build-signed',
    ['SECURE_BOOT_BUILD_SIGNED_BINARIES'],
    'n',
    'warning',
    'the signing key must not lie on the build host; the token signs',
    'Set it off, and remove the key file from the build host and its repository.',
    { when: secureBoot },
  ],
  [
    'lint-secure-boot-software-only',
    ['SECURE_SIGNED_APPS_NO_SECURE_BOOT'],
    'n',
    'warning',
    'a check by the application alone can be flashed away',
  ],
  [
    'lint-secure-boot-insecure',
    ['SECURE_BOOT_INSECURE'],
    'n',
    'warning',
    'it opens every option that is meant for tests',
  ],
  [
    'lint-secure-boot-force-ecdsa',
    ['SECURE_BOOT_V2_FORCE_ENABLE_ECDSA'],
    'n',
    'warning',
    'ESP-IDF calls ECDSA Secure Boot insecure on this chip',
    '',
    { when: ({ chip }) => !ecdsaOnly.includes(chip) },
  ],
  [
    'lint-secure-boot-rd-dis',
    ['SECURE_BOOT_V2_ALLOW_EFUSE_RD_DIS', 'SECURE_BOOT_ALLOW_EFUSE_RD_DIS'],
    'n',
    'warning',
    'a digest could be hidden from the ROM later, which then boots nothing',
  ],
  ['lint-secure-boot-jtag', ['SECURE_BOOT_ALLOW_JTAG'], 'n', 'warning', 'a debugger could change what runs'],
  [
    'lint-secure-boot-short-app',
    ['SECURE_BOOT_ALLOW_SHORT_APP_PARTITION'],
    'n',
    'warning',
    'unsigned flash behind the application is mapped with it',
  ],
  [
    'lint-secure-boot-unused-slots',
    ['SECURE_BOOT_ALLOW_UNUSED_DIGEST_SLOTS'],
    'n',
    'warning',
    'an attacker could add a key of his own to an empty slot',
  ],
  [
    'lint-secure-boot-write-protection',
    ['SECURE_BOOT_SKIP_WRITE_PROTECTION_SCA'],
    'n',
    'warning',
    'an eFuse that decides on the check stays writable',
  ],
  [
    'lint-aggressive-revocation',
    ['SECURE_BOOT_ENABLE_AGGRESSIVE_KEY_REVOKE'],
    'n',
    'info',
    'with one key a glitch at start-up can make the device useless',
    '',
    { when: ({ recipe }) => (recipe.secureBoot?.keys.length ?? 0) < 2 },
  ],
  // Flash encryption
  [
    'lint-flash-encryption',
    ['SECURE_FLASH_ENC_ENABLED', 'FLASH_ENCRYPTION_ENABLED'],
    'y',
    'warning',
    'the firmware would not check that its flash is encrypted, and its bootloader not keep it so',
    '',
    { when: encryption, absentIsOff: true },
  ],
  [
    'lint-flash-encryption-development',
    ['SECURE_FLASH_ENCRYPTION_MODE_DEVELOPMENT', 'FLASH_ENCRYPTION_UART_BOOTLOADER_ALLOW_ENCRYPT'],
    'n',
    'warning',
    'development mode keeps doors for plain flashing',
    'Choose SECURE_FLASH_ENCRYPTION_MODE_RELEASE.',
    { when: ({ recipe }) => recipe.flashEncryption?.mode === 'release' },
  ],
  [
    'lint-flash-encryption-doors',
    [
      'SECURE_FLASH_UART_BOOTLOADER_ALLOW_ENC',
      'SECURE_FLASH_UART_BOOTLOADER_ALLOW_DEC',
      'SECURE_FLASH_UART_BOOTLOADER_ALLOW_CACHE',
    ],
    'n',
    'warning',
    'download mode could encrypt or decrypt for an attacker',
  ],
  [
    'lint-flash-encryption-cache',
    ['SECURE_FLASH_SKIP_WRITE_PROTECTION_CACHE'],
    'n',
    'warning',
    'a bit that can stop the device stays writable',
  ],
  [
    'lint-flash-encryption-app-check',
    ['SECURE_FLASH_CHECK_ENC_EN_IN_APP'],
    'y',
    'warning',
    'the application should refuse to run from plain flash',
    '',
    { when: encryptedBuild },
  ],
  [
    'lint-flash-encryption-source',
    ['SECURE_FLASH_ENCRYPTION_KEY_SOURCE_EFUSES'],
    'y',
    'warning',
    'the station burns the key into eFuses',
    '',
    { when: encryptedBuild },
  ],
  [
    'lint-flash-encryption-pseudo-rounds',
    ['SECURE_FLASH_PSEUDO_ROUND_FUNC'],
    'y',
    'info',
    'pseudo rounds hide the key from power analysis',
    '',
    { when: encryptedBuild },
  ],
  [
    'lint-download-mode',
    ['SECURE_INSECURE_ALLOW_DL_MODE'],
    'n',
    'warning',
    'download mode gives whoever holds the device its flash and memory',
    '',
    { when: ({ recipe }) => recipe.doors.downloadMode !== 'open' },
  ],
  // Secure storage
  [
    'lint-nvs-encryption',
    ['NVS_ENCRYPTION'],
    'y',
    'warning',
    'passwords and keys in NVS lie in clear: flash encryption leaves NVS out',
    '',
    { absentIsOff: true },
  ],
  [
    'lint-nvs-key-protection',
    ['NVS_SEC_KEY_PROTECT_NONE'],
    'n',
    'warning',
    'the keys of NVS must themselves be protected',
  ],
  [
    'lint-nvs-old-flag',
    ['NVS_COMPATIBLE_PRE_V4_3_ENCRYPTION_FLAG'],
    'n',
    'warning',
    'it takes NVS partitions whose flags contradict their encryption',
  ],
  [
    'lint-coredump',
    ['ESP_COREDUMP_ENABLE_TO_FLASH', 'ESP32_ENABLE_COREDUMP_TO_FLASH'],
    'n',
    'warning',
    'a core dump is an image of memory with all its secrets',
    'Set it off, or flag the coredump partition as encrypted and waive this.',
  ],
  // What starts
  [
    'lint-table-md5',
    ['PARTITION_TABLE_MD5'],
    'y',
    'warning',
    'the MD5 row tells a damaged partition table',
    '',
    { absentIsOff: true },
  ],
  [
    'lint-rollback',
    ['BOOTLOADER_APP_ROLLBACK_ENABLE', 'APP_ROLLBACK_ENABLE'],
    'y',
    'warning',
    'an update that does not start must be taken back',
  ],
  [
    'lint-anti-rollback',
    ['BOOTLOADER_APP_ANTI_ROLLBACK', 'APP_ANTI_ROLLBACK'],
    'y',
    'warning',
    'the recipe burns a secure version, but the bootloader would not look at it',
    '',
    { when: ({ recipe }) => recipe.secureVersion > 0, absentIsOff: true },
  ],
  [
    'lint-anti-rollback-advised',
    ['BOOTLOADER_APP_ANTI_ROLLBACK', 'APP_ANTI_ROLLBACK'],
    'y',
    'info',
    'without anti-rollback an old version with a known hole can be installed again',
    '',
    { when: ({ recipe }) => recipe.secureVersion === 0 },
  ],
  [
    'lint-efuse-emulation',
    [
      'BOOTLOADER_EFUSE_SECURE_VERSION_EMULATE',
      'EFUSE_SECURE_VERSION_EMULATE',
      'EFUSE_VIRTUAL',
      'EFUSE_VIRTUAL_KEEP_IN_FLASH',
    ],
    'n',
    'warning',
    'the firmware would take eFuses from flash: there is no security at all',
  ],
  [
    'lint-skip-validate',
    ['BOOTLOADER_SKIP_VALIDATE_ON_POWER_ON', 'BOOTLOADER_SKIP_VALIDATE_ALWAYS'],
    'n',
    'warning',
    'applications would start unverified',
  ],
  [
    'lint-skip-validate-sleep',
    ['BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP'],
    'n',
    'warning',
    'the application is not verified after deep sleep',
  ],
  [
    'lint-bootloader-pins',
    ['BOOTLOADER_APP_TEST', 'BOOTLOADER_FACTORY_RESET'],
    'n',
    'warning',
    'whoever reaches a pin starts another application or erases data: factory test code must not be in a product',
  ],
  [
    'lint-bootloader-protection',
    ['BOOTLOADER_REGION_PROTECTION_ENABLE'],
    'y',
    'warning',
    'it keeps the bootloader from running data',
  ],
  ['lint-bootloader-watchdog', ['BOOTLOADER_WDT_ENABLE'], 'y', 'warning', 'a start that hangs must end'],
  [
    'lint-bootloader-log',
    [
      'BOOTLOADER_LOG_LEVEL_INFO',
      'BOOTLOADER_LOG_LEVEL_DEBUG',
      'BOOTLOADER_LOG_LEVEL_VERBOSE',
      'LOG_BOOTLOADER_LEVEL_INFO',
      'LOG_BOOTLOADER_LEVEL_DEBUG',
      'LOG_BOOTLOADER_LEVEL_VERBOSE',
    ],
    'n',
    'info',
    'the bootloader tells an attacker how the device is built, and takes room',
    'Choose NONE or WARN.',
  ],
  [
    'lint-log-debug',
    ['LOG_DEFAULT_LEVEL_DEBUG', 'LOG_DEFAULT_LEVEL_VERBOSE'],
    'n',
    'warning',
    'debug messages give internals away, passwords among them',
    'Choose INFO or less.',
  ],
  // Running
  [
    'lint-memory-protection',
    [
      'ESP_SYSTEM_MEMPROT',
      'ESP_SYSTEM_MEMPROT_FEATURE',
      'ESP_SYSTEM_MEMPROT_FEATURE_VIA_TEE',
      'ESP_SYSTEM_PMP_IDRAM_SPLIT',
    ],
    'y',
    'warning',
    'memory that can be written must not run',
  ],
  [
    'lint-memory-protection-lock',
    ['ESP_SYSTEM_MEMPROT_PMS_LOCK', 'ESP_SYSTEM_MEMPROT_FEATURE_LOCK'],
    'y',
    'warning',
    'an attack could switch memory protection off',
  ],
  [
    'lint-memory-protection-lp',
    ['ESP_SYSTEM_MEMPROT_PMP_LP_CORE_RESERVE_MEM_EXEC', 'ESP_SYSTEM_PMP_LP_CORE_RESERVE_MEM_EXECUTABLE'],
    'n',
    'warning',
    'memory that can be written must not run',
  ],
  [
    'lint-panic',
    ['ESP_SYSTEM_PANIC_GDBSTUB', 'ESP32_PANIC_GDBSTUB', 'ESP_SYSTEM_GDBSTUB_RUNTIME'],
    'n',
    'warning',
    'a crash would open a debugger on the console',
    'Choose ESP_SYSTEM_PANIC_SILENT_REBOOT or PRINT_REBOOT.',
  ],
  [
    'lint-ocdaware',
    ['ESP_DEBUG_OCDAWARE', 'ESP32_DEBUG_OCDAWARE'],
    'n',
    'info',
    'a product has no debugger to be aware of',
  ],
  [
    'lint-stack-check',
    ['COMPILER_STACK_CHECK_MODE_NONE', 'STACK_CHECK_NONE'],
    'n',
    'warning',
    'a buffer overflow goes unnoticed without stack canaries',
    'Choose COMPILER_STACK_CHECK_MODE_NORM or stronger.',
  ],
  ['lint-stack-guard', ['ESP_SYSTEM_HW_STACK_GUARD'], 'y', 'warning', 'a stack overflow goes unnoticed'],
  [
    'lint-assertions',
    ['COMPILER_OPTIMIZATION_ASSERTIONS_ENABLE', 'OPTIMIZATION_ASSERTIONS_ENABLED'],
    'n',
    'info',
    'failed assertions tell files and lines',
    'Choose COMPILER_OPTIMIZATION_ASSERTIONS_SILENT.',
  ],
  ['lint-dpa', ['ESP_CRYPTO_DPA_PROTECTION_AT_STARTUP'], 'y', 'warning', 'it hides keys in use from power analysis'],
  [
    'lint-ecc-constant-time',
    ['ESP_CRYPTO_FORCE_ECC_CONSTANT_TIME_POINT_MUL'],
    'y',
    'info',
    'the time of a point multiplication tells of its secret',
  ],
  [
    'lint-ecdsa-peripheral',
    ['MBEDTLS_HARDWARE_ECDSA_SIGN'],
    'y',
    'warning',
    'the device key lies in eFuses, where only the ECDSA peripheral can use it',
    '',
    { when: ({ recipe }) => recipe.identity !== null },
  ],
  // Network
  ['lint-ota-http', ['ESP_HTTPS_OTA_ALLOW_HTTP', 'OTA_ALLOW_HTTP'], 'n', 'warning', 'updates must come over TLS'],
  [
    'lint-tls-insecure',
    ['ESP_TLS_INSECURE', 'ESP_TLS_SKIP_SERVER_CERT_VERIFY'],
    'n',
    'warning',
    'TLS without a check of the server protects from nobody',
  ],
  [
    'lint-protocomm-0',
    ['ESP_PROTOCOMM_SUPPORT_SECURITY_VERSION_0'],
    'n',
    'warning',
    'provisioning without encryption could be asked for',
  ],
  [
    'lint-protocomm-1',
    ['ESP_PROTOCOMM_SUPPORT_SECURITY_VERSION_1'],
    'n',
    'info',
    'the guide recommends security 2 for provisioning',
  ],
  [
    'lint-prov-dev-mode',
    ['EXAMPLE_PROV_SEC2_DEV_MODE'],
    'n',
    'warning',
    'every device would share the salt and verifier of the example',
  ],
];

export const lintRules: readonly LintRule[] = rows.map(
  ([check, options, want, severity, reason, remedy = '', more = {}]) => ({
    check,
    options,
    want,
    severity,
    reason,
    remedy,
    ...more,
  }),
);
