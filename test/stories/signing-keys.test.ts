// Secure Boot with three keys: one in the station's token, one in another token, one that no station has.
import assert from 'node:assert/strict';
import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '../../main/base/bytes.ts';
import {
  attachSignatures,
  buildSignatureBlock,
  imageDigest,
  keyDigestOf,
  padForSigning,
  splitSigned,
} from '../../main/image/secure-boot.ts';
import { isFault } from '../../main/model/fault.ts';
import { loadRecipe } from '../../main/recipe/load.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';
import type { VirtualEfuse } from '../../main/virtual/silicon.ts';
import { makeSecondToken } from './second-token.ts';
import { faultsOf, noToken, recipeAt, recipes, repository, setStage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const build = join(folder, 'build');
cpSync(join(repository, 'station-config/firmware/esp32p4-v3'), build, { recursive: true });
const offline = generateKeyPairSync('rsa', { modulusLength: 3072 });
const offlineSpki = new Uint8Array(offline.publicKey.export({ format: 'der', type: 'spki' }));
writeFileSync(join(folder, 'offline.pem'), offline.publicKey.export({ format: 'pem', type: 'spki' }));

const production = readFileSync(join(recipes, 'esp32p4-production.yaml'), 'utf8')
  .replace('../firmware/esp32p4-v3', './build')
  // six key blocks: two for flash, one for the identity, three for these keys
  .replace('hmac_up: true', 'hmac_up: false');
const keys = ['{ label: secure-boot-1 }', '{ label: second, token: safe }', '{ public_key: offline.pem }'];
function recipe(name: string, entries: readonly string[], more = ''): string {
  const file = join(folder, `${name}.yaml`);
  const list = entries.map((entry) => `    - ${entry}\n`).join('');
  writeFileSync(file, production.replace('    - label: secure-boot-1\n', `${list}${more}`));
  return file;
}

/** Signs a file of the build where the offline key is kept. */
function signOffline(name: string): void {
  const path = join(build, name);
  const image = new Uint8Array(readFileSync(path));
  const padded = padForSigning(splitSigned(image)?.signed ?? image);
  const how = { key: offline.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const digest = imageDigest(padded, 'rsa3072');
  const signature = new Uint8Array(sign('sha256', padded, how));
  const block = buildSignatureBlock({ scheme: 'rsa3072', spki: offlineSpki, imageDigest: digest, signature });
  writeFileSync(path, attachSignatures(image, [block]));
}

const checksOf = (file: string) =>
  loadRecipe(file).findings.flatMap(({ check, severity, waived }) =>
    severity === 'error' && waived === null ? [check] : [],
  );

test('an offline key has to have signed every image of the build, and stands in it once', () => {
  const file = recipe('unsigned', keys);
  assert.deepEqual(checksOf(file), ['offline-signature', 'offline-signature']);
  signOffline('bootloader.bin');
  const [left] = loadRecipe(file).findings.filter(({ check }) => check === 'offline-signature');
  assert.match(left!.what, /ota_0/);
  assert.match(left!.remedy, /espsecure sign-data .*--append-signatures/);
  signOffline('fuseline_demo.bin');
  assert.deepEqual(checksOf(file), []);
  assert.deepEqual(checksOf(recipe('twice', [keys[2]!, keys[2]!])), ['secure-boot-same-key']);
  writeFileSync(join(folder, 'private.pem'), offline.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const [secret] = loadRecipe(recipe('private', ['{ public_key: private.pem }'])).findings;
  assert.match(secret!.what, /holds a private key/);
  assert.deepEqual(checksOf(recipe('absent', ['{ public_key: nowhere.pem }'])), ['recipe.no-file']);
});

test('the approval of a recipe covers the file of an offline key', () => {
  const file = recipe('hashed', keys);
  const before = recipeAt(file).ref.hash;
  const pem = readFileSync(join(folder, 'offline.pem'));
  writeFileSync(join(folder, 'offline.pem'), `# the same key\n${pem}`);
  assert.notEqual(recipeAt(file).ref.hash, before);
  writeFileSync(join(folder, 'offline.pem'), pem);
});

test('a board trusts a key of the station, one of another token and an offline one, and starts with any of them', {
  skip: noToken,
}, async (t) => {
  const safe = await makeSecondToken(folder, 'safe');
  const second = await safe.open();
  const { spki } = await second.generateKey({ label: 'second', use: 'secure-boot', algorithm: 'rsa-3072' });
  await second.close();
  const stage = await setStage((data) =>
    writeFileSync(join(data, 'station.yaml'), `fuseline: 1\nstation: story\ntokens:\n${safe.listed}\n`),
  );
  t.after(() => stage.close());
  const loaded = recipeAt(recipe('three', keys));
  const address = 'virtual:esp32p4?rev=v3.1&pacing=none';
  const result = await stage.provision(loaded, [address]);
  assert.equal(result.counts.passed, 1, faultsOf(stage));

  const chip = stage.chip(address);
  const record = await stage.station.parts.ledger.sealedDevice(chip.identity.mac);
  const digests = record!.secureBoot!.keyDigests;
  const own = await stage.station.parts.signer.findKey({ label: 'secure-boot-1' });
  assert.deepEqual(
    digests,
    [own.spki!, spki!, offlineSpki].map((key) => toHex(keyDigestOf('rsa3072', key))),
    'in the order of the recipe',
  );
  assert.equal(chip.efuse.field('SECURE_BOOT_KEY_REVOKE2'), 0, 'no slot is left to revoke');
  for (const alone of [0, 1, 2])
    assert.equal(
      bootsWithout(
        chip,
        [0, 1, 2].filter((n) => n !== alone),
      ),
      true,
      `${alone}`,
    );
  assert.equal(bootsWithout(chip, [0, 1, 2]), false, 'the last key revoked: nothing starts any more');

  await t.test('a token that the station file does not list is no reason to open a board', async () => {
    const strange = recipeAt(recipe('strange', [keys[0]!, '{ label: second, token: vault }', keys[2]!]));
    await assert.rejects(stage.station.prepareRelease(strange), (error) => isFault(error, 'token.not-listed'));
  });

  await t.test('signatures of listed keys can be kept, others are refused', async () => {
    const keep = '  existing_signatures: keep\n';
    const kept = await stage.station.prepareRelease(recipeAt(recipe('keep', keys, keep)));
    const parts = kept.parts.filter(({ signed }) => signed);
    for (const part of parts) assert.equal(splitSigned(part.plain)!.blocks.length, 3);
    // what this release has signed is taken over byte for byte, and no token is asked for another signature
    writeFileSync(join(build, 'bootloader.bin'), parts.find(({ kind }) => kind === 'bootloader')!.plain);
    const again = await stage.station.prepareRelease(recipeAt(recipe('keep', keys, keep)));
    assert.deepEqual(
      again.parts.map(({ plainSha256 }) => plainSha256).slice(0, 1),
      kept.parts.map(({ plainSha256 }) => plainSha256).slice(0, 1),
    );
    const fewer = recipeAt(recipe('fewer', [keys[0]!, keys[2]!], keep));
    await assert.rejects(stage.station.prepareRelease(fewer), (error) => isFault(error, 'release.foreign-signature'));
    const replaced = await stage.station.prepareRelease(recipeAt(recipe('replaced', [keys[0]!, keys[2]!])));
    for (const part of replaced.parts.filter(({ signed }) => signed))
      assert.deepEqual(
        splitSigned(part.plain)!.blocks.map(({ keyDigest }) => toHex(keyDigest)),
        [digests[0], digests[2]],
      );
  });

  await t.test('one key under two names takes no second slot', async () => {
    const twice = recipeAt(recipe('two-names', [keys[0]!, '{ label: secure-boot-1, token: fuseline }', keys[2]!]));
    await assert.rejects(stage.station.prepareRelease(twice), (error) => isFault(error, 'release.same-key'));
  });
});

/** Whether the chip's flash starts once these digests are revoked. */
function bootsWithout(chip: VirtualChip, revoked: readonly number[]): boolean {
  const { efuse, flash, identity } = chip;
  const names = new Set(revoked.map((index) => `SECURE_BOOT_KEY_REVOKE${index}`));
  const seen: VirtualEfuse = {
    table: efuse.table,
    readRegister: (offset) => efuse.readRegister(offset),
    writeRegister: () => assert.fail('a boot writes no register'),
    hardwareBlock: (block) => efuse.hardwareBlock(block),
    field: (name) => (names.has(name) ? 1 : efuse.field(name)),
    powerOn: () => {},
  };
  const result = bootFromFlash({ ...identity, efuse: seen, flash, random: (n) => new Uint8Array(n), burn: () => {} });
  return result.state === 'running';
}
