import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Assurance } from '../../../main/model/assurance.ts';
import { evidenceWords } from '../../../main/recipe/assurance/assurance.ts';
import { assuranceOfRecipe } from '../../../main/recipe/assurance/foreseen.ts';
import { lintRules } from '../../../main/recipe/lint/rules.ts';
import { type LoadedRecipe, loadRecipe, loadRecipeText } from '../../../main/recipe/load.ts';
import type { Waiver } from '../../../main/recipe/types.ts';
import { firmwareWith, sdkconfigBut } from './built-well.ts';

const folder = join(import.meta.dirname, '../../../station-config/recipes');
const p4 = join(folder, 'esp32p4-production.yaml');

function loadedBy(
  name: string,
  change: (text: string) => string = (text) => text,
  waivers: readonly Waiver[] = [],
): LoadedRecipe {
  const file = join(folder, `${name}.yaml`);
  const { loaded, findings } = loadRecipeText(change(readFileSync(file, 'utf8')), file, { waivers });
  assert.ok(loaded, findings.map(({ what }) => what).join('\n'));
  return loaded;
}

/** The P4 recipe with a build of this sdkconfig. */
function builtBy(sdkconfig: string, waivers: readonly Waiver[] = []): Assurance[] {
  const firmwareFolder = firmwareWith(sdkconfig);
  try {
    const { loaded, findings } = loadRecipe(p4, { firmwareFolder, waivers });
    assert.ok(loaded, findings.map(({ what }) => what).join('\n'));
    return assuranceOfRecipe(loaded, null);
  } finally {
    rmSync(firmwareFolder, { recursive: true, force: true });
  }
}

const verdictOf = (assurance: readonly Assurance[], recommendation: string) =>
  assurance.find((one) => one.recommendation === recommendation)?.verdict;
const named = (assurance: readonly Assurance[], verdict: Assurance['verdict']) =>
  assurance.filter((one) => one.verdict === verdict).map(({ recommendation }) => recommendation);

