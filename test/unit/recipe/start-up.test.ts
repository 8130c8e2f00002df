import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import type { Firmware } from '../../../main/image/types.ts';
import { waivableChecks } from '../../../main/recipe/checks/check.ts';
import { checkStartUp } from '../../../main/recipe/checks/start-up.ts';
import { type StartUp, startUpRules } from '../../../main/recipe/checks/start-up-rules.ts';
import type { Finding } from '../../../main/recipe/finding.ts';
import { loadRecipe } from '../../../main/recipe/load.ts';
import { tablesOf } from '../../../main/recipe/plan/silicon-lines.ts';
import type { Recipe } from '../../../main/recipe/types.ts';

const recipes = join(import.meta.dirname, '../../../station-config/recipes');
const shipped = new Map<string, { recipe: Recipe; firmware: Firmware }>();

function productOf(chip: string) {
  const known = shipped.get(chip);
  if (known !== undefined) return known;
  const { loaded } = loadRecipe(join(recipes, `${chip}-production.yaml`));
  const product = { recipe: loaded!.recipe, firmware: loaded!.firmware };
  shipped.set(chip, product);
  return product;
}

interface Build {
  readonly chip: string;
  readonly version: string;
  readonly options?: readonly string[];
  readonly edit?: (recipe: Recipe) => Recipe;
  readonly stated?: number;
}

