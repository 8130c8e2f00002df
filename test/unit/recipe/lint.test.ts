import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EspImage, Firmware, Partition } from '../../../main/image/types.ts';
import {
  advisories,
  advisoriesDate,
  chipAdvisories,
  endsOfLife,
  isUpTo,
  parseIdfVersion,
} from '../../../main/recipe/lint/advisories.ts';
import { lintChecks, lintFirmware, rulesKept } from '../../../main/recipe/lint/lint.ts';
import { lintRules } from '../../../main/recipe/lint/rules.ts';
import { parseSdkconfig } from '../../../main/recipe/lint/sdkconfig.ts';
import { loadRecipe, loadRecipeText } from '../../../main/recipe/load.ts';
import type { Recipe } from '../../../main/recipe/types.ts';

const root = join(import.meta.dirname, '../../..');
const recipeFile = join(root, 'station-config/recipes/esp32p4-production.yaml');
const production = loadRecipe(recipeFile).recipe!;

const firmware = (sdkconfig: string | null, idfVersion = 'v5.5.6'): Firmware => ({
  parts: [
    {
      name: 'ota_0',
      kind: 'app',
      offset: 0x20000,
      room: 0,
      data: new Uint8Array(),
      file: 'app.bin',
      image: { app: { idfVersion } } as EspImage,
      partition: null,
    },
  ],
  table: { partitions: [], md5: true },
  tableOffset: 0x8000,
  sdkconfig,
});
const lint = (recipe: Recipe, sdkconfig: string | null, idfVersion?: string) =>
  lintFirmware(recipe, firmware(sdkconfig, idfVersion));
const checksOf = (recipe: Recipe, sdkconfig: string | null, idfVersion?: string) =>
  lint(recipe, sdkconfig, idfVersion).map(({ check }) => check);

test('an sdkconfig is read with its lines; of a name that stands twice the first counts', () => {
  const { options, idfVersion } = parseSdkconfig(
    '#\n# Espressif IoT Development Framework (ESP-IDF) 5.5.4 Project Configuration\n#\nCONFIG_A=y\n# CONFIG_B is not set\r\nCONFIG_C="text"\nCONFIG_D=-1\nCONFIG_A=n\nnonsense\n# CONFIG_E\n',
  );
  assert.equal(idfVersion, '5.5.4');
  assert.deepEqual(
    [...options],
    [
      ['A', { value: 'y', line: 4 }],
      ['B', { value: 'n', line: 5 }],
      ['C', { value: 'text', line: 6 }],
      ['D', { value: '-1', line: 7 }],
    ],
  );
});

test('every rule is broken by each of its options, in both generations of names, and kept without', () => {
  // Recipes and surroundings in which between them every rule holds.
  const recipes: readonly Recipe[] = [
    production,
    { ...production, secureVersion: 1, secureBoot: { ...production.secureBoot!, keys: [{ label: 'one' }] } },
    { ...production, identity: { ...production.identity!, key: 'rsa-3072' } },
    { ...production, chip: 'esp32' },
  ];
  const around = ['SECURE_BOOT', 'SECURE_FLASH_ENC_ENABLED'];
  for (const { check, section, options, want, reason } of lintRules) {
    assert.ok(section !== '');
    assert.match(check, /^lint-[a-z0-9-]+$/);
    assert.ok(check in lintChecks);
    assert.doesNotMatch(reason, /[.]$/);
    for (const option of options) {
      assert.match(option, /^[A-Z0-9_]+$/);
      const rest = around.map((name) => (options.includes(name) ? '' : `CONFIG_${name}=y\n`)).join('');
      const [on, off] = [`CONFIG_${option}=y\n${rest}`, `# CONFIG_${option} is not set\n${rest}`];
      const [broken, kept] = want === 'y' ? [off, on] : [on, off];
      const told = recipes.flatMap((recipe) => lint(recipe, broken).filter((finding) => finding.check === check));
      assert.ok(told.length > 0, `${check} by ${option}`);
      for (const finding of told) {
        assert.deepEqual([finding.file, finding.line, finding.waivable], ['sdkconfig', 1, true]);
        assert.equal(finding.section, section);
        assert.ok(finding.what.startsWith(`CONFIG_${option} is ${want === 'y' ? 'off' : 'on'}: `), finding.what);
      }
      for (const recipe of recipes) {
        assert.ok(!checksOf(recipe, kept).includes(check), `${check} without ${option}`);
        assert.ok(!rulesKept(recipe, firmware(broken)).includes(check), `${check} is not kept with ${option}`);
      }
      assert.ok(
        recipes.some((recipe) => rulesKept(recipe, firmware(kept)).includes(check)),
        `${check} is known to be kept`,
      );
    }
  }
  assert.equal(new Set(lintRules.map(({ check }) => check)).size, lintRules.length, 'each check has one rule');
});