describe('what the devices of a recipe will be able to show', () => {
  // Every chip, and every way of a recipe that is meant for production.
  const names = readdirSync(folder).flatMap((file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? []);
  for (const name of names.filter((each) => each !== 'esp32p4-development'))
    test(`${name}: the silicon is shut, whatever the build is`, () => {
      const loaded = loadedBy(name);
      const assurance = assuranceOfRecipe(loaded, null);
      const open = assurance.filter(
        ({ verdict, section }) => verdict === 'not met' && section !== 'Policy, advisories, updates',
      );
      // These have no peripheral for a device key, and so nothing to miss.
      const keyless = ['esp32c2', 'esp32'].includes(loaded.recipe.chip);
      const expected =
        loaded.recipe.identity === null && !keyless
          ? ['A private key that no software can read, and a certificate over it']
          : [];
      assert.deepEqual(
        open.map(({ recommendation }) => recommendation),
        expected,
      );
      const told = assurance.map(({ section, recommendation }) => `${section}: ${recommendation}`);
      assert.equal(new Set(told).size, told.length);
      assert.ok(
        assurance.every(({ evidence }) => /^[a-z_.]+: /.test(evidence)),
        'evidence begins with a key of the recipe',
      );
    });

  test('a development recipe is told what it leaves open', () => {
    const assurance = assuranceOfRecipe(loadedBy('esp32p4-development'), null);
    for (const recommendation of ['Flash is encrypted, for ever (release mode)', 'Download mode is disabled or secure'])
      assert.equal(verdictOf(assurance, recommendation), 'not met', recommendation);
  });

  test('each door of the recipe is a line of its own', () => {
    const open = (key: string, check: string) => (text: string) =>
      `${text.replace(new RegExp(`^  ${key}: .*$`, 'm'), `  ${key}: ${key === 'download_mode' ? 'open' : 'leave'}`)}\nwaivers:\n  - check: ${check}\n    reason: it is for a fair\n`;
    for (const [key, check, recommendation] of [
      ['jtag', 'jtag-open', 'JTAG is off'],
      ['direct_boot', 'direct-boot-open', 'No boot past the second stage'],
      ['download_mode', 'download-open', 'Download mode is disabled or secure'],
    ] as const) {
      const loaded = loadedBy('esp32p4-production', open(key, check));
      const one = assuranceOfRecipe(loaded, 'eve').find((line) => line.recommendation === recommendation);
      assert.equal(one?.verdict, 'waived', recommendation);
      assert.deepEqual(one?.waiver, { check, reason: 'it is for a fair', by: 'eve' });
      assert.match(
        evidenceWords(one!),
        new RegExp(`^doors.${key}: .*; waived \\(${check}\\) by eve: it is for a fair$`),
      );
    }
  });

  test('a boot proof that is waived is not foreseen', () => {
    const waiver = { check: 'boot-proof', reason: 'the port cannot reset' };
    const assurance = assuranceOfRecipe(loadedBy('esp32p4-production', undefined, [waiver]), null);
    for (const recommendation of ['The finished device was seen to start', 'The device proved that it holds the key'])
      assert.equal(verdictOf(assurance, recommendation), 'waived', recommendation);
  });

  test('soft JTAG counts as off where the key that opens it again is hidden', () => {
    const soft = (text: string) =>
      text.replace("  jtag: 'off'", '  jtag: soft').replace('hmac_up: true', 'hmac_up: false');
    const assurance = assuranceOfRecipe(loadedBy('esp32p4-production', soft), null);
    assert.equal(verdictOf(assurance, 'JTAG is off'), 'met');
    assert.equal(verdictOf(assurance, 'The key that opens JTAG again is hidden'), 'met');
    assert.equal(verdictOf(assurance, 'What opens JTAG again is in escrow under two custodians'), 'met');
  });

  test('flash that the device encrypts itself is foreseen as the run makes sure of it', () => {
    const byDevice = (text: string) => text.replace('mode: release', 'mode: release\n  by: device');
    const assurance = assuranceOfRecipe(loadedBy('esp32p4-production', byDevice), null);
    for (const recommendation of [
      'Flash is encrypted, for ever (release mode)',
      'A key of its own that no software can read',
      'Bootloader, table, applications and flagged partitions are encrypted',
      'No key can be hidden from the ROM any more',
      'Each flash key is hidden, and block and purpose can be changed no more',
    ])
      assert.equal(verdictOf(assurance, recommendation), 'met', recommendation);
    const copy = assurance.find(({ recommendation }) => recommendation === 'The station keeps no copy of the key');
    assert.match(copy?.evidence ?? '', /never had it/);
  });
});

describe('what the build must show', () => {
  const good = builtBy(sdkconfigBut());

  test('a build that keeps every rule leaves only its version of ESP-IDF open', () => {
    assert.deepEqual(named(good, 'not met'), ['No published advisory concerns the firmware']);
    assert.deepEqual(named(good, 'waived'), []);
    assert.ok(good.filter(({ evidence }) => /sdkconfig [0-9a-f]{16}$/.test(evidence)).length > 20);
  });

  test('every rule of the lint is some recommendation’s evidence', () => {
    const seen = new Set(builtBy('CONFIG_A=y\n').flatMap(({ evidence }) => evidence.match(/lint-[a-z0-9-]+/g) ?? []));
    for (const { check } of lintRules) {
      if (seen.has(check)) continue;
      const found = builtBy(sdkconfigBut(check)).filter(({ evidence }) => evidence.includes(check));
      // an RSA key and an ESP32 are in none of these recipes
      const others = ['lint-anti-rollback', 'lint-secure-boot-v2', 'lint-coredump'];
      const isForOthers = [...others, 'lint-rsa-ds-peripheral', 'lint-psram-plain'].includes(check);
      assert.ok(found.length > 0 || isForOthers, check);
      for (const { verdict } of found) assert.equal(verdict, 'not met', check);
    }
  });

  test('of two findings a waiver lets only its own go', () => {
    const what = 'What the firmware stores in NVS is encrypted';
    const text = sdkconfigBut('lint-nvs-encryption', 'lint-nvs-old-flag');
    const waive = (check: string): Waiver => ({ check, reason: 'nothing is stored' });
    const one = builtBy(text, [waive('lint-nvs-encryption')]).find(({ recommendation }) => recommendation === what);
    assert.equal(one?.verdict, 'not met');
    assert.match(one?.evidence ?? '', /lint-nvs-old-flag$/);
    const both = builtBy(text, [waive('lint-nvs-encryption'), waive('lint-nvs-old-flag')]);
    assert.equal(verdictOf(both, what), 'waived');
  });

  test('a build without an sdkconfig shows nothing, and one waiver says so', () => {
    const waiver = { check: 'lint-no-sdkconfig', reason: 'an old product' };
    const assurance = assuranceOfRecipe(loadedBy('esp32p4-production', undefined, [waiver]), null);
    const unshown = assurance.filter(({ evidence }) => evidence.includes('no sdkconfig'));
    assert.ok(unshown.length > 20);
    assert.ok(unshown.every(({ verdict }) => verdict === 'waived'));
    // without a waiver it is neither met nor found wanting
    const open = assuranceOfRecipe(loadedBy('esp32p4-production'), null);
    assert.deepEqual(
      new Set(open.filter(({ evidence }) => evidence.includes('no sdkconfig')).map(({ verdict }) => verdict)),
      new Set(['not shown']),
    );
  });
});
