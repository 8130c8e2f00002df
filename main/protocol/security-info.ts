import { viewOf } from '../base/bytes.ts';
import type { SecurityInfo } from '../model/chip.ts';

/** GET_SECURITY_INFO's payload of 20 bytes, or 12 on the S2 (FACTS 1.4). RangeError where it is shorter. */
export function parseSecurityInfo(payload: Uint8Array): SecurityInfo {
  if (payload.length < 12) throw new RangeError(`security info of ${payload.length} bytes`);
  const view = viewOf(payload);
  const flags = view.getUint32(0, true);
  const flag = (bit: number): boolean => ((flags >>> bit) & 1) === 1;
  const whole = payload.length >= 20;
  return {
    flags,
    secureBoot: flag(0),
    aggressiveRevoke: flag(1),
    secureDownload: flag(2),
    revokedKeys: [flag(3), flag(4), flag(5)],
    softJtagDisabled: flag(6),
    hardJtagDisabled: flag(7),
    usbDisabled: flag(8),
    flashCryptCount: payload[4] as number,
    keyPurposes: Array.from(payload.subarray(5, 12)),
    chipId: whole ? view.getUint32(12, true) : null,
    apiVersion: whole ? view.getUint32(16, true) : null,
  };
}