/** What the start of such a build would break on. */
function told({ chip, version, options = [], edit = (same) => same, stated }: Build): string[] {
  const product = productOf(chip);
  const recipe = edit(product.recipe);
  const sdkconfig = options.map((name) => `CONFIG_${name.includes('=') ? name : `${name}=y`}\n`).join('');
  const parts = product.firmware.parts.map((part) => {
    const image = part.image && {
      ...part.image,
      app: part.image.app && { ...part.image.app, idfVersion: version },
      header: { ...part.image.header, ...(stated === undefined ? {} : { spiSize: stated }) },
    };
    return { ...part, image };
  });
  const profile = profileOf(recipe.chip);
  const found: Partial<Finding>[] = [];
  for (const table of tablesOf(recipe, profile))
    checkStartUp(recipe, { ...product.firmware, parts, sdkconfig }, profile, table, (finding) => found.push(finding));
  for (const { what, remedy } of found) {
    assert.match(what ?? '', /^The build \(.*\) does not get on with this recipe: .*\.$/);
    assert.match(remedy ?? '', /Source: ESP-IDF components\//);
  }
  return [...new Set(found.map(({ check }) => check!))];
}

const doors = (more: Partial<Recipe['doors']>) => (recipe: Recipe) => ({
  ...recipe,
  doors: { ...recipe.doors, ...more },
});

test('secure download mode as the choice of the build where the recipe disables download mode, by version', () => {
  const options = ['SECURE_ENABLE_SECURE_ROM_DL_MODE'];
  const broken = (version: string) =>
    told({ chip: 'esp32c3', version, options, edit: doors({ downloadMode: 'disabled' }) }).includes(
      'start-secure-download',
    );
  for (const version of [
    'v4.4.8',
    'v5.0',
    'v5.1.7',
    'v5.2.6',
    'v5.3.4',
    'v5.4.3',
    'v5.5',
    'v5.5.1',
    'v5.5.1-12-gabc-dirty',
    'v5.4.3-dirty',
    '5.3.2.241224',
    'esp-idf: v4.4.7 38eeba213a',
    'v5.3-dev-3499-g636ff35b52',
    'v5.5-rc1',
    // master before 6.0 had the fault (tag v6.0-dev), its first beta had not
    'v6.0-dev-1692-g0aa7e2e5b0',
    'b4d1c0d',
    '',
  ])
    assert.ok(broken(version), version);
  for (const version of ['v5.2.7', 'v5.3.5', 'v5.4.4-dirty', 'v5.5.2', 'v5.5.2-300-gabc', 'v6.0', 'v6.1-dev', 'v6.1'])
    assert.ok(!broken(version), version);
  assert.deepEqual(told({ chip: 'esp32c3', version: 'v5.2.6', options, edit: doors({ downloadMode: 'secure' }) }), []);
  // after the door the same start ends with the same error
  const after = (recipe: Recipe): Recipe => ({
    ...doors({ downloadMode: 'disabled' })(recipe),
    bootProof: { ...recipe.bootProof, when: 'after-door' },
  });
  assert.deepEqual(told({ chip: 'esp32c3', version: 'v5.2.6', options, edit: after }), ['start-secure-download']);
});

test('a build that shuts download mode in another way than the recipe, before the station can', () => {
  const check = (option: string, downloadMode: 'secure' | 'disabled' | 'open', when: Recipe['bootProof']['when']) =>
    told({
      chip: 'esp32c3',
      version: 'v5.5.5',
      options: [option],
      edit: (recipe) => ({ ...doors({ downloadMode })(recipe), bootProof: { ...recipe.bootProof, when } }),
    });
  assert.deepEqual(check('SECURE_ENABLE_SECURE_ROM_DL_MODE', 'disabled', 'both'), ['start-other-door']);
  assert.deepEqual(check('SECURE_DISABLE_ROM_DL_MODE', 'secure', 'before-door'), ['start-other-door']);
  assert.deepEqual(check('SECURE_ENABLE_SECURE_ROM_DL_MODE', 'disabled', 'after-door'), []);
  assert.deepEqual(check('SECURE_ENABLE_SECURE_ROM_DL_MODE', 'secure', 'both'), []);
  assert.deepEqual(check('SECURE_DISABLE_ROM_DL_MODE', 'disabled', 'both'), []);
  assert.deepEqual(check('SECURE_DISABLE_ROM_DL_MODE', 'open', 'both'), []);
});

test('what the ROM prints, as the build wants it and as the recipe burns it', () => {
  const check = (option: string, romPrint: 'on' | 'silent' | 'strap-low' | 'strap-high', version = 'v5.5') =>
    told({ chip: 'esp32c3', version, options: [option], edit: doors({ romPrint }) });
  assert.deepEqual(check('BOOT_ROM_LOG_ALWAYS_OFF', 'strap-low'), ['start-rom-log']);
  assert.deepEqual(check('BOOT_ROM_LOG_ON_GPIO_HIGH', 'silent'), ['start-rom-log']);
  assert.deepEqual(check('BOOT_ROM_LOG_ALWAYS_OFF', 'silent'), []);
  assert.deepEqual(check('BOOT_ROM_LOG_ON_GPIO_LOW', 'strap-low'), []);
  assert.deepEqual(check('BOOT_ROM_LOG_ALWAYS_OFF', 'on'), [], 'then it burns it itself');
  assert.deepEqual(check('BOOT_ROM_LOG_ON_GPIO_HIGH', 'silent', 'v5.2.7'), ['start-rom-log']);
  // ESP32 has no such field; by name under `efuses` the planner refuses it altogether (efuse.door-too-early)
  assert.deepEqual(told({ chip: 'esp32', version: 'v5.5', options: ['BOOT_ROM_LOG_ALWAYS_OFF'] }), []);
});

test('the key length of Secure Boot, and its first version', () => {
  const scheme = (name: 'rsa3072' | 'ecdsa-p256' | 'ecdsa-p384') => (recipe: Recipe) => ({
    ...recipe,
    secureBoot: { ...recipe.secureBoot!, scheme: name },
  });
  const check = (length: string | null, name: 'ecdsa-p256' | 'ecdsa-p384') =>
    told({
      chip: 'esp32p4',
      version: 'v5.5.2',
      options: [
        'SECURE_SIGNED_APPS_ECDSA_V2_SCHEME',
        ...(length === null ? [] : [`SECURE_BOOT_ECDSA_KEY_LEN_${length}_BITS`]),
      ],
      edit: scheme(name),
    });
  assert.deepEqual(check('256', 'ecdsa-p384'), ['start-key-length']);
  assert.deepEqual(check(null, 'ecdsa-p384'), ['start-key-length']);
  assert.deepEqual(check('384', 'ecdsa-p256'), ['start-key-length']);
  assert.deepEqual(check('192', 'ecdsa-p256'), ['start-key-length']);
  assert.deepEqual(check('256', 'ecdsa-p256'), []);
  assert.deepEqual(check('384', 'ecdsa-p384'), []);
  assert.deepEqual(told({ chip: 'esp32', version: 'v5.3', options: ['SECURE_BOOT_V1_ENABLED'] }), [
    'start-secure-boot-v1',
  ]);
});

test('P-192 on an H2 whose curves Secure Boot freezes, from 5.4.3 and 5.5 on', () => {
  const later = (recipe: Recipe) => ({ ...recipe, silicon: { min: 102, max: 102 } });
  const check = (version: string, edit: (recipe: Recipe) => Recipe = later) =>
    told({ chip: 'esp32h2', version, options: ['ESP_ECDSA_ENABLE_P192_CURVE'], edit });
  for (const version of ['v5.4.3', 'v5.5', 'v5.5.5', 'v6.0']) assert.deepEqual(check(version), ['start-p192'], version);
  assert.deepEqual(check('v5.4.2'), []);
  assert.deepEqual(
    check('v5.5', (recipe) => ({ ...later(recipe), secureBoot: null })),
    [],
    'nothing is frozen',
  );
  assert.deepEqual(
    check('v5.5', (recipe) => ({ ...recipe, silicon: { min: 0, max: 101 } })),
    [],
    'no such field',
  );
});

test('an ESP32-C5 at 240 MHz under flash encryption, from 5.5.2 on; external RAM left in clear; flash over 16 MB', () => {
  const fast = { chip: 'esp32c5', options: ['ESP_DEFAULT_CPU_FREQ_MHZ_240'] };
  for (const version of ['v5.5.2', 'v5.5.5', 'v6.0', 'v6.0.2'])
    assert.deepEqual(told({ ...fast, version }), ['start-cpu-speed']);
  assert.deepEqual(told({ ...fast, version: 'v5.5.1' }), []);
  // as the Arduino core builds it: behind one release, and with some of the next
  assert.deepEqual(told({ ...fast, version: 'v5.5.1-710-g8410210c9a-dirty' }), ['start-cpu-speed']);
  const plain = (recipe: Recipe) => ({ ...recipe, flashEncryption: null });
  assert.deepEqual(told({ ...fast, version: 'v6.0', edit: plain }), []);
  const exempt = { chip: 'esp32p4', version: 'v5.5.5', options: ['SPIRAM_ENC_EXEMPT'] };
  assert.deepEqual(told(exempt), ['start-psram-exempt']);
  assert.deepEqual(told({ ...exempt, edit: plain }), []);
  assert.deepEqual(told({ chip: 'esp32c6', version: 'v5.4', stated: 5 }), ['start-flash-over-16']);
  assert.deepEqual(told({ chip: 'esp32c6', version: 'v5.3.5', stated: 5 }), []);
  assert.deepEqual(told({ chip: 'esp32c6', version: 'v5.4', stated: 4 }), []);
  assert.deepEqual(told({ chip: 'esp32s3', version: 'v5.4', stated: 5 }), []);
});

test('what must be burned before it freezes, is', () => {
  // the plan freezes these with Secure Boot, and burns them before: nothing to tell
  for (const chip of ['esp32c5', 'esp32h2', 'esp32p4'])
    assert.deepEqual(told({ chip, version: 'v5.5.2', options: ['ESP_CRYPTO_FORCE_ECC_CONSTANT_TIME_POINT_MUL'] }), []);
  // a plan that forgot one of them
  const forgotten: StartUp = {
    recipe: productOf('esp32h2').recipe,
    is: () => true,
    value: () => 0,
    frozen: () => true,
    statedFlash: null,
    number: () => 0,
    isSigned: () => true,
  };
  for (const check of [
    'start-constant-time',
    'start-hardware-nonce',
    'start-download-disabled',
    'start-rom-log',
    'start-secure-download',
  ])
    assert.ok(
      startUpRules.some((rule) => rule.check === check && /is frozen at 0 by then/.test(rule.breaks(forgotten) ?? '')),
      check,
    );
});

test('options that lean on what the recipe does not give', () => {
  const plain = (recipe: Recipe) => ({ ...recipe, flashEncryption: null, secureBoot: null });
  const check = (option: string, edit?: (recipe: Recipe) => Recipe) =>
    told({ chip: 'esp32c3', version: 'v5.5.5', options: [option], ...(edit ? { edit } : {}) });
  assert.deepEqual(check('SECURE_FLASH_REQUIRE_ALREADY_ENABLED', plain), ['start-already-enabled']);
  assert.deepEqual(check('SECURE_FLASH_REQUIRE_ALREADY_ENABLED'), []);
  assert.deepEqual(check('SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT', plain), ['start-unsigned']);
  assert.deepEqual(check('SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT'), []);
  assert.deepEqual(check('SECURE_BOOT_V2_ENABLED', plain), ['start-secure-boot-unasked'], 'nothing is signed');
  assert.deepEqual(check('SECURE_BOOT_V2_ENABLED'), []);
  const early = (recipe: Recipe) => ({ ...recipe, silicon: { min: 100, max: 399 } });
  const esp32 = { chip: 'esp32', version: 'v5.3', options: ['SECURE_DISABLE_ROM_DL_MODE'] };
  assert.deepEqual(told({ ...esp32, edit: early }), ['start-download-disabled']);
  assert.deepEqual(told(esp32), []);
});

test('a C2 whose two keys share a block, of which the recipe burns one', () => {
  const check = (edit: (recipe: Recipe) => Recipe) =>
    told({ chip: 'esp32c2', version: 'v5.5.5', options: ['SECURE_BOOT_FLASH_ENC_KEYS_BURN_TOGETHER'], edit });
  assert.deepEqual(
    check((recipe) => ({ ...recipe, secureBoot: null })),
    ['start-keys-together'],
  );
  assert.deepEqual(
    check((recipe) => ({ ...recipe, flashEncryption: null })),
    ['start-keys-together'],
  );
  assert.deepEqual(
    check((recipe) => recipe),
    [],
  );
});

test('the secure storage of a TEE, from a key that the recipe must burn into the block of the build', () => {
  const options = ['SECURE_TEE_SEC_STG_MODE_RELEASE'];
  const check = (edit?: (recipe: Recipe) => Recipe, block = '5') =>
    told({
      chip: 'esp32c6',
      version: 'v5.5.5',
      options: [...options, `SECURE_TEE_SEC_STG_EFUSE_HMAC_KEY_ID=${block}`],
      ...(edit ? { edit } : {}),
    });
  const at = (slot: number | undefined) => (recipe: Recipe) => ({
    ...recipe,
    hmacUp: true,
    slots: slot === undefined ? {} : { 'hmac-up': slot },
  });
  assert.deepEqual(
    check((recipe) => ({ ...recipe, hmacUp: false, slots: {} })),
    ['start-tee-storage'],
  );
  assert.deepEqual(check(at(undefined)), ['start-tee-storage']);
  assert.deepEqual(check(at(4)), ['start-tee-storage']);
  assert.deepEqual(check(at(5)), []);
  assert.deepEqual(told({ chip: 'esp32c6', version: 'v5.5.5', options: ['SECURE_TEE_SEC_STG_MODE_DEVELOPMENT'] }), []);
});

test('a rule of the bootloader goes by the version of the bootloader', () => {
  const { recipe, firmware } = productOf('esp32c5');
  const parts = firmware.parts.map((part) =>
    part.kind === 'bootloader'
      ? { ...part, image: { ...part.image!, bootloader: { ...part.image!.bootloader!, idfVersion: 'v5.5' } } }
      : part,
  );
  const found: string[] = [];
  const profile = profileOf('esp32c5');
  const wish = { ...recipe, bootloader: { recovery: 0x3f0000, antiRollback: null } };
  const check = (build: Firmware) => {
    found.length = 0;
    for (const table of tablesOf(recipe, profile))
      checkStartUp(wish, build, profile, table, (finding) => found.push(finding.check));
    return found.includes('start-recovery');
  };
  assert.ok(check({ ...firmware, parts }));
  assert.ok(!check(firmware), 'the shipped one is newer');
});

test('no rule can be waived, each has a test, and the shipped recipes keep them all', () => {
  for (const { check, source } of startUpRules) {
    assert.ok(!(check in waivableChecks), check);
    assert.match(source, /\.(c|h|common)/);
  }
  for (const chip of [
    'esp32',
    'esp32s2',
    'esp32s3',
    'esp32c2',
    'esp32c3',
    'esp32c5',
    'esp32c6',
    'esp32c61',
    'esp32h2',
    'esp32p4',
  ])
    assert.deepEqual(told({ chip, version: 'v5.5.2' }), [], chip);
});
