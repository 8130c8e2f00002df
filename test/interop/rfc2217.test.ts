// esptool over RFC 2217, where it drives the reset lines of virtual chips itself. pyserial waits a tenth of a second at every change
// of a setting, so the kinds are tried side by side.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { equalBytes } from '../../main/base/bytes.ts';
import { judging } from './espressif-tools.ts';
import { onBench, siliconNames } from './virtual-bench.ts';

const { skip, judges, file } = await judging();

describe('over RFC 2217', { concurrency: true }, () => {
  for (const name of siliconNames)
    test(`${name}: esptool resets the chip into its loader, reads it, and resets it out again`, { skip }, async (t) => {
      const { chip, port } = await onBench(t, name, 'rfc2217');
      assert.notEqual(chip.mode, 'rom', 'it begins as a board does: booting from flash');
      const said = await judges.pass('esptool', ...port, '--no-stub', 'read-mac');
      assert.match(said, new RegExp(`MAC: +${chip.identity.mac}`));
      assert.match(said, /Hard resetting via RTS pin/);
      assert.notEqual(chip.mode, 'rom', 'it boots from flash again');
    });

  test('ESP32-P4: the stub writes at another baud rate, and what it wrote verifies', { skip }, async (t) => {
    const { chip, port } = await onBench(t, 'ESP32-P4 v1.3', 'rfc2217');
    const content = new Uint8Array(randomBytes(0x4000));
    const said = await judges.pass('esptool', ...port, '--baud', '921600', 'write-flash', '0x10000', file(content));
    assert.match(said, /Changing baud rate to 921600/);
    assert.match(said, /Hash of data verified/);
    assert.ok(equalBytes(chip.flash.read(0x10000, content.length), content));
  });

  test('a chip that has no download mode any more cannot be reset into it', { skip }, async (t) => {
    const { chip, port } = await onBench(t, 'ESP32-C3', 'rfc2217');
    chip.efuse.burnField('DIS_DOWNLOAD_MODE', 1);
    const said = await judges.fail('esptool', ...port, '--no-stub', '--connect-attempts', '2', 'read-mac');
    assert.match(said, /Failed to connect/);
  });
});
