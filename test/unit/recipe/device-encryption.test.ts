import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { EfusePast } from '../../../main/efuse/plan-types.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import { checkDeviceEncryption } from '../../../main/recipe/checks/device-encryption.ts';
import { loadRecipeText } from '../../../main/recipe/load.ts';
import { deviceEncryptionProblems, encryptionTrouble } from '../../../main/recipe/plan/device-encryption.ts';
import { wantedEfuses } from '../../../main/recipe/plan/wanted-efuses.ts';
import { refuseApprover } from '../../../main/station/desk/library/approval.ts';
import { withFields, withWords } from '../efuse/snapshots.ts';

const file = join(import.meta.dirname, '../../../station-config/recipes/esp32p4-production.yaml');
const text = readFileSync(file, 'utf8').replace('mode: release', 'mode: release\n  by: device');
const { recipe, firmware } = loadRecipeText(text, file).loaded!;
const table = efuseTableFor('esp32p4', 301);
const profile = profileOf('esp32p4');
const wanted = wantedEfuses(recipe, profile, table, 301, ['11'.repeat(32)]);
const nothing: EfusePast = { slots: [] };

const fieldsOf = (plan: ReturnType<typeof planBurn>) =>
  plan.burns.flatMap((burn) => (burn.kind === 'bits' ? burn.fields.map(({ field }) => field) : []));

test('the station burns all but the flash key, its count and the lock of RD_DIS, and keeps room for the key', () => {
  const plan = planBurn(blankSnapshot(table), wanted, nothing);
  assert.deepEqual(plan.refusals, []);
  assert.ok(!plan.slots.some(({ purpose }) => purpose.startsWith('XTS')));
  const fields = fieldsOf(plan);
  assert.ok(fields.includes('SECURE_BOOT_EN') && fields.includes('DIS_DOWNLOAD_MANUAL_ENCRYPT'));
  assert.ok(!fields.includes('SPI_BOOT_CRYPT_CNT'));
  assert.ok(!fields.some((field) => field.startsWith('WR_DIS') && /RD_DIS/.test(field)), 'hidden keys come after');
  // Five blocks of the station beside two of the device are one too many, and the flash key is named.
  const digests = [0, 1, 2].map((index) => ({
    material: { kind: 'digest' as const, index: index as 0 | 1 | 2, sha256: `${index + 1}`.repeat(64) },
    purpose: `SECURE_BOOT_DIGEST${index as 0 | 1 | 2}` as const,
    slot: null,
  }));
  const keys = [...wanted.keys.filter(({ material }) => material.kind === 'secret'), ...digests];
  const [refusal] = planBurn(blankSnapshot(table), { ...wanted, keys }, nothing).refusals;
  assert.match(refusal?.what ?? '', /the flash-encryption key \(two blocks\).* one too few/);
});

/** Purposes 2 and 3 (FACTS 2.5) in blocks 3 and 4, hidden and frozen as a bootloader leaves them. */
function encrypted(changes: Readonly<Record<string, number>> = {}): EfuseSnapshot {
  const hidden = 0b11 << 3;
  return withFields(blankSnapshot(table), {
    KEY_PURPOSE_3: 2,
    KEY_PURPOSE_4: 3,
    RD_DIS: hidden,
    WR_DIS: 1 + 0b11 * 2 ** 11 + 0b11 * 2 ** 26,
    SPI_BOOT_CRYPT_CNT: 7,
    ...changes,
  });
}

test('what a bootloader left undone is told, each in words', () => {
  const problems = (snapshot: EfuseSnapshot) => deviceEncryptionProblems(recipe, wanted, snapshot);
  assert.deepEqual(problems(encrypted()), []);
  assert.deepEqual(problems(encrypted({ SPI_BOOT_CRYPT_CNT: 1 })), ['SPI_BOOT_CRYPT_CNT is 1 instead of 7']);
  assert.deepEqual(problems(encrypted({ KEY_PURPOSE_4: 0 })), ['0 key blocks are for XTS_AES_256_KEY_2']);
  assert.deepEqual(problems(encrypted({ RD_DIS: 1 << 3 })), ['the XTS_AES_256_KEY_2 can be read']);
  assert.deepEqual(problems(encrypted({ WR_DIS: 0b11 * 2 ** 11 + 0b11 * 2 ** 26 })), ['RD_DIS is not write-protected']);
});

