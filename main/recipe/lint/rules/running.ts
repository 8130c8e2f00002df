import { curveOfKey, rsaBitsOfKey } from '../../../model/identity.ts';
import type { RuleGroup } from './row.ts';

export const memoryRules: RuleGroup = {
  section: 'Memory Protection',
  rows: [
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
      'lint-stack-check',
      ['COMPILER_STACK_CHECK_MODE_NONE', 'STACK_CHECK_NONE'],
      'n',
      'warning',
      'a buffer overflow goes unnoticed without stack canaries',
      'Choose COMPILER_STACK_CHECK_MODE_NORM or stronger.',
    ],
    ['lint-stack-guard', ['ESP_SYSTEM_HW_STACK_GUARD'], 'y', 'warning', 'a stack overflow goes unnoticed'],
  ],
};

export const debugRules: RuleGroup = {
  section: 'Debug Interfaces',
  rows: [
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
      'lint-assertions',
      ['COMPILER_OPTIMIZATION_ASSERTIONS_ENABLE', 'OPTIMIZATION_ASSERTIONS_ENABLED'],
      'n',
      'info',
      'failed assertions tell files and lines',
      'Choose COMPILER_OPTIMIZATION_ASSERTIONS_SILENT.',
    ],
  ],
};

export const sideChannelRules: RuleGroup = {
  section: 'DPA Protection',
  rows: [
    ['lint-dpa', ['ESP_CRYPTO_DPA_PROTECTION_AT_STARTUP'], 'y', 'warning', 'it hides keys in use from power analysis'],
    [
      'lint-ecc-constant-time',
      ['ESP_CRYPTO_FORCE_ECC_CONSTANT_TIME_POINT_MUL'],
      'y',
      'info',
      'the time of a point multiplication tells of its secret',
    ],
    [
      'lint-aes-pseudo-rounds',
      ['MBEDTLS_AES_USE_PSEUDO_ROUND_FUNC'],
      'y',
      'info',
      'dummy rounds of the AES engine hide the keys of the application from power analysis',
    ],
  ],
};

export const identityRules: RuleGroup = {
  section: 'Device Identity',
  rows: [
    [
      'lint-ecdsa-peripheral',
      ['MBEDTLS_HARDWARE_ECDSA_SIGN'],
      'y',
      'warning',
      'the device key lies in eFuses, where only the ECDSA peripheral can use it',
      '',
      { when: ({ recipe }) => recipe.identity !== null && curveOfKey(recipe.identity.key) !== null },
    ],
    [
      'lint-rsa-ds-peripheral',
      ['MBEDTLS_HARDWARE_RSA_DS_PERIPHERAL', 'ESP_TLS_USE_DS_PERIPHERAL'],
      'y',
      'warning',
      'the RSA device key is encrypted for the Digital Signature peripheral, which alone can use it',
      '',
      { when: ({ recipe }) => recipe.identity !== null && rsaBitsOfKey(recipe.identity.key) !== null },
    ],
  ],
};

export const tlsRules: RuleGroup = {
  section: 'Transport Layer Security',
  rows: [
    ['lint-ota-http', ['ESP_HTTPS_OTA_ALLOW_HTTP', 'OTA_ALLOW_HTTP'], 'n', 'warning', 'updates must come over TLS'],
    [
      'lint-tls-weak-verification',
      ['MBEDTLS_ALLOW_WEAK_CERTIFICATE_VERIFICATION'],
      'n',
      'warning',
      'a certificate for any name would do',
    ],
    [
      'lint-tls-insecure',
      ['ESP_TLS_INSECURE', 'ESP_TLS_SKIP_SERVER_CERT_VERIFY'],
      'n',
      'warning',
      'TLS without a check of the server protects from nobody',
    ],
  ],
};

export const wifiRules: RuleGroup = {
  section: 'Wi-Fi',
  rows: [
    [
      'lint-wpa3',
      ['ESP_WIFI_ENABLE_WPA3_SAE', 'ESP32_WIFI_ENABLE_WPA3_SAE'],
      'y',
      'info',
      'WPA3 keeps a recorded handshake from being guessed at leisure',
    ],
  ],
};

export const provisioningRules: RuleGroup = {
  section: 'Secure Provisioning',
  rows: [
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
  ],
};
