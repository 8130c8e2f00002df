// The burns by which exchanges are counted: two key blocks, a digest and a dozen fuses of a P4 v3, as a production recipe has them.
import type { WantedEfuses } from '../../main/efuse/plan-types.ts';

/** Fuses of one bit. */
export const oneBitFuses = [
  'DIS_USB_JTAG',
  'SPI_DOWNLOAD_MSPI_DIS',
  'DIS_PAD_JTAG',
  'DIS_DOWNLOAD_MANUAL_ENCRYPT',
  'SECURE_BOOT_KEY_REVOKE1',
  'SECURE_BOOT_KEY_REVOKE2',
  'DIS_DIRECT_BOOT',
] as const;

const reason = 'bench';
const key = (part: 'low' | 'high', purpose: 'XTS_AES_256_KEY_1' | 'XTS_AES_256_KEY_2') =>
  ({ material: { kind: 'secret', role: 'flash-encryption', part }, purpose, slot: null }) as const;

/** `sha256`: of the Secure Boot key, hex. */
export const burnSet = (sha256: string): WantedEfuses => ({
  keys: [
    key('low', 'XTS_AES_256_KEY_1'),
    key('high', 'XTS_AES_256_KEY_2'),
    { material: { kind: 'digest', index: 0, sha256 }, purpose: 'SECURE_BOOT_DIGEST0', slot: null },
  ],
  fields: [
    ...oneBitFuses.map((field) => ({ field, value: 1, stage: 'protection' as const, reason })),
    { field: 'SOFT_DIS_JTAG', value: 7, stage: 'protection', reason },
    { field: 'XTS_DPA_PSEUDO_LEVEL', value: 1, stage: 'protection', reason },
    { field: 'SPI_BOOT_CRYPT_CNT', value: 7, stage: 'enable', reason },
    { field: 'SECURE_BOOT_EN', value: 1, stage: 'enable', reason },
  ],
  writeProtect: [{ field: 'RD_DIS', reason }],
});