test('blocks that the device used are its own once it was started for it, and nobody else’s', () => {
  const found = withFields(blankSnapshot(table), { KEY_PURPOSE_3: 2, KEY_PURPOSE_4: 3, RD_DIS: 0b11 << 3 });
  assert.ok(planBurn(found, wanted, nothing).refusals.some(({ code }) => code === 'efuse.foreign-key'));
  const resumed = planBurn(found, wanted, { slots: [], madeOwnKeys: true });
  assert.deepEqual(resumed.refusals, []);
  assert.ok(!resumed.slots.some(({ slot }) => slot === 3 || slot === 4));
  assert.ok(fieldsOf(resumed).includes('WR_DIS.BLOCK_KEY3'), 'what it did not get to protect the station does');
  // A block in which its key was cut off has no purpose yet: it is hidden and left behind.
  const begun = planBurn(withWords(blankSnapshot(table), { 5: [1, 2, 3] }), wanted, { slots: [], madeOwnKeys: true });
  assert.deepEqual(begun.refusals, []);
  assert.ok(fieldsOf(begun).includes('RD_DIS.BLOCK_KEY1'));
});

test('a build that does not encrypt, and chips on which it is not possible, are refused', () => {
  const told = (kind: ChipKind, sdkconfig: string | null, more: object = {}) => {
    const findings: { severity?: string; what: string }[] = [];
    const build = { ...firmware, sdkconfig };
    checkDeviceEncryption({ ...recipe, ...more }, build, profileOf(kind), (finding) => findings.push(finding));
    return findings.map(({ severity, what }) => `${severity} ${what}`);
  };
  const options = ['SECURE_FLASH_ENC_ENABLED', 'SECURE_FLASH_ENCRYPTION_MODE_RELEASE', 'SECURE_BOOT_V2_ENABLED'];
  const config = (names: readonly string[]) => names.map((name) => `CONFIG_${name}=y`).join('\n');
  assert.deepEqual(told('esp32p4', config(options)), []);
  for (const option of options) {
    const [finding] = told('esp32p4', config(options.filter((other) => other !== option)));
    assert.match(finding ?? '', new RegExp(`^error .*CONFIG_${option}:`));
  }
  assert.match(told('esp32p4', null)[0] ?? '', /^warning .*no sdkconfig/);
  assert.match(told('esp32c2', config(options))[0] ?? '', /^error The ESP32-C2 has one key block/);
  assert.equal(told('esp32', config(options)).length, 1);
  assert.match(told('esp32p4', config(options), { slots: { 'flash-encryption': 2 } })[0] ?? '', /cannot be told/);
  assert.deepEqual(told('esp32p4', '', { flashEncryption: { key: 'xts-aes-256', mode: 'release', by: 'host' } }), []);
});

test('trouble is told by the bootloader’s own errors, not by what it says on the way', () => {
  assert.match('E (312) flash_encrypt: Not enough free efuse key blocks (need 2) to continue', encryptionTrouble);
  assert.doesNotMatch('I (312) flash_encrypt: Generating new flash encryption key...', encryptionTrouble);
  assert.doesNotMatch('E (312) wifi: nothing to do with it', encryptionTrouble);
});

test('flash encryption that can be switched off is never approved, whatever is waived', () => {
  const open = readFileSync(file, 'utf8')
    .replace('mode: release', 'mode: development')
    .concat('waivers:\n  - check: no-flash-encryption\n    reason: only to see whether it is let through\n');
  const { loaded } = loadRecipeText(open, file);
  assert.equal(loaded?.recipe.purpose, 'production');
  assert.equal(refuseApprover('r', loaded!, [], 'ed')?.code, 'recipe.development');
  assert.equal(refuseApprover('r', loadRecipeText(text, file).loaded!, [], 'ed'), null);
});

test('a bootloader that finds its dummy rounds burned complains, and is not taken for one that failed', () => {
  const repeated = 'E (61) efuse: Repeated programming of programmed bits is strictly forbidden 0x00010000';
  assert.doesNotMatch(repeated, encryptionTrouble);
  assert.match('E (61) efuse: BURN BLOCK0 - ERROR (written bits != read bits)', encryptionTrouble);
});
