import { onesIn } from '../../efuse/snapshot.ts';
import { asked, built, type Line, type Section } from './line.ts';
import { type Product, shortFingerprint } from './product.ts';
import { isSecureBootOn } from './secure-boot.ts';

/** The counter whose odd ones switch flash encryption on: FLASH_CRYPT_CNT on the classic ESP32. */
export const cryptCounts = ['SPI_BOOT_CRYPT_CNT', 'FLASH_CRYPT_CNT'];
const waivers = ['no-flash-encryption'];
const asks = 'flash_encryption';

/** Whether flash is decrypted on boot, and whether that is for ever. */
export function flashEncryptionState(product: Product): { readonly on: boolean; readonly forEver: boolean } {
  const [field] = product.those(...cryptCounts);
  if (field === undefined) return { on: false, forEver: false };
  const on = onesIn(product.value(field)) % 2 === 1;
  return { on, forEver: on && (product.isFull(field) || product.frozen(field)) };
}

/** Security overview, Flash Encryption with its best practices. */
export const flashEncryption: Section = {
  title: 'Flash encryption',
  lines(product) {
    const { on, forEver } = flashEncryptionState(product);
    const { keysDestroyedAt, storage = [], flashEncryptedBy } = product.shown;
    const byDevice = flashEncryptedBy === 'device';
    // NVS has an encryption of its own, judged under secure storage
    const images = product.shown.images.filter(({ name }) => storage.every(({ partition }) => partition !== name));
    const plain = byDevice ? [] : images.filter((image) => !image.encrypted).map((image) => image.name);
    return [
      asked('Flash is encrypted, for ever (release mode)', forEver, product.show(cryptCounts), {
        waivers,
        asks: 'flash_encryption.mode',
      }),
      ownKey(product, on),
      asked(
        'Bootloader, table, applications and flagged partitions are encrypted',
        on && plain.length === 0,
        plain.length === 0
          ? `${images.length} images${byDevice ? ', in place at the first start' : ''}`
          : `in clear: ${plain.join(', ')}`,
        { waivers, asks },
      ),
      asked('Secure Boot is on beside it', isSecureBootOn(product), isSecureBootOn(product) ? 'it is' : 'it is not', {
        waivers: ['no-secure-boot'],
        asks: 'secure_boot',
      }),
      asked(
        'The station keeps no copy of the key',
        on && (byDevice || keysDestroyedAt !== null),
        byDevice ? 'the device made it, and the station never had it' : (keysDestroyedAt ?? 'not destroyed'),
        { waivers, asks },
      ),
      built(
        product,
        'The firmware is built for flash encryption in release mode',
        ['lint-flash-encryption', 'lint-flash-encryption-development', 'lint-flash-encryption-app-check'],
        { waivers, asks: 'firmware' },
      ),
      built(
        product,
        'No option of the build weakens flash encryption',
        [
          'lint-flash-encryption-unasked',
          'lint-flash-encryption-doors',
          'lint-flash-encryption-cache',
          'lint-flash-encryption-source',
          'lint-flash-encryption-pseudo-rounds',
        ],
        { asks: 'firmware' },
      ),
    ];
  },
};

function ownKey(product: Product, on: boolean): Line {
  const what = 'A key of its own that no software can read';
  const more = { waivers, asks: 'flash_encryption.key' };
  const keys = product.flashKeys();
  // Where the device makes the key nobody knows beforehand in which block; the run reads it back.
  if (product.of === 'recipe' && product.shown.flashEncryptedBy === 'device')
    return asked(what, on, 'the device makes one at its first start, and is not sealed before it is hidden', more);
  return asked(
    what,
    on && keys.length > 0 && keys.every((key) => product.hidden(key) && product.locked(key)),
    keys
      .map(({ blocks, fingerprint }) => `blocks ${blocks.join(', ')}, fingerprint ${shortFingerprint(fingerprint)}`)
      .join('; ') || 'none',
    more,
  );
}
