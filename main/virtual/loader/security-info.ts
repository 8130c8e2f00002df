import { viewOf } from '../../base/bytes.ts';
import { type ChipKind, chipIds } from '../../model/chip.ts';
import { ones } from '../boot/keys.ts';
import type { KindFacts } from '../kinds.ts';
import type { VirtualEfuse } from '../silicon.ts';

/** Bits of the flags word by eFuse (FACTS 1.4). SOFT_DIS_JTAG counts with an odd number of ones. */
const flagFields: readonly (readonly [number, string])[] = [
  [0, 'SECURE_BOOT_EN'],
  [1, 'SECURE_BOOT_AGGRESSIVE_REVOKE'],
  [2, 'ENABLE_SECURITY_DOWNLOAD'],
  [3, 'SECURE_BOOT_KEY_REVOKE0'],
  [4, 'SECURE_BOOT_KEY_REVOKE1'],
  [5, 'SECURE_BOOT_KEY_REVOKE2'],
  [6, 'SOFT_DIS_JTAG'],
  [7, 'DIS_PAD_JTAG'],
  [8, 'DIS_USB_SERIAL_JTAG'],
  [9, 'DIS_DOWNLOAD_DCACHE'],
  [10, 'DIS_DOWNLOAD_ICACHE'],
];

/** What stands in the seventh key purpose byte, for which there is no slot: seen on a C3 (recordings), assumed of the others. */
const seventhPurpose = 12;

/** The 20 bytes of GET_SECURITY_INFO (12 where the ROM tells neither chip id nor version), from the values that the last eFuse read command latched. */
export function securityInfo(kind: ChipKind, facts: KindFacts, efuse: VirtualEfuse): Uint8Array {
  const info = new Uint8Array(typeof facts.apiVersion === 'number' ? 20 : 12);
  const view = viewOf(info);
  let flags = 0;
  for (const [bit, name] of flagFields) if (ones(efuse.field(name)) % 2 === 1) flags |= 1 << bit;
  view.setUint32(0, flags, true);
  info[4] = efuse.field('SPI_BOOT_CRYPT_CNT');
  for (const [slot, { purposeField }] of efuse.table.keyBlocks.entries())
    if (purposeField !== null) info[5 + slot] = efuse.field(purposeField);
  info[11] = seventhPurpose;
  if (typeof facts.apiVersion !== 'number') return info;
  view.setUint32(12, chipIds[kind], true);
  view.setUint32(16, facts.apiVersion, true);
  return info;
}
