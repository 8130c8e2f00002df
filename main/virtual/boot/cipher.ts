import { bytesOfWords, reversed } from '../../base/bytes.ts';
import { hasField } from '../../efuse/tables.ts';
import { decryptFlash, encryptFlash } from '../../image/flash-encryption.ts';
import { decryptFlashEsp32, encryptFlashEsp32 } from '../../image/flash-encryption-esp32.ts';
import type { VirtualEfuse } from '../silicon.ts';
import { flashEncryptionOn, xtsKey } from './keys.ts';

/** The flash encryption engine with its key in place: absolute addresses, multiples of 16. */
export interface FlashCipher {
  encrypt(plain: Uint8Array, address: number): Uint8Array;
  decrypt(cipher: Uint8Array, address: number): Uint8Array;
}

/** The engine as the boot uses it; null with flash encryption off. */
export function bootCipher(efuse: VirtualEfuse): FlashCipher | null {
  return flashEncryptionOn(efuse) ? engineCipher(efuse) : null;
}

/**
 * The engine whether flash is decrypted at boot or not: the loaders encrypt with it what they write with the encrypt word. Without a key
 * it works with an empty one: what it then reads is noise, as on a chip.
 */
export function engineCipher(efuse: VirtualEfuse): FlashCipher {
  if (hasField(efuse.table, 'FLASH_CRYPT_CONFIG')) return classicCipher(efuse);
  const key = xtsKey(efuse);
  return {
    encrypt: (plain, address) => encryptFlash(plain, address, key),
    decrypt: (cipher, address) => decryptFlash(cipher, address, key),
  };
}

/** ESP32: AES-256 with the key of BLOCK1, 24 bytes of it where the block carries 3/4 code (FACTS 3.3). */
function classicCipher(efuse: VirtualEfuse): FlashCipher {
  const block = bytesOfWords(efuse.hardwareBlock(1));
  const key = reversed(efuse.field('CODING_SCHEME') === 1 ? block.subarray(0, 24) : block);
  const config = efuse.field('FLASH_CRYPT_CONFIG');
  return {
    encrypt: (plain, address) => encryptFlashEsp32(plain, address, key, config),
    decrypt: (cipher, address) => decryptFlashEsp32(cipher, address, key, config),
  };
}
