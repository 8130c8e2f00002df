// What builds that others published must give in every room that reads or runs a build.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseImage } from '../../main/image/app-image.ts';
import { readFirmware } from '../../main/image/firmware.ts';
import { checkFirmware, type FirmwareTarget } from '../../main/image/firmware-check.ts';
import { buildPartitionTable, parsePartitionTable } from '../../main/image/partition-table.ts';
import type { Firmware, FirmwareProblem } from '../../main/image/types.ts';
import { lintFirmware } from '../../main/recipe/lint/lint.ts';
import { loadRecipe } from '../../main/recipe/load.ts';
import { bootFromFlash } from '../../main/virtual/boot/boot.ts';
import { noRealBuilds, realFile, realFiles } from '../real-builds.ts';
import { testBoard } from './virtual-boot/board.ts';
import { place } from './virtual-boot/build.ts';

const p4Names = ['bootloader.bin', 'partition-table.bin', 'ota_data_initial.bin', 'p3a.bin', 'sdkconfig'];
const s3Names = ['bootloader.bin', 'partition-table.bin', 'femtoruby.bin'];

const summary = ({ parts }: Firmware) =>
  parts.map(({ name, kind, offset, room, file }) => [name, kind, offset, room, file]);
const codes = (found: FirmwareProblem[]) => found.map(({ code, severity, part }) => [code, severity, part]);

