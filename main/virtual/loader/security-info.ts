import { viewOf } from '../../base/bytes.ts';
import { chipIds } from '../../model/chip.ts';
import { ones } from '../boot/keys.ts';
import { kindFacts } from '../kinds.ts';
import { romEdition } from '../rom-edition.ts';
import type { LoaderHost } from './host.ts';

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

type Silicon = Pick<LoaderHost, 'kind' | 'revision' | 'efuse'>;

/** Whether this ROM knows GET_SECURITY_INFO. */
export function tellsSecurity({ kind, revision }: Silicon): boolean {
  return romEdition(kind, revision).apiVersion !== 'none';
}

/** The 20 bytes of GET_SECURITY_INFO (12 where the ROM tells neither chip id nor version), from the values that the last eFuse read command latched. */
export function securityInfo({ kind, revision, efuse }: Silicon): Uint8Array {
  const { apiVersion, seventhPurpose } = romEdition(kind, revision);
  const info = new Uint8Array(typeof apiVersion === 'number' ? 20 : 12);
  const view = viewOf(info);
  let flags = 0;
  for (const [bit, name] of flagFields) if (ones(efuse.field(name)) % 2 === 1) flags |= 1 << bit;
  if (efuse.field('SPI_DOWNLOAD_MSPI_DIS') === 1) flags |= kindFacts(kind).mspiFlags ?? 0;
  view.setUint32(0, flags, true);
  info[4] = efuse.field('SPI_BOOT_CRYPT_CNT');
  for (const [slot, { purposeField }] of efuse.table.keyBlocks.entries())
    if (purposeField !== null) info[5 + slot] = efuse.field(purposeField);
  // bytes for which there is no slot (run: S31 fills two)
  info.fill(seventhPurpose, 5 + efuse.table.keyBlocks.length, 12);
  if (typeof apiVersion !== 'number') return info;
  view.setUint32(12, chipIds[kind], true);
  view.setUint32(16, apiVersion, true);
  return info;
}
