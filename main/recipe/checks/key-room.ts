import type { ChipProfile } from '../../chip/board.ts';
import type { Add } from '../finding.ts';
import type { Recipe } from '../types.ts';

/** What chips with one Secure Boot digest have no room for (ESP32-C2, ESP32), with their reasons. */
export function checkKeyRoom({ secureBoot, flashEncryption }: Recipe, profile: ChipProfile, add: Add): void {
  if (secureBoot === null || profile.digests > 1) return;
  const { title } = profile;
  if (secureBoot.keys.length > profile.digests)
    add({
      check: 'secure-boot-digests',
      path: 'secure_boot.keys',
      what: `The ${title} has room for one Secure Boot digest, and the recipe names ${secureBoot.keys.length} keys.`,
      remedy: 'Name one key: a second one could never take the place of the first on this chip.',
    });
  if (secureBoot.aggressiveRevocation)
    add({
      check: 'secure-boot-revocation',
      path: 'secure_boot.aggressive_revocation',
      what: `The ${title} cannot revoke its one Secure Boot digest.`,
      remedy: 'Set aggressive_revocation to false.',
    });
  if (flashEncryption?.key === 'xts-aes-128' && profile.flashEncryption.includes('xts-aes-128-derived'))
    add({
      check: 'flash-encryption-key',
      path: 'flash_encryption.key',
      what: `A flash key of 256 bits fills the one key block of the ${title} and leaves no room for the Secure Boot digest.`,
      remedy: 'Use xts-aes-128-derived: 128 bits in one half of the block, the digest in the other.',
    });
}