test('what would make a device useless is an error that cannot be waived', () => {
  const key = lint(production, 'CONFIG_SECURE_FLASH_ENC_ENABLED=y\nCONFIG_SECURE_FLASH_ENCRYPTION_AES128=y\n');
  const scheme = lint(production, 'CONFIG_SECURE_BOOT=y\nCONFIG_SECURE_SIGNED_APPS_ECDSA_V2_SCHEME=y\n');
  for (const [findings, check] of [
    [key, 'lint-flash-encryption-key-size'],
    [scheme, 'lint-secure-boot-scheme'],
  ] as const) {
    const [finding] = findings.filter(({ severity }) => severity === 'error');
    assert.deepEqual([finding?.check, finding?.waivable, finding?.line], [check, false, 2]);
  }
  const derived = { ...production, flashEncryption: { key: 'xts-aes-128-derived', mode: 'release' } } as Recipe;
  const size = (form: string) => `CONFIG_SECURE_FLASH_ENC_ENABLED=y\nCONFIG_SECURE_FLASH_ENCRYPTION_AES128${form}=y\n`;
  assert.ok(checksOf(derived, size('')).includes('lint-flash-encryption-key-size'));
  assert.ok(!checksOf(derived, size('_DERIVED')).includes('lint-flash-encryption-key-size'));
  const fitting =
    'CONFIG_SECURE_FLASH_ENC_ENABLED=y\nCONFIG_SECURE_FLASH_ENCRYPTION_AES256=y\nCONFIG_SECURE_BOOT=y\nCONFIG_SECURE_SIGNED_APPS_RSA_SCHEME=y\n';
  assert.deepEqual(
    lint(production, fitting).filter(({ severity }) => severity === 'error'),
    [],
  );
});

test('what recipe and build do not agree on', () => {
  const text = (...options: string[]) => options.map((option) => `CONFIG_${option}\n`).join('');
  const bare = { ...production, secureBoot: null, flashEncryption: null };
  assert.ok(checksOf(bare, text('SECURE_BOOT=y')).includes('lint-secure-boot-unasked'));
  assert.ok(checksOf(bare, text('SECURE_FLASH_ENC_ENABLED=y')).includes('lint-flash-encryption-unasked'));
  assert.ok(
    checksOf(bare, text('FLASH_ENCRYPTION_ENABLED=y')).includes('lint-flash-encryption-unasked'),
    'by its old name',
  );
  const leaves = { ...production, secureBoot: { ...production.secureBoot!, revokeUnused: false } };
  const revokes = (recipe: Recipe, ...more: string[]) =>
    checksOf(recipe, text('SECURE_BOOT=y', ...more)).includes('lint-unused-digests-other');
  assert.ok(revokes(leaves));
  assert.ok(!revokes(leaves, 'SECURE_BOOT_ALLOW_UNUSED_DIGEST_SLOTS=y'));
  assert.ok(!revokes(production));
  const doors = (downloadMode: Recipe['doors']['downloadMode'], option: string) =>
    checksOf({ ...production, doors: { ...production.doors, downloadMode } }, text(option)).includes(
      'lint-download-mode-other',
    );
  assert.ok(doors('secure', 'SECURE_DISABLE_ROM_DL_MODE=y'));
  assert.ok(doors('disabled', 'SECURE_ENABLE_SECURE_ROM_DL_MODE=y'));
  assert.ok(!doors('disabled', 'SECURE_DISABLE_ROM_DL_MODE=y'));
  const nvs = (hmacUp: boolean, slot: number | undefined, id: number) =>
    checksOf(
      { ...production, hmacUp, slots: slot === undefined ? {} : { 'hmac-up': slot } },
      text('NVS_ENCRYPTION=y', 'NVS_SEC_KEY_PROTECT_USING_HMAC=y', `NVS_SEC_HMAC_EFUSE_KEY_ID=${id}`),
    ).includes('lint-nvs-hmac-key');
  assert.deepEqual(
    [nvs(true, 3, 3), nvs(true, 3, 2), nvs(true, undefined, 3), nvs(false, 3, 3), nvs(true, 0, -1)],
    [false, true, true, true, true],
  );
});

