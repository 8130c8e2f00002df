// esptool at virtual chips of every kind, through a pseudo-terminal: with the ROM loader alone, and with Espressif's stub running on them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { equalBytes } from '../../main/base/bytes.ts';
import { hasField } from '../../main/efuse/tables.ts';
import { revisionText } from '../../main/model/chip.ts';
import { judging } from './espressif-tools.ts';
import { allSiliconNames, onBench, siliconNames } from './virtual-bench.ts';

const { skip, judges, file, newPath, contentOf } = await judging();

const modes = { 'the ROM': ['--no-stub'], 'the stub': [] } as const;
const random = (length: number) => new Uint8Array(randomBytes(length));

// the tools wait more than they work
describe('esptool', { concurrency: 3 }, () => {
  for (const name of allSiliconNames)
    for (const [mode, modeWords] of Object.entries(modes)) {
      test(`${name}, ${mode}: esptool names the chip, its revision, its MAC and its flash`, { skip }, async (t) => {
        const { chip, port } = await onBench(t, name, 'pty');
        const said = await judges.pass('esptool', ...port, ...modeWords, 'flash-id');
        const { revision, mac, flashSize } = chip.identity;
        assert.match(said, new RegExp(`Chip type: +${name.split(' ')[0]}.*\\(revision ${revisionText(revision)}\\)`));
        assert.match(said, new RegExp(`MAC: +${mac}`));
        // esptool 5.6.0 shows none of the S31's, which has radio and field
        if (hasField(chip.efuse.table, 'MAC_EXT') && name !== 'ESP32-S31')
          assert.match(
            said,
            new RegExp(`MAC: +${mac.slice(0, 9)}ff:fe:${mac.slice(9)}`),
            'an EUI-64 for IEEE 802.15.4',
          );
        assert.match(said, new RegExp(`Detected flash size: ${flashSize / 2 ** 20}MB`));
        if (mode === 'the stub') assert.match(said, /Stub flasher running/);
      });

      test(`${name}, ${mode}: what esptool writes stands in flash, verifies, and reads back`, { skip }, async (t) => {
        const { chip, port } = await onBench(t, name, 'pty');
        const esptool = (...words: string[]) =>
          judges.pass('esptool', ...port, '--baud', '460800', ...modeWords, ...words).finally(() => chip.reset());
        const content = random(70_003);
        const path = file(content);
        await esptool('write-flash', '0x10000', path);
        assert.ok(equalBytes(chip.flash.read(0x10000, content.length), content));
        await esptool('verify-flash', '0x10000', path);
        chip.flash.program(0x10100, new Uint8Array(16));
        await assert.rejects(esptool('verify-flash', '0x10000', path), /verif|differ|mismatch/i);

        const back = newPath();
        const length = mode === 'the ROM' ? 0x400 : 0x8000; // the ROM hands over 64 bytes a command
        await esptool('read-flash', '0x11000', String(length), back);
        assert.ok(equalBytes(contentOf(back), content.subarray(0x1000, 0x1000 + length)));
      });
    }

  for (const name of siliconNames) {
    test(`${name}: esptool erases a region and nothing beside it`, { skip }, async (t) => {
      const { chip, port } = await onBench(t, name, 'pty');
      chip.flash.program(0x8000, new Uint8Array(0x4000));
      await judges.pass('esptool', ...port, 'erase-region', '0x9000', '0x2000');
      assert.ok(chip.flash.read(0x9000, 0x2000).every((byte) => byte === 0xff));
      assert.ok(chip.flash.read(0x8000, 0x1000).every((byte) => byte === 0));
      assert.ok(chip.flash.read(0xb000, 0x1000).every((byte) => byte === 0));
    });

    test(`${name}: a fresh chip tells esptool that none of its security is on`, { skip }, async (t) => {
      const { chip, port } = await onBench(t, name, 'pty');
      const said = await judges.pass('esptool', ...port, '--no-stub', 'get-security-info');
      assert.match(said, /Flags: 0x00000000/);
      assert.match(said, /Secure Boot: Disabled/);
      assert.match(said, /Flash Encryption: Disabled/);
      const purposes = chip.efuse.table.keyBlocks.filter(({ purposeField }) => purposeField !== null);
      assert.equal(said.match(/BLOCK_KEY\d - USER\/EMPTY/g)?.length ?? 0, purposes.length);
    });
  }

  test('a stub that still runs from the last call is met again', { skip }, async (t) => {
    const { port } = await onBench(t, 'ESP32-P4 v1.3', 'pty');
    await judges.pass('esptool', ...port, 'flash-id');
    assert.match(await judges.pass('esptool', ...port, 'flash-id'), /already running/);
  });

  test('a region that is written without compression stands in flash too', { skip }, async (t) => {
    const { chip, port } = await onBench(t, 'ESP32-P4 v1.3', 'pty');
    const content = random(0x5000);
    await judges.pass('esptool', ...port, 'write-flash', '--no-compress', '0x2000', file(content));
    assert.ok(equalBytes(chip.flash.read(0x2000, content.length), content));
  });
});
