import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { equalBytes, toHex } from '../../main/base/bytes.ts';
import { decryptFlash } from '../../main/image/flash-encryption.ts';
import { splitSigned, verifySignatureBlock } from '../../main/image/secure-boot.ts';
import type { SealedRecord } from '../../main/model/record.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { flashKey, trustedDigests } from '../../main/virtual/boot-keys.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';

/** What lies in flash, decrypted with the key that only the unprotected view of the eFuses has, is the signed firmware of the build. */
export function flashHoldsFirmware(chip: VirtualChip, record: SealedRecord, loaded: LoadedRecipe): void {
  const key = flashKey(chip.efuse);
  assert.equal(key !== null, loaded.recipe.flashEncryption !== null, 'flash encryption is on as the recipe asks');
  for (const image of record.images) {
    // The second stage writes its first sequence number there at the first boot.
    if (image.name === 'otadata') continue;
    const raw = chip.flash.read(image.offset, image.length);
    assert.equal(sha256(raw), image.flashSha256, `${image.name} lies in flash as recorded`);
    if (image.encrypted) assert.notEqual(sha256(raw), image.plainSha256);
    const plain = image.encrypted ? decryptFlash(raw, image.offset, key!) : raw;
    assert.equal(sha256(plain), image.plainSha256, `${image.name} decrypts to what was signed`);
    const part = loaded.firmware.parts.find((candidate) => candidate.name === image.name);
    if (part === undefined) continue;
    assert.ok(
      equalBytes(plain.subarray(0, part.data.length), part.data),
      `${image.name} begins with the build's own bytes`,
    );
    if (loaded.recipe.secureBoot && (part.kind === 'app' || part.kind === 'bootloader')) signedByTrusted(chip, plain);
  }
}

/** Every signature verifies, and one of them by a key whose digest is burned and trusted. */
function signedByTrusted(chip: VirtualChip, plain: Uint8Array): void {
  const split = splitSigned(plain);
  assert.ok(split !== null, 'a signature sector is there');
  const trusted = trustedDigests(chip.efuse).map((entry) => toHex(entry.digest));
  assert.ok(trusted.length > 0);
  for (const block of split.blocks) assert.ok(verifySignatureBlock(block, split.signed));
  assert.ok(split.blocks.some((block) => trusted.includes(toHex(block.keyDigest))));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Every bit of BLOCK0 that a virtual chip has, as `word.bit`. */
export function block0Bits(chip: VirtualChip): Set<string> {
  const bits = new Set<string>();
  for (const [word, value] of chip.efuse.hardwareBlock(0).entries()) {
    for (let bit = 0; bit < 32; bit++) if ((value >>> bit) & 1) bits.add(`${32 * word + bit}`);
  }
  return bits;
}
