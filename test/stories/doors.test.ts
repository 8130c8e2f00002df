// Every door of a chip asked for at once: what silences the board comes last, and nothing that the station needs is lost on the way.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recipeVariant } from '../faults/boards.ts';
import { faultsOf, noToken, setStage } from './stage.ts';

describe('doors', { skip: noToken, timeout: 120_000 }, () => {
  it('an ESP32-C3 with a silent ROM, without USB, and with JTAG that a token opens', async (t) => {
    const stage = await setStage();
    t.after(() => stage.close());
    const loaded = recipeVariant(t, 'esp32c3-production', 'esp32c3', {
      "jtag: 'off'":
        'jtag: soft\n  rom_print: silent\n  usb_download: off\n  usb_serial_jtag: off\n  force_download: off',
      'download_mode: disabled': 'download_mode: secure',
    });
    const address = 'virtual:esp32c3?rev=v0.4&pacing=none&name=c3&seed=31';
    const { counts } = await stage.provision(loaded, [address]);
    assert.equal(counts.passed, 1, faultsOf(stage));
    const chip = stage.chip(address);
    const { efuse } = chip;
    const burned = ['DIS_USB_SERIAL_JTAG', 'DIS_USB_SERIAL_JTAG_DOWNLOAD_MODE', 'DIS_USB_SERIAL_JTAG_ROM_PRINT'];
    for (const field of [...burned, 'DIS_FORCE_DOWNLOAD', 'ENABLE_SECURITY_DOWNLOAD'])
      assert.equal(efuse.field(field), 1, field);
    assert.equal(efuse.field('UART_PRINT_CONTROL'), 3);
    assert.equal(efuse.field('SOFT_DIS_JTAG'), 7);
    assert.deepEqual([efuse.field('DIS_PAD_JTAG'), efuse.field('DIS_USB_JTAG')], [0, 0]);
    // The proof before the door saw the ROM's own lines, the one after it only the firmware's.
    const record = (await stage.station.parts.ledger.sealedDevice(chip.identity.mac))!;
    const { beforeDoor, afterDoor } = record.bootProof;
    const isRom = (line: string) => /^(ESP-ROM:|rst:|load:|entry )/.test(line);
    assert.ok(beforeDoor?.lines.some(isRom));
    assert.ok(afterDoor && afterDoor.lines.length > 0 && !afterDoor.lines.some(isRom));
    const { burnedAfterwards } = record.efusesAfter;
    assert.equal(burnedAfterwards.UART_PRINT_CONTROL, 3, 'what was burned behind the last read-out is said');
  });
});
