// The classic ESP32 under Espressif's tools: its eFuse controller with and without coding, its cipher, its download door.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { bytesOfWords, fromHex, reversed } from '../../main/base/bytes.ts';
import { profileOf } from '../../main/chip/profiles.ts';
import { planBurn } from '../../main/efuse/plan.ts';
import { decodeSnapshot } from '../../main/efuse/snapshot.ts';
import type { EfuseSnapshot } from '../../main/efuse/types.ts';
import { decryptFlashEsp32, encryptFlashEsp32 } from '../../main/image/flash-encryption-esp32.ts';
import { loadRecipe } from '../../main/recipe/load.ts';
import { wantedEfuses } from '../../main/recipe/plan/wanted-efuses.ts';
import { bootCipher } from '../../main/virtual/boot/cipher.ts';
import { allStages, digest, keyBytes, meet, permitFor, secretOf } from '../unit/chip/rig.ts';
import { judging } from './espressif-tools.ts';
import { type BenchChip, onBench, snapshotOf } from './virtual-bench.ts';

const { skip, judges, file, newPath, contentOf } = await judging();

const espefuse = ({ port }: BenchChip, ...words: string[]) =>
  judges.pass('espefuse', ...port.slice(0, 4), '--do-not-confirm', ...words);
const recipeFile = join(import.meta.dirname, '../../station-config/recipes/esp32-production.yaml');
/** What the shipped recipe wants. */
const wantedOf = ({ table }: EfuseSnapshot) =>
  wantedEfuses(loadRecipe(recipeFile).recipe!, profileOf('esp32'), table, 301, [digest]);
const blockBytes = ({ chip }: BenchChip, block: number) => bytesOfWords([...chip.efuse.hardwareBlock(block)]);

