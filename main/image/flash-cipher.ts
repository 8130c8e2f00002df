import type { FlashEncryptionKey } from '../model/recipe.ts';
import { encryptFlashAsync } from './flash-encryption.ts';
import { encryptFlashEsp32Async } from './flash-encryption-esp32.ts';

/**
 * What the flash must hold at `address` so that a chip that encrypts in this form reads `plain` there. The event loop runs in between; the
 * key (file order) is read before this returns, and `plain` must not change until the promise resolves. RangeError for a length or address
 * that is no multiple of 16, and for a key of another length.
 */
export function encryptFlashFor(
  form: FlashEncryptionKey,
  plain: Uint8Array,
  address: number,
  key: Uint8Array,
): Promise<Uint8Array> {
  return form === 'aes-256' ? encryptFlashEsp32Async(plain, address, key) : encryptFlashAsync(plain, address, key);
}
