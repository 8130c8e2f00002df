// ESP32-P4 v3.1 and v3.2 (ChipProfile.flashOff) come up in download mode with their flash supply off (FACTS 1.6; registers and order by esptool's
// targets/esp32p4.py, power_on_flash). Nothing of this can be done in secure download mode.

import type { Clock } from '../base/clock.ts';
import type { EfuseTable } from '../efuse/types.ts';
import type { Revision } from '../model/chip.ts';
import type { Loader } from '../protocol/loader.ts';
import type { ChipProfile } from './board.ts';

const padGroupPower = 0x5011010c;
const ldoAnalog = 0x501151bc;
const ldo = 0x501151b8;
const pmuDate = 0x501153fc;

const currentLimit = 1 << 27;
const ldoTarget = 0xff << 23;
const tieHigh = 1 << 7;
/** Bits of the PMU's date register that hold the flash supply on. */
const flashForceOn = 0x3;

/** DOWNLOAD_MODE_XPD_ON: on v3.2 the ROM has switched the supply on by itself. */
const supplyByRom = { word: 2, bit: 16 };

/** Switches the flash on where the silicon needs it; no effect elsewhere. */
export async function powerFlash(
  loader: Loader,
  { flashOff }: ChipProfile,
  table: EfuseTable,
  revision: Revision,
  clock: Clock,
): Promise<void> {
  if (!flashOff.revisions.includes(revision)) return;
  if (flashOff.byRomFrom !== null && revision >= flashOff.byRomFrom && (await romDidIt(loader, table))) {
    // A second entry into download mode finds the supply on and forces it again, which its ROM does not survive: let go first.
    const date = await loader.readRegister(pmuDate);
    if ((date & flashForceOn) === flashForceOn)
      await loader.writeRegisters([{ address: pmuDate, value: 0, mask: flashForceOn }]);
    return;
  }
  await loader.writeRegisters([{ address: padGroupPower, value: 1 }]);
  await clock.sleep(10);
  await loader.writeRegisters([
    { address: ldoAnalog, value: currentLimit, mask: currentLimit },
    { address: ldo, value: tieHigh, mask: tieHigh },
    { address: pmuDate, value: flashForceOn, mask: flashForceOn },
  ]);
  await clock.sleep(1);
  await loader.writeRegisters([
    { address: ldoAnalog, value: 0, mask: currentLimit },
    { address: ldo, value: 0, mask: ldoTarget >>> 0 },
    { address: ldo, value: tieHigh, mask: tieHigh },
    { address: ldo, value: 0, mask: tieHigh },
  ]);
  await clock.sleep(2);
}

async function romDidIt(loader: Loader, table: EfuseTable): Promise<boolean> {
  const { readOffset } = table.blocks[0]!;
  const word = await loader.readRegister((table.base + readOffset + 4 * supplyByRom.word) >>> 0);
  return ((word >>> supplyByRom.bit) & 1) === 1;
}
