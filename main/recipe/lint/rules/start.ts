import { plainCoreDump, type RuleGroup } from './row.ts';

export const storageRules: RuleGroup = {
  section: 'Secure Storage',
  rows: [
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
      'Set it off, or flag the coredump partition as encrypted in partitions.csv.',
      { when: plainCoreDump },
    ],
  ],
};

export const updateRules: RuleGroup = {
  section: 'Secure OTA Updates',
  rows: [
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
  ],
};

export const antiRollbackRules: RuleGroup = {
  section: 'Anti-Rollback Protection',
  rows: [
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
  ],
};

export const startRules: RuleGroup = {
  section: 'Goals: only trusted code runs',
  rows: [
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
  ],
};
