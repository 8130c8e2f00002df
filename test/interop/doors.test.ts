// The download door of virtual chips, tried with Espressif's tools: wide open, in secure download mode, and shut.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { equalBytes, isFilledWith } from '../../main/base/bytes.ts';
import { fieldOf } from '../../main/efuse/tables.ts';
import { judging } from './espressif-tools.ts';
import { onBench, siliconNames } from './virtual-bench.ts';

const { skip, judges, file, newPath } = await judging();

const noStub = ['--no-stub'];

// the tools wait more than they work
describe('the download door', { concurrency: 3 }, () => {
  for (const name of siliconNames) {
    test(`${name}: in secure download mode esptool is told of the security and of nothing else`, {
      skip,
    }, async (t) => {
      const { chip, port, reset } = await onBench(t, name, 'pty');
      const espefuse = ['espefuse', ...port.slice(0, 4)] as const;
      await judges.pass(
        ...espefuse,
        '--do-not-confirm',
        'burn-efuse',
        fieldOf(chip.efuse.table, 'DIS_PAD_JTAG').name,
        '1',
        'ENABLE_SECURITY_DOWNLOAD',
        '1',
      );
      reset();
      const security = await judges.pass('esptool', ...port, ...noStub, 'get-security-info');
      assert.match(security, /in Secure Download Mode/);
      assert.match(security, /JTAG: Permanently Disabled/);
      assert.ok(!security.includes(chip.identity.mac), 'no MAC is given away');

      const refusals: readonly (readonly string[])[] = [
        [...noStub, 'read-mac'],
        [...noStub, 'flash-id'],
        [...noStub, 'read-flash', '0', '64', newPath()],
        [...noStub, 'read-mem', `0x${chip.efuse.table.base.toString(16)}`],
        ['read-mac'], // with the stub, which cannot be loaded any more
      ];
      for (const words of refusals) {
        const said = await judges.fail('esptool', ...port, ...words);
        assert.match(said, /Secure Download Mode/, words.join(' '));
        reset();
      }
      assert.match(await judges.fail(...espefuse, 'summary'), /Secure Download Mode/);
      reset();
      const before = chip.efuse.burned();
      await judges.fail(...espefuse, '--do-not-confirm', 'burn-efuse', 'SECURE_VERSION', '1');
      assert.deepEqual(chip.efuse.burned(), before);
    });

    // the flash of ESP32-P4 v3 has its supply from the chip, which in this mode nobody can switch on (esptool warns of it at the burn)
    const unpowered = name === 'ESP32-P4 v3.1';
    const outcome = unpowered ? 'flash has no supply, so nothing is written' : 'flash is still written, unseen';
    test(`${name}: in secure download mode ${outcome}`, { skip }, async (t) => {
      const { chip, port, reset } = await onBench(t, name, 'pty');
      const content = new Uint8Array(randomBytes(0x3000));
      const burn = ['--do-not-confirm', 'burn-efuse', 'ENABLE_SECURITY_DOWNLOAD', '1'];
      const warned = await judges.pass('espefuse', ...port.slice(0, 4), ...burn);
      assert.equal(/Flash will not be writable/.test(warned), unpowered);
      reset();
      const write = ['write-flash', '--flash-size', 'keep', '0x10000', file(content)];
      const { status } = await judges.run('esptool', ...port, ...noStub, ...write);
      const flash = chip.flash.read(0x10000, content.length);
      if (unpowered) assert.notEqual(status, 0);
      assert.ok(unpowered ? isFilledWith(flash, 0xff) : equalBytes(flash, content));
    });

    test(`${name}: with download mode off nothing answers`, { skip }, async (t) => {
      const { chip, port, reset } = await onBench(t, name, 'pty');
      await judges.pass('esptool', ...port, ...noStub, 'read-mac');
      chip.efuse.burnField('DIS_DOWNLOAD_MODE', 1);
      reset();
      const said = await judges.fail('esptool', ...port, ...noStub, '--connect-attempts', '1', 'read-mac');
      assert.match(said, /Failed to connect/);
      assert.ok(
        chip.console.some((line) => /download/i.test(line)),
        'the chip says so on its console',
      );
    });
  }
});
