import { onesIn } from '../../efuse/snapshot.ts';
import { asked, built, notApplicable, type Section } from './line.ts';
import type { Product } from './product.ts';
import { digestsOf } from './secure-boot.ts';

const firmware = { asks: 'firmware' };

/** Security overview, Secure OTA Updates and Encrypted Firmware Distribution. */
export const updates: Section = {
  title: 'Secure OTA updates',
  lines(product) {
    const signed = 'Updates are signed with the device’s own trusted keys';
    return [
      built(product, 'Updates come over TLS only', ['lint-ota-http'], firmware),
      asked(signed, digestsOf(product).length > 0, `${digestsOf(product).length} trusted`, {
        waivers: ['no-secure-boot'],
        asks: 'secure_boot',
      }),
      built(product, 'An update that does not work is taken back', ['lint-rollback'], firmware),
      built(product, 'A damaged partition table is noticed', ['lint-table-md5'], firmware),
      encryptedDistribution(product),
    ];
  },
};

/** The guide calls it an additional layer, so a product that leaves it out breaks nothing. */
function encryptedDistribution({ firmware: facts }: Product) {
  const what = 'Updates are encrypted on their way to the device';
  const scheme = facts?.updates ?? null;
  if (scheme === null || scheme === 'none')
    return notApplicable(what, 'the guide leaves it to the product, and the recipe does not ask for it', {
      asks: 'ota',
    });
  return asked(what, true, `pre-encrypted by ${scheme}`, { asks: 'ota.encryption' });
}

/** Security overview, Anti-Rollback Protection. SECURE_VERSION counts its ones (FACTS 14.1). */
export const antiRollback: Section = {
  title: 'Anti-rollback',
  lines(product) {
    const { secureVersion } = product.shown;
    const what = 'Old firmware with known holes cannot come back';
    const looks = 'The bootloader looks at the secure version';
    const asks = 'secure_version';
    const version = onesIn(product.value('SECURE_VERSION'));
    return [
      secureVersion === 0
        ? notApplicable(what, 'the recipe sets no floor', { asks })
        : asked(what, version >= secureVersion, `floor ${version}, ${product.show(['SECURE_VERSION'])}`, { asks }),
      built(product, looks, ['lint-anti-rollback', 'lint-anti-rollback-advised', 'lint-anti-rollback-slots'], {
        waivers: ['anti-rollback-factory'],
        ...firmware,
      }),
    ];
  },
};
