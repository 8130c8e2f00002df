import { concat } from '../base/bytes.ts';
import { keyFileBytes, slotOfPurpose } from './boot-keys.ts';
import type { VirtualEfuse } from './silicon.ts';

/**
 * The key that encrypts what the loaders write with the encrypt word: 32 or 64 bytes in file order, whether flash is decrypted at boot
 * or not. Without a key block the engine works with an empty one.
 */
export function downloadKey(efuse: VirtualEfuse): Uint8Array {
  const short = slotOfPurpose(efuse, 'XTS_AES_128_KEY');
  if (short !== null) return keyFileBytes(efuse, short, 'XTS_AES_128_KEY');
  const first = slotOfPurpose(efuse, 'XTS_AES_256_KEY_1');
  const second = slotOfPurpose(efuse, 'XTS_AES_256_KEY_2');
  if (first === null || second === null) return new Uint8Array(32);
  return concat(keyFileBytes(efuse, first, 'XTS_AES_256_KEY_1'), keyFileBytes(efuse, second, 'XTS_AES_256_KEY_2'));
}