describe('builds that others published', { skip: noRealBuilds }, () => {
  it('have images that read, with their sums and digests', () => {
    const p4 = parseImage(realFile('esp32p4-real', 'p3a.bin'));
    assert.equal(p4.header.chipId, 18);
    assert.deepEqual([p4.header.minRevision, p4.header.maxRevision], [1, 199]);
    assert.deepEqual([p4.app?.projectName, p4.app?.version, p4.app?.mmuPageSize], ['p3a', '1.1.0', 0x10000]);
    assert.equal(p4.length, 2427872);
    assert.equal(p4.securePadded, false);
    const p4Boot = parseImage(realFile('esp32p4-real', 'bootloader.bin'));
    assert.equal(p4Boot.length, 24080);
    assert.equal(p4Boot.bootloader?.idfVersion, 'v5.5.4');
    const s3 = parseImage(realFile('esp32s3-real', 'femtoruby.bin'));
    assert.deepEqual([s3.header.chipId, s3.header.minRevision, s3.header.maxRevision], [9, 0, 99]);
    assert.equal(s3.length, 1225152);
    const s3Boot = parseImage(realFile('esp32s3-real', 'bootloader.bin'));
    assert.equal(s3Boot.bootloader?.version, 1);
    for (const image of [p4, p4Boot, s3, s3Boot]) {
      assert.equal(image.checksum.stored, image.checksum.computed);
      assert.equal(image.hash?.stored, image.hash?.computed);
    }
  });

  it('have partition tables that read and are built again', () => {
    for (const build of ['esp32p4-real', 'esp32s3-real'] as const) {
      const bytes = realFile(build, 'partition-table.bin');
      const table = parsePartitionTable(bytes);
      assert.equal(table.md5, true);
      assert.deepEqual(buildPartitionTable(table.partitions), bytes);
    }
  });

  it('P4: every part finds its place without any listing', () => {
    const firmware = readFirmware(realFiles('esp32p4-real', ...p4Names, 'partitions.csv'), 'esp32p4');
    assert.deepEqual(summary(firmware), [
      ['bootloader', 'bootloader', 0x2000, 0x6000, 'bootloader.bin'],
      ['partition-table', 'partition-table', 0x8000, 0x1000, 'partition-table.bin'],
      ['otadata', 'otadata', 0x1a000, 0x2000, 'ota_data_initial.bin'],
      ['ota_0', 'app', 0x20000, 0x800000, 'p3a.bin'],
    ]);
    assert.match(firmware.sdkconfig ?? '', /^CONFIG_IDF_TARGET="esp32p4"$/m);
  });

  it('S3: every part finds its place without any listing', () => {
    const firmware = readFirmware(realFiles('esp32s3-real', ...s3Names, 'LICENSE'), 'esp32s3');
    assert.deepEqual(summary(firmware), [
      ['bootloader', 'bootloader', 0x0, 0x8000, 'bootloader.bin'],
      ['partition-table', 'partition-table', 0x8000, 0x1000, 'partition-table.bin'],
      ['factory', 'app', 0x10000, 0x200000, 'femtoruby.bin'],
    ]);
  });

  it('P4: flash encryption alone fits, Secure Boot does not', () => {
    const firmware = readFirmware(realFiles('esp32p4-real', ...p4Names), 'esp32p4');
    const target: FirmwareTarget = {
      kind: 'esp32p4',
      chipId: 18,
      bootloaderOffset: 0x2000,
      revision: { min: 100, max: 103 },
      flashSize: 32 * 2 ** 20,
      secureBoot: false,
    };
    assert.deepEqual(checkFirmware(firmware, target), []);

    const found = checkFirmware(firmware, { ...target, secureBoot: true });
    assert.deepEqual(codes(found), [
      ['bootloader-room', 'error', 'bootloader'],
      ['secure-padding', 'warning', 'ota_0'],
    ]);
    assert.match(found[0]?.what ?? '', /24080 bytes, 28672 with padding.*0x2000 to 0x9000.*begins at 0x8000.*24576/s);
    assert.match(found[0]?.remedy ?? '', /CONFIG_PARTITION_TABLE_OFFSET to at least 0x9000/);

    assert.deepEqual(codes(checkFirmware(firmware, { ...target, revision: { min: 300, max: 301 } })), [
      ['silicon-revision', 'error', 'bootloader'],
      ['silicon-revision', 'error', 'ota_0'],
    ]);
    assert.deepEqual(codes(checkFirmware(firmware, { ...target, flashSize: 16 * 2 ** 20 })), [
      ['header-flash-size', 'error', 'bootloader'],
      ['flash-size', 'error', 'ota_1'],
      ['flash-size', 'error', 'storage'],
      ['flash-size', 'error', 'slave_fw'],
      ['flash-size', 'error', 'coredump'],
    ]);
  });

  it('S3: Secure Boot fits', () => {
    const target: FirmwareTarget = {
      kind: 'esp32s3',
      chipId: 9,
      bootloaderOffset: 0,
      revision: { min: 0, max: 2 },
      flashSize: 4 * 2 ** 20,
      secureBoot: true,
    };
    const firmware = readFirmware(realFiles('esp32s3-real', ...s3Names), 'esp32s3');
    assert.deepEqual(codes(checkFirmware(firmware, target)), [['secure-padding', 'warning', 'factory']]);
  });

  it('P4: what keeps a development build from production, and nothing that it cannot help', () => {
    const recipe = loadRecipe(join(import.meta.dirname, '../../station-config/recipes/esp32p4-production.yaml'))
      .recipe!;
    const sdkconfig = new TextDecoder().decode(realFile('esp32p4-real', 'sdkconfig'));
    const firmware = readFirmware(realFiles('esp32p4-real', ...p4Names), 'esp32p4');
    const told = lintFirmware({ ...recipe, identity: null }, firmware);
    const named = (severity: string) => told.filter((found) => found.severity === severity).map(({ check }) => check);
    assert.deepEqual(named('error'), []);
    assert.deepEqual(named('warning'), [
      'lint-secure-boot',
      'lint-flash-encryption',
      'lint-nvs-encryption',
      'lint-coredump',
      'lint-stack-check',
      'lint-protocomm-0',
      'lint-cve-2026-45541',
      'lint-cve-2026-45542',
      'lint-cve-2026-45160',
    ]);
    for (const { check, line, what } of told) {
      const option = /^CONFIG_\w+/.exec(what)?.[0];
      if (option) assert.match(sdkconfig.split('\n')[line! - 1]!, new RegExp(`${option}\\b`), check);
    }
  });

  for (const encrypted of [false, true])
    it(`P4 v1.3 boots p3a, ${encrypted ? 'encrypted' : 'plain'}`, () => {
      const { context, burn, burnKey, flash } = testBoard('esp32p4', 103, { flashSize: 32 * 1024 * 1024 });
      const key = Uint8Array.from({ length: 64 }, (_, i) => (i * 11 + 3) & 0xff);
      if (encrypted) {
        burnKey(0, 'XTS_AES_256_KEY_1', key.subarray(0, 32));
        burnKey(1, 'XTS_AES_256_KEY_2', key.subarray(32));
        burn('SPI_BOOT_CRYPT_CNT', 7);
      }
      const parts: [number, Uint8Array][] = [
        [0x2000, realFile('esp32p4-real', 'bootloader.bin')],
        [0x8000, realFile('esp32p4-real', 'partition-table.bin')],
        [0x1a000, realFile('esp32p4-real', 'ota_data_initial.bin')],
        [0x20000, realFile('esp32p4-real', 'p3a.bin')],
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

  it('P4 v3.1 does not boot p3a', () => {
    const { context, flash } = testBoard('esp32p4', 301);
    place(flash, [[0x2000, realFile('esp32p4-real', 'bootloader.bin')]]);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'resetting');
    assert.match(boot.lines.at(-1) ?? '', /^entry 0x/);
  });

  it('S3 boots femtoruby', () => {
    const { context, flash } = testBoard('esp32s3', 2, { flashSize: 16 * 1024 * 1024 });
    place(flash, [
      [0, realFile('esp32s3-real', 'bootloader.bin')],
      [0x8000, realFile('esp32s3-real', 'partition-table.bin')],
      [0x10000, realFile('esp32s3-real', 'femtoruby.bin')],
    ]);
    const boot = bootFromFlash(context);
    assert.equal(boot.state, 'running', boot.lines.join('\n'));
    assert.match(boot.lines.join('\n'), /app_init: Project name: {5}\S+/);
  });
});
