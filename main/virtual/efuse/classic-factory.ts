import { macCheckByte } from '../../efuse/custom-mac.ts';
import { fieldOf } from '../../efuse/tables.ts';
import type { EfuseSilicon } from '../silicon.ts';
import type { FactoryValues } from './factory-values.ts';

/** Value of CK8M_FREQ: with the calibration register's reset value the ROM finds a crystal of 40 MHz (see kinds.ts). */
const clockCalibration = 50;

/** Burns what Espressif burns into an ESP32: MAC with its check byte, revision, package and calibration, all in BLOCK0. */
export function burnClassicFactoryValues(efuse: EfuseSilicon, { mac, revision, packageVersion }: FactoryValues): void {
  const block0 = new Uint8Array(4 * efuse.table.blocks[0]!.words);
  const put = (name: string, value: number) => {
    let rest = value;
    for (const { bit, length } of fieldOf(efuse.table, name).pieces)
      for (let i = bit; i < bit + length; i++, rest = Math.floor(rest / 2))
        if (rest % 2 === 1) block0[i >>> 3]! |= 1 << (i & 7);
  };
  put(
    'MAC',
    mac.reduceRight((value, byte) => value * 256 + byte, 0),
  );
  put('MAC_CRC', macCheckByte(mac));
  const major = Math.trunc(revision / 100);
  if (major >= 1) put('CHIP_VER_REV1', 1);
  if (major >= 2) put('CHIP_VER_REV2', 1);
  put('WAFER_VERSION_MINOR', revision % 100);
  put('CHIP_PACKAGE', packageVersion & 7);
  put('CLK8M_FREQ', clockCalibration);
  efuse.setFactoryBlock(0, block0);
}
