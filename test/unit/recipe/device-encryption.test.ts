import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { profileOf } from '../../../main/chip/profiles.ts';
import { planBurn } from '../../../main/efuse/plan.ts';
import type { EfusePast } from '../../../main/efuse/plan-types.ts';
import { blankSnapshot } from '../../../main/efuse/snapshot.ts';
import { efuseTableFor } from '../../../main/efuse/tables.ts';
import type { EfuseSnapshot } from '../../../main/efuse/types.ts';
import type { ChipKind } from '../../../main/model/chip.ts';
import { isFault } from '../../../main/model/fault.ts';
import { checkDeviceEncryption, checkFirstBootBurns } from '../../../main/recipe/checks/device-encryption.ts';
import { loadRecipeText } from '../../../main/recipe/load.ts';
import { deviceEncryptionProblems, encryptionTrouble } from '../../../main/recipe/plan/device-encryption.ts';
import { tablesOf } from '../../../main/recipe/plan/silicon-lines.ts';
import { wantedEfuses } from '../../../main/recipe/plan/wanted-efuses.ts';
import { watchEncryption } from '../../../main/recipe/steps/device-encryption.ts';
import { refuseApprover } from '../../../main/station/desk/library/approval.ts';
import { vectorText } from '../../vectors.ts';
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
  for (const line of [
    'E (312) wifi: nothing to do with it',
    'E (1153) esp_image: image at 0x1a0000 has invalid magic byte (nothing flashed here?)',
    'E (80) secure_boot_v2: Secure Boot V2 verification failed.',
    'E (81) boot: OTA app partition slot 0 is not bootable',
  ])
    assert.doesNotMatch(line, encryptionTrouble);
  for (const line of [
    'E (82) boot: No bootable app partitions in the partition table',
    'E (90) boot: Initialization of Flash Encryption key failed (259)',
    'E (90) flash_encrypt: Invalid key state, check read&write protection for key and keypurpose(if exists)',
    'E boot: load partition table error!',
  ])
    assert.match(line, encryptionTrouble);
});

test('a bit that the bootloader must still burn is not frozen before, and a way into JTAG is not burned shut', () => {
  const told = (name: string, jtag: string, sdkconfig: string | null) => {
    const where = join(import.meta.dirname, '../../../station-config/recipes', `${name}.yaml`);
    const words = readFileSync(where, 'utf8')
      .replace('mode: release', 'mode: release\n  by: device')
      .replace("jtag: 'off'", jtag);
    const { recipe: read, firmware: build } = { ...loadRecipeText(words, where), firmware };
    const profileOfIt = profileOf(read!.chip);
    const found: string[] = [];
    for (const silicon of tablesOf(read!, profileOfIt))
      checkFirstBootBurns(read!, { ...build, sdkconfig }, profileOfIt, silicon, ({ check, what }) =>
        found.push(`${check} ${what}`),
      );
    return found;
  };
  const allows = 'CONFIG_SECURE_BOOT_ALLOW_JTAG=y';
  for (const name of ['esp32c3-production', 'esp32s3-production', 'esp32c6-production', 'esp32h2-production']) {
    assert.deepEqual(told(name, "jtag: 'off'", ''), [], name);
    for (const jtag of ['jtag: soft', 'jtag: leave']) {
      const found = told(name, jtag, '');
      assert.match(found[0] ?? '', /^device-encryption-frozen .*(DIS_PAD|HARD_DIS)_JTAG/, `${name} ${jtag}`);
      assert.match(found[0]!, /WR_DIS bit 2/);
      assert.ok(
        told(name, jtag, null).length > 0,
        'a build that does not tell its options is taken as it is by default',
      );
      assert.deepEqual(told(name, jtag, allows), [], name);
    }
  }
  assert.match(told('esp32p4-production', 'jtag: soft', '')[0] ?? '', /^device-encryption-jtag /);
  assert.deepEqual(told('esp32p4-production', 'jtag: soft', allows), []);
  assert.deepEqual(
    told('esp32p4-production', 'jtag: leave', ''),
    [],
    'nothing is frozen there, and nothing was promised',
  );
});

/** Each start of a board in a recording, line by line; the bench's own lines and the boots into download mode are left out. */
function starts(recording: string): string[][] {
  return vectorText(`consoles/${recording}`)
    .split(/^=== .*\bEN high.*$/m)
    .map((part) => part.split('\n').filter((line) => line !== '' && !line.startsWith('===')))
    .filter((lines) => lines.some((line) => line.includes('2nd stage bootloader')));
}

const watched = async (lines: readonly string[]) => watchEncryption(Readable.from(lines), 5);

test('recorded first starts of a real C3, with an empty slot for updates and with a supply that went', async () => {
  const [whole, second] = starts('c3-rom-devota2.txt');
  assert.ok(whole!.some((line) => line.includes('invalid magic byte (nothing flashed here?)')));
  const kept = await watched(whole!);
  assert.ok(
    kept.some((line) => line.includes('Flash encryption completed')),
    kept.join('\n'),
  );
  assert.match((await watched(second!)).join('\n'), /flash encryption is enabled \(0 plaintext flashes left\)/);
  const [cut, resumed] = starts('c3-rom-devcut.txt');
  await assert.rejects(
    () => watched(cut!),
    (error) => isFault(error, 'device-encryption.failed') && error.details.lastLine === cut!.at(-1),
  );
  assert.match((await watched(resumed!)).join('\n'), /Using pre-loaded flash encryption key in efuse/);
});

test('flash encryption that can be switched off is never approved, whatever is waived', () => {
  const open = readFileSync(file, 'utf8')
    .replace('mode: release', 'mode: development')
    .concat('waivers:\n  - check: no-flash-encryption\n    reason: only to see whether it is let through\n');
  const { loaded } = loadRecipeText(open, file);
  assert.equal(loaded?.recipe.purpose, 'production');
  const ed = { id: 'ed', unchangedSince: 0, wayIn: null, authorsHands: ['al'] };
  assert.equal(refuseApprover('r', loaded!, [], ed)?.code, 'recipe.development');
  const whole = loadRecipeText(text, file).loaded!;
  const note = { recipe: whole.ref, by: 'al', reason: null, at: '2026-01-01T00:00:00.000Z', row: 1 };
  const notes = [
    { ...note, state: 'draft' as const },
    { ...note, state: 'rehearsed' as const },
  ];
  assert.equal(refuseApprover('r', whole, notes, ed), null);
});

test('a bootloader that finds its dummy rounds burned complains, and is not taken for one that failed', () => {
  const repeated = 'E (61) efuse: Repeated programming of programmed bits is strictly forbidden 0x00010000';
  assert.doesNotMatch(repeated, encryptionTrouble);
  assert.match('E (61) efuse: BURN BLOCK0 - ERROR (written bits != read bits)', encryptionTrouble);
});
