import { sectorSize } from '../../image/partition-table.ts';
import type { VirtualEfuse, VirtualFlash } from '../silicon.ts';
import { bootCipher } from './cipher.ts';

/** Flash as the CPU sees it: through the decryption engine when flash encryption is on. */
export interface FlashView {
  readonly encrypted: boolean;
  /** Decrypted bytes; beyond the end of flash it reads as erased. */
  read(address: number, length: number): Uint8Array;
  /** Erases the sector at `address` and writes `data` at its start, encrypted when flash encryption is on. `data`: multiple of 16. */
  rewriteSector(address: number, data: Uint8Array): void;
}

export function flashView(efuse: VirtualEfuse, flash: VirtualFlash): FlashView {
  const cipher = bootCipher(efuse);
  const raw = (address: number, length: number) => {
    const bytes = new Uint8Array(length).fill(0xff);
    const there = Math.max(0, Math.min(length, flash.size - address));
    if (there > 0) bytes.set(flash.read(address, there));
    return bytes;
  };
  return {
    encrypted: cipher !== null,
    read(address, length) {
      if (cipher === null) return raw(address, length);
      const start = address - (address % 16);
      const end = Math.ceil((address + length) / 16) * 16;
      return cipher.decrypt(raw(start, end - start), start).subarray(address - start, address - start + length);
    },
    rewriteSector(address, data) {
      flash.erase(address, sectorSize);
      flash.program(address, cipher === null ? data : cipher.encrypt(data, address));
    },
  };
}
