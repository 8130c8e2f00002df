import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { equalBytes, isFilledWith, toHex } from '../../main/base/bytes.ts';
import { profileOf } from '../../main/chip/profiles.ts';
import { isSigned } from '../../main/image/firmware.ts';
import { splitSigned, verifySignatureBlock } from '../../main/image/secure-boot.ts';
import type { SealedRecord } from '../../main/model/record.ts';
import { assuranceOf } from '../../main/recipe/assurance/assurance.ts';
import type { LoadedRecipe } from '../../main/recipe/load.ts';
import { bootCipher } from '../../main/virtual/boot/cipher.ts';
import { trustedDigests } from '../../main/virtual/boot/keys.ts';
import type { VirtualChip } from '../../main/virtual/chip.ts';

/** What lies in flash, decrypted with the key that only the unprotected view of the eFuses has, is the signed firmware of the build. */
export function flashHoldsFirmware(chip: VirtualChip, record: SealedRecord, loaded: LoadedRecipe): void {
  flashHoldsNothingElse(chip, record);
  const cipher = bootCipher(chip.efuse);
  assert.equal(cipher !== null, loaded.recipe.flashEncryption !== null, 'flash encryption is on as the recipe asks');
  for (const image of record.images) {
    // The second stage writes its first sequence number there at the first boot.
    if (image.name === 'otadata') continue;
    const raw = chip.flash.read(image.offset, image.length);
    assert.equal(sha256(raw), image.flashSha256, `${image.name} lies in flash as recorded`);
    if (image.encrypted) assert.notEqual(sha256(raw), image.plainSha256);
    const plain = image.encrypted ? cipher!.decrypt(raw, image.offset) : raw;
    // what is secret in clear has no digest in the record
    if (image.plainSha256 !== null)
      assert.equal(sha256(plain), image.plainSha256, `${image.name} decrypts to what was signed`);
    const part = loaded.firmware.parts.find((candidate) => candidate.name === image.name);
    if (part === undefined) continue;
    assert.ok(
      equalBytes(plain.subarray(0, part.data.length), part.data),
      `${image.name} begins with the build's own bytes`,
    );
    if (loaded.recipe.secureBoot && isSigned(part)) signedByTrusted(chip, plain);
  }
}

/** Between the images, and up to the end, flash is as its maker delivers it. */
export function flashHoldsNothingElse({ flash }: VirtualChip, { images }: Pick<SealedRecord, 'images'>): void {
  let at = 0;
  for (const { name, offset, length } of [
    ...images.toSorted((a, b) => a.offset - b.offset),
    { name: 'the end', offset: flash.size, length: 0 },
  ]) {
    const between = flash.read(at, Math.max(0, offset - at));
    assert.ok(isFilledWith(between, 0xff), `flash from 0x${at.toString(16)} to ${name} is blank`);
    at = Math.max(at, offset + length);
  }
}

/** Every signature verifies, and one of them by a key whose digest is burned and trusted. */
function signedByTrusted(chip: VirtualChip, plain: Uint8Array): void {
  const split = splitSigned(plain);
  assert.ok(split !== null, 'a signature sector is there');
  // A chip may have room for the first half of a digest only.
  const trusted = trustedDigests(chip.efuse).map((entry) => toHex(entry.digest));
  assert.ok(trusted.length > 0);
  for (const block of split.blocks) assert.ok(verifySignatureBlock(block, split.signed));
  assert.ok(split.blocks.some((block) => trusted.some((digest) => toHex(block.keyDigest).startsWith(digest))));
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

/**
 * What of the guide the record leaves open although station and silicon could do it: what only the firmware's build could show, and what is
 * published against chip and firmware, stays aside, since the demonstration firmware has no sdkconfig and the chips are as they are.
 */
export function leftOpen(record: SealedRecord, { recipe }: LoadedRecipe): string[] {
  return assuranceOf(record, profileOf(recipe.chip))
    .filter(({ verdict, evidence, section }) => {
      const isBuild = evidence.includes('no sdkconfig') || section === 'Policy, advisories, updates';
      return verdict === 'not met' && !isBuild && (section !== 'Device identity' || recipe.identity !== null);
    })
    .map(({ section, recommendation, evidence }) => `${section}: ${recommendation}: ${evidence}`);
}
