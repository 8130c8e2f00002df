import { createHmac } from 'node:crypto';
import type { KeyPurpose } from '../../efuse/types.ts';
import { keyFileBytes } from '../boot/keys.ts';
import type { VirtualEfuse } from '../silicon.ts';

/** What the HMAC peripheral is asked for: an answer for software, or one that only goes on to another peripheral. */
export type HmacPurpose = Extract<KeyPurpose, 'HMAC_UP' | 'HMAC_DOWN_JTAG' | 'HMAC_DOWN_DIGITAL_SIGNATURE'>;

/**
 * HMAC-SHA-256 (32 bytes) of a message under the key block of a slot (0 to 5), as the peripheral computes it (FACTS 6): the key is the
 * block as it was written, not reversed. Null where it refuses: no such purpose on this silicon, or the block was burned for another
 * one. Downstream a block of HMAC_DOWN_ALL serves both.
 */
export function calculateHmac(
  efuse: VirtualEfuse,
  slot: number,
  message: Uint8Array,
  purpose: HmacPurpose,
): Uint8Array | null {
  const burned = purposeOf(efuse, slot);
  if (burned !== purpose && !(burned === 'HMAC_DOWN_ALL' && purpose !== 'HMAC_UP')) return null;
  return new Uint8Array(
    createHmac('sha256', keyFileBytes(efuse, slot, burned))
      .update(message)
      .digest(),
  );
}

/** The purpose that a key block was burned for; null for none that this silicon knows. */
function purposeOf(efuse: VirtualEfuse, slot: number): KeyPurpose | null {
  const field = efuse.table.keyBlocks[slot]?.purposeField ?? null;
  if (field === null) return null;
  const number = efuse.field(field);
  return efuse.table.purposes.find((rule) => rule.number === number && number !== 0)?.purpose ?? null;
}
