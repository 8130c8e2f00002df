import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseImage } from '../../../main/image/app-image.ts';
import { demoFirmware } from '../../tools/make-demo-firmware.ts';

const folder = join(import.meta.dirname, '../../../station-config/firmware');

test('station-config/firmware holds what the generator makes, and nothing else', () => {
  const made = demoFirmware();
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).sort(), [...made.keys()].sort());
  for (const [variant, files] of made) {
    assert.deepEqual(readdirSync(join(folder, variant)).sort(), [...files.keys()].sort());
    for (const [name, bytes] of files)
      assert.ok(
        readFileSync(join(folder, variant, name)).equals(bytes),
        `${variant}/${name} differs from the generator`,
      );
  }
});

test('the images are whole, padded, and say what they are', () => {
  for (const [variant, files] of demoFirmware())
    for (const name of ['bootloader.bin', 'fuseline_demo.bin']) {
      const bytes = files.get(name) as Uint8Array;
      const image = parseImage(bytes);
      assert.equal(image.checksum.stored, image.checksum.computed);
      assert.equal(image.hash?.stored, image.hash?.computed);
      assert.equal(image.length, bytes.length);
      const entry = image.segments.find(({ loadAddress }) => loadAddress === image.header.entry);
      assert.ok(entry, `${variant}/${name}: the entry point is the start of a segment`);
      // j . of RISC-V and of Xtensa
      const loop = Buffer.from(bytes).toString('hex', entry.offset, entry.offset + 3);
      assert.equal(loop, ['esp32', 'esp32s2', 'esp32s3'].includes(variant) ? '06ffff' : '6f0000');
      const marked = Buffer.from(bytes).includes('FUSELINE-PROOF-1');
      if (name === 'bootloader.bin') {
        assert.equal(image.bootloader?.idfVersion, 'v5.5.1');
        assert.ok(bytes.length >= 8192 && bytes.length <= 12288);
        assert.ok(!marked);
      } else {
        assert.deepEqual(
          [image.app?.projectName, image.app?.version, image.app?.secureVersion],
          ['fuseline_demo', '1.0.0', 0],
        );
        assert.equal(image.securePadded, true);
        assert.equal(bytes.length, 0x20000);
        assert.ok(marked);
      }
    }
});
