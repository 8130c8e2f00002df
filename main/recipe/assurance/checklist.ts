import { downloadFields, isDownloadShut, isJtagShut } from './doors.ts';
import { cryptCounts, flashEncryptionState } from './flash-encryption.ts';
import { asked, type Line, type Section } from './line.ts';
import type { Product } from './product.ts';
import { digestsOf, isSecureBootOn, secureBootSwitch } from './secure-boot.ts';

/** What esp_flash_encryption_cfg_verify_release_mode of ESP-IDF looks at, item by item (FACTS 3.6). */
export const flashEncryptionChecklist: Section = {
  title: 'ESP-IDF release checklist: flash encryption',
  lines(product) {
    const { forEver } = flashEncryptionState(product);
    const { production } = product.profile;
    const waivers = ['no-flash-encryption'];
    const asks = 'flash_encryption.mode';
    const release = production.flashEncryptionRelease.filter(
      (bit) => product.shown.chip.revision >= (bit.minRevision ?? 0) && product.has(bit.field),
    );
    const keys = product.flashKeys();
    const foreseen = product.of === 'recipe' && product.shown.flashEncryptedBy === 'device';
    return [
      asked('Flash encryption is on and cannot be switched off', forEver, product.show(cryptCounts), { waivers, asks }),
      ...release.map((bit) =>
        asked(
          `${bit.field} is at least ${bit.value}`,
          product.value(bit.field) >= bit.value,
          product.show([bit.field]),
          {
            waivers,
            asks,
          },
        ),
      ),
      ...product.profile.flashEncryptionFields.map(({ field, value }) =>
        asked(`${field} is ${value}`, product.value(field) === value, product.show([field]), { waivers, asks }),
      ),
      ...production.flashEncryptionWriteProtect.map((field) =>
        asked(`${field} can be changed no more`, product.frozen(field), product.show([field]), { waivers, asks }),
      ),
      asked(
        'Each flash key is hidden, and block and purpose can be changed no more',
        foreseen || (keys.length > 0 && keys.every((key) => product.hidden(key) && product.locked(key))),
        foreseen
          ? 'by the device, at its first start'
          : `blocks ${keys.flatMap((key) => key.blocks).join(', ') || 'none'}`,
        { waivers, asks: 'flash_encryption.key' },
      ),
      ...doors(product),
    ];
  },
};

/** What esp_secure_boot_cfg_verify_release_mode of ESP-IDF looks at, item by item (FACTS 4.6). */
export const secureBootChecklist: Section = {
  title: 'ESP-IDF release checklist: Secure Boot',
  lines(product) {
    const waivers = ['no-secure-boot'];
    const asks = 'secure_boot';
    const digests = digestsOf(product);
    const trusted = digests.filter(
      ({ role }) => product.value(`SECURE_BOOT_KEY_REVOKE${role.slice('secure-boot-digest-'.length)}`) === 0,
    );
    return [
      asked('Secure Boot is on', isSecureBootOn(product), product.show(secureBootSwitch), { waivers, asks }),
      asked('RD_DIS can be changed no more', product.frozen('RD_DIS'), product.show(['RD_DIS']), { waivers, asks }),
      asked(
        'At least one digest is trusted',
        trusted.length > 0,
        `${trusted.length} of ${digests.length} are not revoked`,
        { waivers, asks: 'secure_boot.keys' },
      ),
      ...trusted.map((key) =>
        asked(
          `${key.role} is readable, and block and purpose can be changed no more`,
          product.readable(key) && product.locked(key),
          `block ${key.blocks.join(', ')}`,
          { waivers, asks: 'secure_boot.keys' },
        ),
      ),
      ...curveMode(product),
      asked('Download mode is off or secure', isDownloadShut(product), product.show(downloadFields), {
        waivers: ['download-open'],
        asks: 'doors.download_mode',
      }),
      ...doors(product),
    ];
  },
};

/** What both checklists ask of the doors. */
function doors(product: Product): Line[] {
  const jtag = isJtagShut(product);
  return [
    asked('JTAG is off', jtag.shut, jtag.evidence, { waivers: ['jtag-open'], asks: 'doors.jtag' }),
    ...product.profile.production.directBoot.map((field) =>
      asked(`${field} is set`, product.value(field) === 1, product.show([field]), {
        waivers: ['direct-boot-open'],
        asks: 'doors.direct_boot',
      }),
    ),
  ];
}

/** ESP32-H2: which curves its ECDSA takes must be settled; 3 is P-256 only, and locked by itself (FACTS 2.9). */
function curveMode(product: Product): Line[] {
  const field = 'ECDSA_CURVE_MODE';
  if (!product.has(field)) return [];
  const settled = product.frozen(field) || product.value(field) === 3;
  return [asked(`${field} can be changed no more`, settled, product.show([field]), { asks: 'efuses' })];
}