// the tools wait more than they work
describe('espefuse at the ESP32', { concurrency: 3 }, () => {
  test('the production burn set by espefuse and by us leaves the same eFuses, bit for bit', { skip }, async (t) => {
    const [theirs, ours] = [await onBench(t, 'ESP32', 'pty'), await onBench(t, 'ESP32', 'pty')];
    const snapshot = snapshotOf(ours.chip);
    const wanted = wantedOf(snapshot);
    const plan = planBurn(snapshot, wanted, { slots: [] });
    assert.deepEqual(plan.refusals, []);
    await ours.close();
    const board = await meet(ours.chip);
    for await (const _ of board.burn(plan, keyBytes, permitFor(plan), allStages));
    await board.close();

    const flashKey = secretOf('flash-encryption', 'whole');
    const keys = ['flash_encryption', file(flashKey), 'secure_boot_v2', file(fromHex(digest))];
    await espefuse(theirs, 'burn-key', ...keys);
    const burn = (door: boolean) =>
      espefuse(
        theirs,
        'burn-efuse',
        ...wanted.fields
          .filter(({ stage }) => (stage === 'door') === door)
          .flatMap(({ field, value }) => [field, String(value)]),
      );
    await burn(false);
    await espefuse(theirs, 'write-protect-efuse', ...wanted.writeProtect.map(({ field }) => field));
    await burn(true);
    assert.deepEqual(ours.chip.efuse.burned(), theirs.chip.efuse.burned());
    assert.equal(theirs.chip.efuse.field('UART_DOWNLOAD_DIS'), 1);

    const cipher = bootCipher(theirs.chip.efuse)!;
    const plain = new Uint8Array(randomBytes(64));
    assert.deepEqual(cipher.decrypt(encryptFlashEsp32(plain, 0x20000, flashKey), 0x20000), plain);
  });

  test('with coding scheme 3/4 a key lies in 24 bytes, and a fuse too many shows', { skip }, async (t) => {
    const bench = await onBench(t, 'ESP32', 'pty');
    const { efuse } = bench.chip;
    await espefuse(bench, 'burn-efuse', 'CODING_SCHEME', '1');
    const key = new Uint8Array(randomBytes(24));
    await espefuse(bench, 'burn-key', 'flash_encryption', file(key));
    assert.deepEqual(blockBytes(bench, 1).subarray(0, 24), reversed(key));
    assert.match(await espefuse(bench, 'check-error'), /No errors detected/);
    const found = snapshotOf(bench.chip);
    const plan = planBurn(found, wantedOf(found), { slots: [] });
    assert.ok(plan.refusals.some(({ code, condemns }) => code === 'efuse.coding-scheme' && condemns));

    const spoiled = efuse.burned();
    const empty = spoiled[2]!.indexOf(0);
    spoiled[2]![empty] = 1;
    efuse.restore(spoiled);
    bench.reset();
    assert.notEqual(snapshotOf(bench.chip).rsErrors[0], 0);
    await judges.fail('espefuse', ...bench.port.slice(0, 4), 'check-error');
  });

  test('what is frozen stays as it is, and a key block is not burned over', { skip }, async (t) => {
    const bench = await onBench(t, 'ESP32', 'pty');
    await espefuse(bench, 'burn-key', 'secure_boot_v2', file(fromHex(digest)));
    await espefuse(bench, 'burn-efuse', 'FLASH_CRYPT_CNT', '1', 'JTAG_DISABLE', '1');
    await espefuse(bench, 'write-protect-efuse', 'RD_DIS', 'FLASH_CRYPT_CNT');
    const decoded = decodeSnapshot(snapshotOf(bench.chip));
    assert.deepEqual(decoded.FLASH_CRYPT_CNT, { value: 1, text: 'Enable', writeProtected: true, readProtected: false });
    assert.equal(decoded.UART_DOWNLOAD_DIS!.writeProtected, true, 'it shares the bit');
    assert.equal(decoded.JTAG_DISABLE!.value, 1);
    assert.deepEqual(blockBytes(bench, 2), fromHex(digest));
    const before = bench.chip.efuse.burned();
    for (const words of [
      ['burn-key', 'secure_boot_v2', file(new Uint8Array(randomBytes(32)))],
      ['burn-efuse', 'FLASH_CRYPT_CNT', '3'],
      ['read-protect-efuse', 'BLOCK2'],
    ])
      await judges.fail('espefuse', ...bench.port.slice(0, 4), '--do-not-confirm', ...words);
    assert.deepEqual(bench.chip.efuse.burned(), before);
  });

  test('with download mode off nothing answers', { skip }, async (t) => {
    const bench = await onBench(t, 'ESP32', 'pty');
    await espefuse(bench, 'burn-efuse', 'UART_DOWNLOAD_DIS', '1');
    bench.reset();
    const { chip, port } = bench;
    const said = await judges.fail('esptool', ...port, '--no-stub', '--connect-attempts', '1', 'read-mac');
    assert.match(said, /Failed to connect/);
    assert.match(chip.console.join('\n'), /Download mode is disabled/);
  });
});

// offsets of every kind: sector, pair of 32 bytes, and the second half of a pair; whole keys and those of coding scheme 3/4
for (const [keyBytesLength, address] of [
  [32, 0x1000],
  [32, 0x10020],
  [32, 0x7ffff0],
  [24, 0x12340],
] as const)
  test(`ESP32, ${keyBytesLength} byte key at 0x${address.toString(16)}: espsecure and we encrypt alike`, {
    skip,
  }, async () => {
    const key = new Uint8Array(randomBytes(keyBytesLength));
    const plain = new Uint8Array(randomBytes(0x230));
    const words = ['--address', `0x${address.toString(16)}`, '--flash-crypt-conf', '0xf', '--keyfile', file(key)];
    const [ours, theirs] = [newPath(), newPath()];
    const cipher = encryptFlashEsp32(plain, address, key);
    await judges.pass('espsecure', 'decrypt-flash-data', ...words, '--output', ours, file(cipher));
    assert.deepEqual(contentOf(ours), plain);
    await judges.pass('espsecure', 'encrypt-flash-data', ...words, '--output', theirs, file(plain));
    assert.deepEqual(contentOf(theirs), cipher);
    assert.deepEqual(decryptFlashEsp32(contentOf(theirs), address, key), plain);
  });
