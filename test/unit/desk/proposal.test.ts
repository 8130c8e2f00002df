// A recipe to begin with, from a build: what the build says, what was assumed, and no way to any other folder.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { rolesFor } from '../../../main/contract/contract.ts';
import { readFolder } from '../../../main/recipe/load.ts';
import { proposeRecipe } from '../../../main/recipe/proposal.ts';
import { stationConfigFolder } from '../../../main/start/program-folder.ts';
import { RecipeShelf } from '../../../main/station/desk/library/recipe-shelf.ts';

const builds = join(stationConfigFolder, 'firmware');

function shelfOf(t: TestContext): { shelf: RecipeShelf; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fuseline-proposal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [own, examples] = [join(folder, 'recipes'), join(stationConfigFolder, 'recipes')];
  mkdirSync(join(folder, 'firmware'));
  return { shelf: new RecipeShelf({ ledger: {} as never, examples, own, unchangedSince: () => 0 }), folder };
}

test('what is proposed from every example build has no mistake, and says what was assumed', (t) => {
  const { shelf } = shelfOf(t);
  assert.ok(shelf.builds().includes('esp32c3'));
  for (const build of shelf.builds()) {
    const { text, read, assumed } = shelf.propose(build, `of-${build}`);
    const { findings } = shelf.check(`of-${build}`, text);
    const errors = findings.filter(({ severity, waived }) => severity === 'error' && waived === null);
    // waivers are for a person to write: the ESP32-C61 and H4 have no scheme without one, preview chips have no board
    const others = errors.filter(
      ({ check }) => check !== 'secure-boot-ecdsa' && check !== 'preview-chip' && check !== 'no-secure-boot',
    );
    assert.deepEqual(
      others.map(({ check, what }) => `${check}: ${what}`),
      [],
      build,
    );
    assert.ok(read[0]!.startsWith('chip esp32') && assumed.some((one) => one.includes('no sdkconfig')), build);
  }
});

test('an sdkconfig decides chip revisions, scheme, key, mode and download mode', () => {
  const files = readFolder(join(builds, 'esp32c3'));
  const config = [
    'CONFIG_IDF_TARGET="esp32c3"',
    'CONFIG_ESP32C3_REV_MIN_FULL=4',
    'CONFIG_ESP32C3_REV_MAX_FULL=199',
    'CONFIG_SECURE_BOOT=y',
    'CONFIG_SECURE_SIGNED_APPS_RSA_SCHEME=y',
    'CONFIG_SECURE_FLASH_ENC_ENABLED=y',
    'CONFIG_SECURE_FLASH_ENCRYPTION_AES128=y',
    'CONFIG_SECURE_FLASH_ENCRYPTION_MODE_RELEASE=y',
    'CONFIG_SECURE_ENABLE_SECURE_ROM_DL_MODE=y',
  ];
  const proposed = (lines: readonly string[]) =>
    proposeRecipe(new Map([...files, ['sdkconfig', new TextEncoder().encode(lines.join('\n'))]]), {
      ...{ name: 'mine', folder: '../firmware/mine', usual: () => null },
    });
  const { text, read, assumed } = proposed(config);
  for (const line of ['min: v0.4', 'max: v1.99', 'scheme: rsa3072', 'key: xts-aes-128', 'download_mode: secure'])
    assert.ok(text.includes(line), line);
  assert.ok(read.includes('flash encryption by xts-aes-128') && !assumed.some((one) => one.includes('secure boot')));
  // what the build has not is not proposed, and said
  const open = proposed(['CONFIG_IDF_TARGET="esp32c3"']);
  assert.ok(!open.text.includes('\nsecure_boot:') && open.assumed.some((one) => one.startsWith('no secure boot')));
  assert.throws(() => proposed(['CONFIG_IDF_TARGET="linux"']), { code: 'recipe.no-proposal' });
});

test('no name leads out of the two folders, and only an engineer asks', (t) => {
  const { shelf, folder } = shelfOf(t);
  cpSync(join(builds, 'esp32c3'), join(folder, 'outside'), { recursive: true });
  symlinkSync(join(folder, 'outside'), join(folder, 'firmware', 'linked'));
  mkdirSync(join(folder, 'firmware', 'empty'));
  writeFileSync(join(folder, 'firmware', 'file'), 'x');
  assert.ok(!shelf.builds().some((name) => name === 'linked' || name === 'file'));
  for (const build of ['linked', '../outside', join(folder, 'outside'), '..', 'file', 'esp32c3/../../recipes'])
    assert.throws(() => shelf.propose(build, 'mine'), { code: 'recipe.no-build' }, build);
  assert.throws(() => shelf.propose('esp32c3', '../../mine'), { code: 'recipe.name' });
  assert.throws(() => shelf.propose('empty', 'mine'), { code: 'recipe.no-proposal' });
  assert.deepEqual(rolesFor('recipes.propose', { build: 'a', recipe: 'b' }), ['engineer']);
});
