// Updates over the air: release folders as a server gets them, opened as a device opens them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { concat, toHex, utf8 } from '../../main/base/bytes.ts';
import { systemRandom } from '../../main/base/random.ts';
import { SecretBytes } from '../../main/base/secret.ts';
import { profileOf } from '../../main/chip/profiles.ts';
import { decryptOta, otaDeviceScalar } from '../../main/image/encrypted-ota.ts';
import { splitSigned, verifySignatureBlock } from '../../main/image/secure-boot.ts';
import { isFault } from '../../main/model/fault.ts';
import type { OtaManifest } from '../../main/model/ota.ts';
import { checkRecipe } from '../../main/recipe/checks/check.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { buildOtaRelease, type OtaReleaseTask } from '../../main/recipe/making/ota-release.ts';
import { verifyRelease, writeReleaseFolder } from '../../main/recipe/making/release-folder.ts';
import { noOtherToken, TokenRing } from '../../main/signing/token-ring.ts';
import { keyFileBytes, slotOfPurpose, trustedDigests } from '../../main/virtual/boot/keys.ts';
import { sha256 } from './judge.ts';
import { faultsOf, noToken, recipeAt, recipes, repository, setStage } from './stage.ts';
import { objects, run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuseline-ota-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const fleet = generateKeyPairSync('rsa', { modulusLength: 3072 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 3072 });
writeFileSync(join(folder, 'fleet.pem'), fleet.publicKey.export({ format: 'pem', type: 'spki' }));

function recipe(name: string, ota: string): string {
  const file = join(folder, `${name}.yaml`);
  const text = readFileSync(join(recipes, 'esp32p4-production.yaml'), 'utf8');
  const firmware = join(repository, 'station-config/firmware/esp32p4-v3');
  writeFileSync(file, `${text.replace('../firmware/esp32p4-v3', firmware)}\nota:\n${ota}`);
  return file;
}
const rsa = recipe(
  'fleet',
  '  encryption: rsa3072\n  public_key: fleet.pem\n  manifest_key: { label: release-manifest }\n',
);
const ecies = recipe('each', '  encryption: ecies-p256\n  manifest_key: { label: release-manifest }\n');

const manifestOf = (release: string) => JSON.parse(readFileSync(join(release, 'manifest.json'), 'utf8')) as OtaManifest;

test('a release for the fleet: encrypted under the key that the firmware holds, its manifest signed, written once', {
  skip: noToken,
}, async () => {
  const [data, out] = [join(folder, 'data'), join(folder, 'releases', '1.0')];
  const build = ['release', 'build', '--recipe', rsa, '--data', data];
  const made = await run([...build, '--out', out, '--json']);
  assert.equal(made.status, 0, made.err);
  const manifest = manifestOf(out);
  assert.deepEqual(objects(made)[0], manifest);
  const [image, ...more] = manifest.images;
  assert.equal(more.length, 0, 'the same application in several slots is released once');
  assert.deepEqual(readdirSync(out).toSorted(), [image!.file, 'manifest-key.pem', 'manifest.json', 'manifest.sig']);
  const file = new Uint8Array(readFileSync(join(out, image!.file)));
  assert.equal(sha256(file), image!.fileSha256);
  const plain = decryptOta(file, { scheme: 'rsa3072', privateKey: fleet.privateKey });
  assert.equal(sha256(plain), image!.imageSha256);
  const { blocks, signed } = splitSigned(plain)!;
  assert.ok(verifySignatureBlock(blocks[0]!, signed));
  assert.deepEqual(manifest.secureBoot!.keyDigests, [toHex(blocks[0]!.keyDigest)]);
  const words = ['dgst', '-sha256', '-verify', 'manifest-key.pem', '-signature', 'manifest.sig', 'manifest.json'];
  assert.match(execFileSync('openssl', words, { cwd: out, encoding: 'utf8' }), /Verified OK/);

  assert.throws(
    () => writeReleaseFolder(out, new Map()),
    (error) => isFault(error, 'ota.folder-exists'),
  );
  const key = new Uint8Array(readFileSync(join(out, 'manifest-key.pem')));
  assert.deepEqual(verifyRelease(out, key).wrong, []);
  const [, wrongKey] = verifyRelease(out, new Uint8Array(readFileSync(join(folder, 'fleet.pem')))).wrong;
  assert.equal(wrongKey!.what, 'signature');
  writeFileSync(join(out, image!.file), concat(file.subarray(0, -1), Uint8Array.of(file.at(-1)! ^ 1)));
  assert.deepEqual(verifyRelease(out, key).wrong, [{ what: 'changed', file: image!.file }]);

  // a release beside it, made when the secure version was higher
  const later = join(folder, 'releases', '2.0');
  mkdirSync(later);
  writeFileSync(join(later, 'manifest.json'), JSON.stringify({ ...manifest, secureVersion: 3 }));
  const older = join(folder, 'releases', '1.1');
  const back = await run([...build, '--out', older]);
  assert.equal(back.status, 2);
  assert.match(back.err, /secure version 0, and the release .*2\.0 has 3/);
  assert.ok(!existsSync(older));
});

test('the key in the firmware must be the one that updates are encrypted under', () => {
  const { recipe, firmware, files } = recipeAt(rsa);
  const holding = (pem: string) => ({
    ...firmware,
    parts: firmware.parts.map((part) =>
      part.kind === 'app' ? { ...part, data: concat(part.data, utf8(pem), new Uint8Array(4)) } : part,
    ),
  });
  const told = (build: typeof firmware) =>
    checkRecipe(recipe, build, profileOf(recipe.chip), rsa, files).flatMap(({ check, severity }) =>
      check.startsWith('ota') ? [[check, severity]] : [],
    );
  const pem = (key: typeof fleet, type: 'pkcs1' | 'pkcs8') => key.privateKey.export({ format: 'pem', type }) as string;
  assert.deepEqual(told(firmware), [['ota-key-not-seen', 'warning']]);
  assert.deepEqual(told(holding(pem(fleet, 'pkcs1'))), []);
  assert.deepEqual(told(holding(pem(foreign, 'pkcs8') + pem(fleet, 'pkcs8'))), []);
  assert.deepEqual(told(holding(pem(foreign, 'pkcs1'))), [['ota-key-differs', 'error']]);
});

test('a device opens the update that was made for it with the HMAC key in its eFuse, and no other', {
  skip: noToken,
}, async (t) => {
  const stage = await setStage();
  t.after(() => stage.close());
  const loaded = recipeAt(ecies);
  const addresses = ['a', 'b'].map((name) => `virtual:esp32p4?rev=v3.1&pacing=none&name=${name}`);
  const { counts } = await stage.provision(loaded, addresses);
  assert.equal(counts.passed, 2, faultsOf(stage));
  const { ledger, signer } = stage.station.parts;
  const chips = addresses.map((address) => stage.chip(address));
  const devices = await Promise.all(chips.map(async ({ identity }) => (await ledger.sealedDevice(identity.mac))!));
  const task = (more: Partial<OtaReleaseTask>): OtaReleaseTask => ({
    loaded,
    tokens: new TokenRing(signer, noOtherToken),
    random: systemRandom,
    madeAt: '2026-01-02T03:04:05.000Z',
    software: { name: 'fuseline', version: '0.0.0' },
    devices,
    earlier: null,
    ...more,
  });
  const { files, manifest } = await buildOtaRelease(task({}));
  assert.deepEqual(
    manifest.images.map(({ device }) => device),
    devices.map(({ chip }) => chip.mac),
  );
  for (const [at, { efuse }] of chips.entries()) {
    const slot = slotOfPurpose(efuse, 'HMAC_UP')!;
    using scalar = otaDeviceScalar(SecretBytes.take(keyFileBytes(efuse, slot, 'HMAC_UP').slice()));
    const [own, others] = [manifest.images[at]!, manifest.images[1 - at]!];
    const plain = decryptOta(files.get(own.file)!, { scheme: 'ecies-p256', scalar });
    assert.equal(sha256(plain), own.imageSha256);
    const trusted = trustedDigests(efuse).map(({ digest }) => toHex(digest));
    assert.ok(splitSigned(plain)!.blocks.some(({ keyDigest }) => trusted.includes(toHex(keyDigest))));
    const opened = () => decryptOta(files.get(others.file)!, { scheme: 'ecies-p256', scalar });
    assert.throws(opened, (error) => isFault(error, 'image.ota-sealed'));
  }

  const refusal = async (code: string, more: Partial<OtaReleaseTask>) =>
    assert.rejects(buildOtaRelease(task(more)), (error) => isFault(error, code));
  const [device] = devices;
  const { ota: _, ...without } = device!;
  const boot = device!.secureBoot!;
  await refusal('ota.no-devices', { devices: [] });
  await refusal('ota.no-key', { devices: [without] });
  await refusal('ota.other-product', { devices: [{ ...device!, recipe: { ...device!.recipe, name: 'lamp' } }] });
  await refusal('ota.other-product', { devices: [{ ...device!, secureBoot: { ...boot, keyDigests: ['00'] } }] });
  await refusal('ota.rolled-back', { earlier: { name: 'last', secureVersion: 1 } });
  await refusal('ota.devices', { loaded: recipeAt(rsa), devices });
  const plainLoaded: LoadedRecipe = { ...loaded, recipe: { ...loaded.recipe, ota: null } };
  await refusal('ota.none', { loaded: plainLoaded });
});
