import { timingSafeEqual } from 'node:crypto';
import { hasField } from '../../efuse/tables.ts';
import { fieldOr, ones, slotOfPurpose } from '../boot/keys.ts';
import type { VirtualEfuse } from '../silicon.ts';
import { calculateHmac } from './hmac.ts';

/** What a probe on the JTAG pins or behind USB finds: a debugger, nothing for ever, nothing until a token opens it. */
export type JtagState = 'on' | 'off' | 'soft-off';

/** JTAG as the eFuses alone have it (FACTS 2.7, 6): hard bits for each way in, an odd number of ones in SOFT_DIS_JTAG for both. */
export function jtagState(efuse: VirtualEfuse): JtagState {
  const shut = (name: string) => !hasField(efuse.table, name) || efuse.field(name) !== 0;
  const pads = ['DIS_PAD_JTAG', 'JTAG_DISABLE'].find((name) => hasField(efuse.table, name));
  if (pads !== undefined && shut(pads) && shut('DIS_USB_JTAG')) return 'off';
  return ones(fieldOr(efuse, 'SOFT_DIS_JTAG', 0)) % 2 === 1 ? 'soft-off' : 'on';
}

/**
 * What the HMAC peripheral does with a token that firmware hands it: opens JTAG if it is HMAC-SHA256 over 32 zero bytes under the block of
 * purpose HMAC_DOWN_JTAG (or HMAC_DOWN_ALL). With a hard bit burned no token helps.
 */
export function tokenOpensJtag(efuse: VirtualEfuse, token: Uint8Array): boolean {
  const hard = ['DIS_PAD_JTAG', 'DIS_USB_JTAG'].some((name) => fieldOr(efuse, name, 0) !== 0);
  if (hard || jtagState(efuse) !== 'soft-off' || token.length !== 32) return false;
  const slot = slotOfPurpose(efuse, 'HMAC_DOWN_JTAG') ?? slotOfPurpose(efuse, 'HMAC_DOWN_ALL');
  const right = slot === null ? null : calculateHmac(efuse, slot, new Uint8Array(32), 'HMAC_DOWN_JTAG');
  return right !== null && timingSafeEqual(right, token);
}