test('a development recipe is told the same as notes, but for what would make a device useless', () => {
  const development: Recipe = { ...production, purpose: 'development' };
  const text = '# CONFIG_SECURE_BOOT is not set\nCONFIG_EFUSE_VIRTUAL=y\n';
  assert.deepEqual(checksOf(development, text), checksOf(production, text));
  assert.ok(lint(development, text).every(({ severity }) => severity === 'info'));
  assert.ok(lint(production, text).some(({ severity }) => severity === 'warning'));
});

test('versions of ESP-IDF', () => {
  const release = { prerelease: false, later: false };
  assert.deepEqual(parseIdfVersion('v5.5.4-12-gabcdef'), { branch: '5.5', bugfix: 4, ...release, later: true });
  assert.deepEqual(parseIdfVersion('6.0'), { branch: '6.0', bugfix: 0, ...release });
  for (const text of ['v5.3.2-dirty', '5.3.2.241224', 'v5.3.2+local', 'esp-idf: v5.3.2 38eeba213a', ' V5.3.2 '])
    assert.deepEqual(parseIdfVersion(text), { branch: '5.3', bugfix: 2, ...release }, text);
  assert.equal(parseIdfVersion('v6.1-dev-1234-g0123')?.prerelease, true);
  assert.equal(parseIdfVersion('5.4-rc1')?.prerelease, true);
  for (const text of ['', 'HEAD-HASH-NOTFOUND', '5']) assert.equal(parseIdfVersion(text), null);
  assert.deepEqual(
    [isUpTo('4.4', '5.2'), isUpTo('5.2', '5.2'), isUpTo('5.10', '5.2'), isUpTo('6.0', '5.2')],
    [true, true, false, false],
  );
  const versionChecks = (
    version: string,
    sdkconfig = 'CONFIG_HTTPD_WS_SUPPORT=y\nCONFIG_SECURE_ENABLE_TEE=y\nCONFIG_ESP_WIFI_ENABLED=y\n',
  ) => checksOf(production, sdkconfig, version).filter((check) => /idf|cve/.test(check));
  for (const fixed of ['v5.5.5', 'v5.5.6', 'v6.0.2']) assert.deepEqual(versionChecks(fixed), []);
  // Of which no release with the fix is known: told of every one that has the code.
  const unfixed = (version: string, config = 'CONFIG_SECURE_ENABLE_TEE=y\n', chip: Recipe['chip'] = 'esp32c6') =>
    checksOf({ ...production, chip }, config, version).includes('lint-cve-2026-113780');
  for (const version of ['v5.5', 'v5.5.5', 'v5.5.6', 'v6.0.2', 'v6.1']) assert.ok(unfixed(version), version);
  for (const version of ['v5.4.5', 'v6.2']) assert.ok(!unfixed(version), version);
  assert.ok(!unfixed('v5.5.5', 'CONFIG_ESP_WIFI_ENABLED=y\n'));
  assert.ok(!unfixed('v5.5.5', 'CONFIG_SECURE_ENABLE_TEE=y\n', 'esp32p4'));
  const classic = (version: string, chip: Recipe['chip'] = 'esp32') =>
    checksOf({ ...production, chip }, 'CONFIG_BT_CLASSIC_ENABLED=y\n', version).includes('lint-cve-2026-81507');
  for (const version of ['v5.2.7', 'v5.3.5', 'v5.4.4', 'v5.5.4', 'v6.0.2']) assert.ok(classic(version), version);
  for (const version of ['v5.2.8', 'v5.3.6', 'v5.4.5', 'v5.5.5', 'v6.0.3']) assert.ok(!classic(version), version);
  assert.ok(!classic('v5.5.4', 'esp32c3'));
  const picture = 'lint-cve-2026-55687';
  assert.deepEqual(versionChecks('v5.5.2'), [
    'lint-cve-2026-25532',
    'lint-cve-2026-45541',
    'lint-cve-2026-45328',
    'lint-cve-2026-45329',
    picture,
  ]);
  assert.deepEqual(versionChecks('v5.5.4'), [
    'lint-cve-2026-45541',
    'lint-cve-2026-45328',
    'lint-cve-2026-45329',
    picture,
  ]);
  assert.deepEqual(versionChecks('v5.5.4', '# CONFIG_HTTPD_WS_SUPPORT is not set\n'), [picture]);
  assert.deepEqual(versionChecks('v5.5.4', 'CONFIG_ESP_PROTOCOMM_SUPPORT_SECURITY_VERSION_2=y\n'), [
    'lint-cve-2026-45542',
    picture,
  ]);
  assert.deepEqual(versionChecks('v5.2.8'), ['lint-idf-end-of-life']);
  // the tag lies behind 6.0, whose first release has it: it may be there
  assert.deepEqual(versionChecks('v6.1-dev-5', '# CONFIG_HTTPD_WS_SUPPORT is not set\n'), [
    'lint-idf-prerelease',
    picture,
  ]);
  for (const text of ['', 'b4d1c0d', 'HEAD-HASH-NOTFOUND'])
    assert.deepEqual(versionChecks(text), ['lint-idf-version-unknown'], text);
  for (const [version, ended] of [
    ['v4.4.7', /since 2024-07/],
    ['v5.0.9', /5\.1, a later one, ended in 2025-12/],
  ] as const) {
    const told = lint(production, 'CONFIG_A=y\n', version).find(({ check }) => check === 'lint-idf-end-of-life');
    assert.match(told?.what ?? '', ended);
    assert.equal(told?.section, 'Software Updates');
  }
  // Only the P4 has the JPEG decoder; and whether an application uses it no option tells: a note.
  assert.ok(!checksOf({ ...production, chip: 'esp32s3' }, 'CONFIG_A=y\n', 'v5.5.4').includes(picture));
  assert.equal(lint(production, 'CONFIG_A=y\n', 'v5.5.4').find(({ check }) => check === picture)?.severity, 'info');
  // Without an sdkconfig nobody knows what is in the build: a note.
  const unknown = lint(production, null, 'v5.5.4');
  assert.ok(unknown.every(({ severity }) => severity === 'info'));
  assert.ok(unknown.some(({ check }) => check === 'lint-no-sdkconfig'));
  assert.ok(unknown.some(({ check }) => check === 'lint-cve-2026-45541'));
});

