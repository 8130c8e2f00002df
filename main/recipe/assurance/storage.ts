import { asked, built, notApplicable, type Section } from './line.ts';
import { type Product, shortFingerprint } from './product.ts';

/** Security overview, Secure Storage. */
export const secureStorage: Section = {
  title: 'Secure storage',
  lines(product) {
    return [
      built(
        product,
        'What the firmware stores in NVS is encrypted',
        [
          'lint-nvs-encryption',
          'lint-nvs-key-protection',
          'lint-nvs-old-flag',
          'lint-nvs-hmac-key',
          'lint-nvs-keys-partition',
        ],
        {
          asks: 'firmware',
        },
      ),
      stored(product),
      hmacKey(product),
      built(product, 'No core dump shows memory to who reads the flash', ['lint-coredump'], { asks: 'firmware' }),
    ];
  },
};

function stored(product: Product) {
  const what = 'What the station stores for the device is encrypted';
  const asks = 'storage';
  const partitions = product.shown.storage ?? [];
  if (partitions.length === 0) return notApplicable(what, 'the recipe stores nothing', { asks });
  const plain = partitions.filter(({ encryption }) => encryption === 'none').map(({ partition }) => partition);
  return asked(
    what,
    plain.length === 0,
    plain.length > 0
      ? `in clear: ${plain.join(', ')}`
      : partitions.map(({ partition, encryption }) => `${partition} by ${encryption}`).join(', '),
    { asks, waivers: ['storage-plain'] },
  );
}

function hmacKey(product: Product) {
  const what = 'The key from which NVS keys are derived is hidden';
  const asks = 'hmac_up';
  const keys = product.keys((role) => role === 'hmac-up');
  if (keys.length === 0) return notApplicable(what, 'no HMAC key is burned', { asks });
  return asked(
    what,
    keys.every((key) => product.hidden(key) && product.locked(key)),
    keys
      .map(({ blocks, fingerprint }) => `block ${blocks.join()}, fingerprint ${shortFingerprint(fingerprint)}`)
      .join(', '),
    { asks },
  );
}
