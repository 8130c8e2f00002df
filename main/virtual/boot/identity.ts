import { p256, p384 } from '@noble/curves/nist.js';
import { concat, toHex } from '../../base/bytes.ts';
import { parseSecureCert, tlvTypes } from '../../image/secure-cert.ts';
import type { Partition } from '../../image/types.ts';
import { isFault } from '../../model/fault.ts';
import { hasEcdsaPeripheral } from '../kinds.ts';
import { dsModulus, signWithDs } from '../peripherals/ds.ts';
import type { BootContext } from '../silicon.ts';
import { flashView } from './flash-view.ts';
import { keyFileBytes, slotOfPurpose } from './keys.ts';

/** The key by which firmware proves who it is. */
export interface BootIdentity {
  /** Hex: an uncompressed point, or the modulus of an RSA key. */
  readonly publicKey: string;
  /** What stands behind the word `proof` in the answer to a challenge: see proofMarker. */
  prove(challenge: Uint8Array): string;
}

/**
 * The identity that a firmware with these partitions finds: a P-256 or P-384 key that the ECDSA peripheral can use, or DS parameters in an
 * esp_secure_cert partition. Null where chip or revision has none, or no valid key is burned.
 */
export function findIdentity(context: BootContext, partitions: readonly Partition[]): BootIdentity | null {
  return ecdsaIdentity(context) ?? dsIdentity(context, partitions);
}

function ecdsaIdentity({ efuse, kind, revision }: BootContext): BootIdentity | null {
  if (!hasEcdsaPeripheral(kind, revision)) return null;
  const slotOfKey = slotOfPurpose(efuse, 'ECDSA_KEY');
  if (slotOfKey !== null) return signer(p256, '', keyFileBytes(efuse, slotOfKey, 'ECDSA_KEY'));
  const [high, low] = [slotOfPurpose(efuse, 'ECDSA_KEY_P384_H'), slotOfPurpose(efuse, 'ECDSA_KEY_P384_L')];
  if (high === null || low === null) return null;
  const upper = keyFileBytes(efuse, high, 'ECDSA_KEY_P384_H').subarray(16);
  return signer(p384, 'ecdsa-p384 ', concat(upper, keyFileBytes(efuse, low, 'ECDSA_KEY_P384_L')));
}

/** The peripheral's deterministic mode (RFC 6979, FACTS 8); noble hashes the challenge with the curve's own SHA-2. */
function signer(curve: typeof p256, scheme: string, scalar: Uint8Array): BootIdentity | null {
  if (!curve.utils.isValidSecretKey(scalar)) return null;
  return {
    publicKey: toHex(curve.getPublicKey(scalar, false)),
    prove: (challenge) => `${scheme}${toHex(curve.sign(challenge, scalar))}`,
  };
}

/** Type of partitions in the form of esp_secure_cert (FACTS 10). */
const secureCertType = 0x3f;

function dsIdentity(context: BootContext, partitions: readonly Partition[]): BootIdentity | null {
  const partition = partitions.find(({ type }) => type === secureCertType);
  if (partition === undefined) return null;
  const entries = entriesOf(context, partition);
  const data = entries.find(({ type }) => type === tlvTypes.dsData)?.data;
  const keyId = entries.find(({ type }) => type === tlvTypes.dsContext)?.data[4];
  if (data === undefined || keyId === undefined) return null;
  const modulus = dsModulus(context, keyId, data);
  if (modulus === null) return null;
  return {
    publicKey: toHex(modulus),
    prove: (challenge) => `rsa-pkcs1 ${toHex(signWithDs(context, keyId, data, challenge)!)}`,
  };
}

function entriesOf({ efuse, flash }: BootContext, { offset, size, encrypted }: Partition) {
  const bytes = encrypted ? flashView(efuse, flash).read(offset, size) : flash.read(offset, size);
  try {
    return parseSecureCert(bytes);
  } catch (error) {
    if (isFault(error)) return [];
    throw error;
  }
}
