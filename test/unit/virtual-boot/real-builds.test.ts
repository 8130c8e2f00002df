import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bootFromFlash } from '../../../main/virtual/boot/boot.ts';
import { testBoard } from './board.ts';
import { place } from './build.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const firmware = join(process.env.FUSELINE_SHARED ?? join(root, '../shared'), 'firmware');
const skip = existsSync(firmware) ? false : 'no shared data';
const file = (name: string) => new Uint8Array(readFileSync(join(firmware, name)));

describe('builds that others published', { skip }, () => {
  const key = Uint8Array.from({ length: 64 }, (_, i) => (i * 11 + 3) & 0xff);

  for (const encrypted of [false, true]) {
    it(`boots p3a on a P4 v1.3, ${encrypted ? 'encrypted' : 'plain'}`, () => {
      const { context, burn, burnKey, flash } = testBoard('esp32p4', 103, { flashSize: 32 * 1024 * 1024 });
      if (encrypted) {
        burnKey(0, 'XTS_AES_256_KEY_1', key.subarray(0, 32));
        burnKey(1, 'XTS_AES_256_KEY_2', key.subarray(32));
        burn('SPI_BOOT_CRYPT_CNT', 7);
      }
      const parts: [number, Uint8Array][] = [
        [0x2000, file('esp32p4-real/bootloader.bin')],
        [0x8000, file('esp32p4-real/partition-table.bin')],
        [0x1a000, file('esp32p4-real/ota_data_initial.bin')],
        [0x20000, file('esp32p4-real/p3a.bin')],
      ];
      place(flash, parts, encrypted ? key : undefined);
      const boot = bootFromFlash(context);
      assert.equal(boot.state, 'running', boot.lines.join('\n'));
      const text = boot.lines.join('\n');
      assert.match(text, /^ESP-ROM:esp32p4-eco2-20240710\nBuild:Jul 10 2024\n/);
      assert.match(text, /boot: ESP-IDF v5\.5\S* 2nd stage bootloader/);
      assert.match(text, /boot: Loaded app from partition at offset 0x20000/);
      assert.match(text, /app_init: Project name: {5}p3a/);
      assert.match(text, /efuse_init: Min chip rev: {5}v0\.1\n.*Max chip rev: {5}v1\.99\n.*Chip rev: {9}v1\.3/);
      assert.equal(boot.firmware, null);
    });
  }

  it('does not boot p3a on a P4 v3.1', () => {
    const { context, flash } = testBoard('esp32p4', 301);
    place(flash, [[0x2000, file('esp32p4-real/bootloader.bin')]]);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'resetting');
    assert.match(boot.lines.at(-1) ?? '', /^entry 0x/);
  });

  it('boots femtoruby on an S3', () => {
    const { context, flash } = testBoard('esp32s3', 2, { flashSize: 16 * 1024 * 1024 });
    place(flash, [
      [0, file('esp32s3-real/bootloader.bin')],
      [0x8000, file('esp32s3-real/partition-table.bin')],
      [0x10000, file('esp32s3-real/femtoruby.bin')],
    ]);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'running', boot.lines.join('\n'));
    assert.match(boot.lines.join('\n'), /app_init: Project name: {5}\S+/);
  });
});