test('what is published against a chip concerns the recipes that use it', () => {
  const of = (recipe: Recipe) => checksOf(recipe, 'CONFIG_A=y\n').filter((check) => /^lint-ar/.test(check));
  const boot = production.secureBoot!;
  assert.deepEqual(of(production), []);
  assert.deepEqual(of({ ...production, secureBoot: { ...boot, scheme: 'ecdsa-p256' } }), ['lint-ar2026-006']);
  assert.deepEqual(of({ ...production, chip: 'esp32s3' }), ['lint-ar2026-005', 'lint-ar2022-003']);
  assert.deepEqual(of({ ...production, chip: 'esp32c3', flashEncryption: null }), ['lint-ar2023-007']);
  assert.deepEqual(of({ ...production, chip: 'esp32c3', flashEncryption: null, secureBoot: null }), []);
});

test('an option that a chip cannot do without is no finding', () => {
  const text = 'CONFIG_SECURE_BOOT_INSECURE=y\nCONFIG_SECURE_BOOT_V2_FORCE_ENABLE_ECDSA=y\n';
  const of = (chip: Recipe['chip']) =>
    checksOf({ ...production, chip }, text).filter((check) => /insecure|force-ecdsa/.test(check));
  assert.deepEqual(of('esp32c61'), []);
  assert.deepEqual(of('esp32p4'), ['lint-secure-boot-insecure', 'lint-secure-boot-force-ecdsa']);
});

