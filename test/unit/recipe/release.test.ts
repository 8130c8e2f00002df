// Images of builds that are signed already: which signatures stay, which are refused, which are made anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { toHex } from '../../../main/base/bytes.ts';
import { keyDigestOf, splitSigned, verifySignatureBlock } from '../../../main/image/secure-boot.ts';
import { isFault } from '../../../main/model/fault.ts';
import { addSignatures, buildRelease, signImage } from '../../../main/recipe/making/release.ts';
import { type SecureBootKey, secureBootKeys, signingKey } from '../../../main/recipe/making/secure-boot-keys.ts';
import type { Recipe } from '../../../main/recipe/types.ts';
import { noOtherToken, TokenRing } from '../../../main/signing/token-ring.ts';
import { recipeNamed } from '../../stories/stage.ts';
import { ScriptedSigner } from '../station/scripted-signer.ts';

const { recipe, firmware, files } = recipeNamed('esp32c3-production');
const scheme = 'rsa3072';
const bootloader = firmware.parts.find(({ kind }) => kind === 'bootloader')!;
const token = new ScriptedSigner();
const ring = () => new TokenRing(token.signer, noOtherToken);

async function key(label: string, offline = false): Promise<SecureBootKey> {
  const found = await token.findKey({ label });
  const { spki, sign } = signingKey(scheme, found, token.signer);
  return { name: `key ${label}`, spki, digest: toHex(keyDigestOf(scheme, spki)), sign: offline ? null : sign };
}

/** The bootloader as a build host signed it with these keys. */
async function signedBy(...labels: string[]): Promise<Uint8Array> {
  const keys = await Promise.all(labels.map((label) => key(label)));
  return addSignatures(
    bootloader.data,
    scheme,
    keys.map(({ spki, sign }) => ({ spki, sign: sign! })),
  );
}

/** The same with a bit of the first signature changed; the block's checksum fits, so that only the RSA itself tells (FACTS 4.2). */
function damaged(image: Uint8Array): Uint8Array {
  const copy = image.slice();
  const block = copy.subarray(image.length - 4096, image.length - 4096 + 1216);
  block[812 + 10]! ^= 1;
  new DataView(block.buffer, block.byteOffset).setUint32(1196, crc32(block.subarray(0, 1196)), true);
  return copy;
}

const part = (data: Uint8Array) => ({ name: 'bootloader', data });
const ownersOf = (image: Uint8Array) => splitSigned(image)!.blocks.map(({ keyDigest }) => toHex(keyDigest));
const isForeign = (error: unknown) => isFault(error, 'release.foreign-signature');

test('an image that is not signed is signed by every key, in the order of their digests', async () => {
  const keys = [await key('secure-boot-1'), await key('secure-boot-2')];
  const image = await signImage(part(bootloader.data), { scheme, existingSignatures: 'replace' }, keys);
  assert.deepEqual(
    ownersOf(image),
    keys.map(({ digest }) => digest),
  );
  const split = splitSigned(image)!;
  assert.ok(split.blocks.every((block) => verifySignatureBlock(block, split.signed)));
});

test('good signatures of listed keys are kept where they are to be, and not made anew', async () => {
  const keys = [await key('secure-boot-1')];
  const build = await signedBy('secure-boot-1');
  const before = token.calls.filter((call) => call === 'sign').length;
  const image = await signImage(part(build), { scheme, existingSignatures: 'keep' }, keys);
  assert.deepEqual(splitSigned(image)!.blocks[0]!.raw, splitSigned(build)!.blocks[0]!.raw);
  assert.equal(token.calls.filter((call) => call === 'sign').length, before);
});

test('a bad signature of a listed key is never kept', async () => {
  const build = damaged(await signedBy('secure-boot-1'));
  await assert.rejects(
    signImage(part(build), { scheme, existingSignatures: 'keep' }, [await key('secure-boot-1')]),
    (error) => isForeign(error) && /does not verify/.test((error as Error).message),
  );
});

test('where signatures are replaced a bad one is left behind, and a good one takes its place', async () => {
  const build = damaged(await signedBy('secure-boot-1'));
  const image = await signImage(part(build), { scheme, existingSignatures: 'replace' }, [await key('secure-boot-1')]);
  const split = splitSigned(image)!;
  assert.equal(split.blocks.length, 1);
  assert.ok(verifySignatureBlock(split.blocks[0]!, split.signed));
});

test('a good signature of a key that the recipe does not list is refused where signatures are kept, else left behind', async () => {
  const build = await signedBy('secure-boot-1', 'somebody-else');
  const keys = [await key('secure-boot-1')];
  await assert.rejects(
    signImage(part(build), { scheme, existingSignatures: 'keep' }, keys),
    (error) => isForeign(error) && /does not list/.test((error as Error).message),
  );
  const image = await signImage(part(build), { scheme, existingSignatures: 'replace' }, keys);
  assert.deepEqual(ownersOf(image), [keys[0]!.digest]);
});

test('an offline key must have signed this very image: not another, and not badly', async () => {
  const offline = await key('offline-1', true);
  for (const build of [bootloader.data, damaged(await signedBy('offline-1')), await signedBy('secure-boot-1')])
    await assert.rejects(
      signImage(part(build), { scheme, existingSignatures: 'replace' }, [offline]),
      (error) => isFault(error, 'release.offline-signature') && error.safety === 'untouched',
    );
  const image = await signImage(part(await signedBy('offline-1')), { scheme, existingSignatures: 'replace' }, [
    offline,
    await key('secure-boot-1'),
  ]);
  assert.deepEqual(ownersOf(image), [offline.digest, (await key('secure-boot-1')).digest]);
});

test('a token that signs something else is found out before its image reaches a board', async () => {
  const other = await key('secure-boot-2');
  const lying = { ...(await key('secure-boot-1')), sign: other.sign };
  await assert.rejects(signImage(part(bootloader.data), { scheme, existingSignatures: 'replace' }, [lying]), (error) =>
    isFault(error, 'image.signature'),
  );
});

test('keys of the recipe: of the scheme, and each once', async () => {
  const withKeys = (keys: NonNullable<Recipe['secureBoot']>['keys']): Recipe => ({
    ...recipe,
    secureBoot: { ...recipe.secureBoot!, keys },
  });
  await assert.rejects(secureBootKeys(withKeys([{ label: 'device-ca' }]), ring(), files), (error) =>
    isFault(error, 'release.wrong-key'),
  );
  await assert.rejects(
    secureBootKeys(withKeys([{ label: 'secure-boot-1' }, { label: 'secure-boot-1' }]), ring(), files),
    (error) => isFault(error, 'release.same-key'),
  );
});

test('a release: bootloader and application signed, the partition table as it is, each with the digest of what it is', async () => {
  const release = await buildRelease({ recipe, firmware, files }, ring());
  for (const { kind, plain, signed } of release.parts) {
    assert.equal(signed, kind === 'bootloader' || kind === 'app');
    if (signed) assert.deepEqual(ownersOf(plain), release.keyDigests);
  }
});
