import { asked, built, type Line, notApplicable, type Section } from './line.ts';
import type { Product } from './product.ts';

/** The bit that makes the ROM verify: ABS_DONE_1 on the classic ESP32. */
export const secureBootSwitch = ['SECURE_BOOT_EN', 'ABS_DONE_1'];
const revokes = [0, 1, 2].map((slot) => `SECURE_BOOT_KEY_REVOKE${slot}`);
const waivers = ['no-secure-boot'];
const asks = 'secure_boot';

export function isSecureBootOn(product: Product): boolean {
  return product.those(...secureBootSwitch).some((field) => product.value(field) === 1);
}

export function digestsOf(product: Product) {
  return product.keys((role) => role.startsWith('secure-boot-digest'));
}

/** Security overview, Secure Boot with its best practices; Secure Boot V2, multiple keys and revocation. */
export const secureBoot: Section = {
  title: 'Secure Boot V2',
  lines(product) {
    const on = isSecureBootOn(product);
    const digests = digestsOf(product);
    const blocks = digests.flatMap((key) => key.blocks).join(', ') || 'none';
    const scheme = product.shown.secureBoot?.scheme ?? 'none';
    return [
      asked(
        'Only signed firmware starts',
        on && digests.length > 0,
        `${product.show(secureBootSwitch)}, ${digests.length} ${digests.length === 1 ? 'digest' : 'digests'}`,
        { waivers, asks },
      ),
      asked(
        'Digests are readable by the ROM and cannot be changed',
        on && digests.length > 0 && digests.every((key) => product.readable(key) && product.locked(key)),
        `blocks ${blocks}`,
        { waivers, asks },
      ),
      asked('No key can be hidden from the ROM any more', on && product.frozen('RD_DIS'), product.show(['RD_DIS']), {
        waivers,
        asks,
      }),
      ...revocation(product, on),
      asked(
        'A scheme that ESP-IDF recommends on this chip',
        on && (scheme === 'rsa3072' || !product.profile.ecdsaSecureBootInsecure),
        scheme,
        { waivers: ['secure-boot-ecdsa', ...waivers], asks: 'secure_boot.scheme' },
      ),
      built(
        product,
        'The bootloader that the ROM verifies verifies the application',
        ['lint-secure-boot', 'lint-secure-boot-v2'],
        { waivers, asks: 'firmware' },
      ),
      built(product, 'The signing key is private: no build host has it', ['lint-secure-boot-build-signed'], {
        asks: 'secure_boot.keys',
      }),
      built(
        product,
        'No option of the build weakens Secure Boot',
        [
          'lint-secure-boot-unasked',
          'lint-unused-digests-other',
          'lint-secure-boot-insecure',
          'lint-secure-boot-force-ecdsa',
          'lint-secure-boot-rd-dis',
          'lint-secure-boot-jtag',
          'lint-secure-boot-rom-basic',
          'lint-secure-boot-short-app',
          'lint-secure-boot-unused-slots',
          'lint-secure-boot-write-protection',
          'lint-secure-boot-software-only',
          'lint-already-enabled',
          'lint-aggressive-revocation',
          'lint-efuse-emulation',
          'lint-skip-validate',
          'lint-skip-validate-sleep',
        ],
        { asks: 'firmware' },
      ),
    ];
  },
};

/** What chips with several digests can do. */
function revocation(product: Product, on: boolean): Line[] {
  const fields = product.those(...revokes);
  const one = 'the chip holds one digest, which cannot be revoked';
  const unused = 'Unused digest slots are revoked';
  const reserve = 'A second key is in reserve where one wrong signature revokes a key';
  const open = 'A key that leaks can be revoked in the field';
  if (fields.length === 0)
    return [unused, reserve, open].map((what) => notApplicable(what, one, { asks: 'secure_boot.keys' }));
  const used = (slot: number) => product.keys((role) => role === `secure-boot-digest-${slot}`).length > 0;
  const keys = digestsOf(product).length;
  const aggressive = product.value('SECURE_BOOT_AGGRESSIVE_REVOKE') === 1;
  const replaceable = revokes.every((field, slot) => !used(slot) || !product.frozen(field));
  return [
    asked(
      unused,
      on && revokes.every((field, slot) => used(slot) || product.value(field) === 1),
      product.show(revokes),
      { waivers: ['unused-digests', 'no-secure-boot'], asks: 'secure_boot.revoke_unused' },
    ),
    aggressive
      ? asked(reserve, keys > 1, `SECURE_BOOT_AGGRESSIVE_REVOKE=1, ${keys} keys`, {
          waivers: ['lint-aggressive-revocation'],
          asks: 'secure_boot.aggressive_revocation',
        })
      : notApplicable(reserve, 'SECURE_BOOT_AGGRESSIVE_REVOKE=0: no signature revokes a key by itself', {
          asks: 'secure_boot.aggressive_revocation',
        }),
    keys > 1
      ? asked(open, on && replaceable, `${keys} keys, ${replaceable ? 'revocable' : 'revocation is frozen'}`, {
          waivers: ['no-secure-boot'],
          asks: 'secure_boot.keys',
        })
      : notApplicable(open, 'one key: with nothing to take its place it must not be revoked', {
          asks: 'secure_boot.keys',
        }),
  ];
}