test('what the partition table must have for the options of the build', () => {
  const row = (subtype: number, encrypted = false, type = 1): Partition => ({
    name: `p${type}-${subtype}`,
    type,
    subtype,
    offset: 0,
    size: 0x1000,
    encrypted,
    readonly: false,
  });
  const of = (sdkconfig: string, partitions: readonly Partition[], recipe = production) =>
    lintFirmware(recipe, { ...firmware(sdkconfig), table: { partitions, md5: true } }).map(({ check }) => check);
  const dump = 'CONFIG_ESP_COREDUMP_ENABLE_TO_FLASH=y\n';
  assert.ok(of(dump, [row(3)]).includes('lint-coredump'));
  assert.ok(!of(dump, [row(3, true)]).includes('lint-coredump'));
  assert.ok(of(dump, [row(3, true)], { ...production, flashEncryption: null }).includes('lint-coredump'));
  const keys = 'CONFIG_NVS_ENCRYPTION=y\nCONFIG_NVS_SEC_KEY_PROTECT_USING_FLASH_ENC=y\n';
  assert.ok(of(keys, []).includes('lint-nvs-keys-partition'));
  assert.ok(!of(keys, [row(4, true)]).includes('lint-nvs-keys-partition'));
  const rollback = 'CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=y\n';
  assert.ok(of(rollback, [row(0x10, false, 0)]).includes('lint-anti-rollback-slots'));
  assert.ok(!of(rollback, [row(0x10, false, 0), row(0x11, false, 0)]).includes('lint-anti-rollback-slots'));
  const silent = 'CONFIG_BOOT_ROM_LOG_ALWAYS_OFF=y\n';
  assert.ok(of(silent, []).includes('lint-rom-log'));
  assert.ok(!of(silent, [], { ...production, efuses: { UART_PRINT_CONTROL: 3 } }).includes('lint-rom-log'));
});

test('old branches have what the page of ESP-IDF lists of their time', () => {
  const has = (version: string, option: string) =>
    checksOf(production, `CONFIG_${option}=y\n`, version).filter((check) => check.startsWith('lint-cve-'));
  const rollback = 'lint-cve-2024-28183';
  assert.ok(has('v5.1.3', 'BOOTLOADER_APP_ANTI_ROLLBACK').includes(rollback));
  assert.ok(has('v5.0.6', 'APP_ANTI_ROLLBACK').includes(rollback));
  assert.ok(!has('v5.1.4', 'BOOTLOADER_APP_ANTI_ROLLBACK').includes(rollback));
  assert.ok(!has('v5.1.3', 'HTTPD_WS_SUPPORT').includes(rollback));
  assert.ok(has('v4.4.1', 'BLE_MESH').includes('lint-cve-2022-24893'));
  assert.ok(!has('v4.4.2', 'BLE_MESH').includes('lint-cve-2022-24893'));
});

test('the table of advisories is dated and well formed', () => {
  assert.match(advisoriesDate, /^20\d\d-\d\d-\d\d$/);
  for (const { id, source } of chipAdvisories) {
    assert.match(id, /^AR\d{4}-\d+$/);
    assert.ok(source.includes(id));
  }
  assert.deepEqual(
    endsOfLife.map(({ branch }) => branch),
    endsOfLife.map(({ branch }) => branch).toSorted((a, b) => (isUpTo(a, b) ? -1 : 1)),
  );
  for (const { id, fixed, options, source } of advisories) {
    assert.match(id, /^CVE-\d{4}-\d+$/);
    assert.ok(source !== '');
    for (const [branch, bugfix] of Object.entries(fixed)) {
      assert.match(branch, /^\d+\.\d+$/);
      assert.ok(Number.isInteger(bugfix) && bugfix >= 0);
    }
    for (const option of options) assert.match(option, /^[A-Z0-9_]+$/);
  }
});

test('a finding of the build can be waived by name in the recipe', () => {
  const waiver = 'waivers:\n  - check: lint-coredump\n    reason: the partition is encrypted\n';
  const { findings } = loadRecipeText(readFileSync(recipeFile, 'utf8') + waiver, recipeFile);
  assert.ok(!findings.some(({ check }) => check === 'unknown-waiver'));
});
