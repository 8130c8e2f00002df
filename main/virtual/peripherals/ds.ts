import { createHash } from 'node:crypto';
import { concat, fromHex, toHex } from '../../base/bytes.ts';
import { SecretBytes } from '../../base/secret.ts';
import { type DsParameters, dsKeyMessage, dsLongestKey, openDsDataUnder } from '../../image/ds.ts';
import { isFault } from '../../model/fault.ts';
import type { BootContext } from '../silicon.ts';
import { calculateHmac } from './hmac.ts';

/**
 * RSASSA-PKCS1-v1_5 with SHA-256 over `message` by the DS peripheral (FACTS 7): its parameters `data` (esp_ds_data_t) are decrypted under
 * what the HMAC peripheral makes of key block `slot`, and the signature is their key's. As long as the modulus, big-endian. Null where the
 * hardware refuses: no such peripheral, a block for another purpose, parameters for another key.
 */
export function signWithDs(
  context: BootContext,
  slot: number,
  data: Uint8Array,
  message: Uint8Array,
): Uint8Array | null {
  const key = openParameters(context, slot, data);
  if (key === null) return null;
  try {
    return key.exponent.use((exponent) => power(padded(message, key.modulus.length), exponent, key.modulus));
  } finally {
    key.exponent.destroy();
  }
}

/** Modulus (big-endian) of the key in DS parameters, as the peripheral finds it; null where it refuses them. */
export function dsModulus(context: BootContext, slot: number, data: Uint8Array): Uint8Array | null {
  const key = openParameters(context, slot, data);
  key?.exponent.destroy();
  return key?.modulus ?? null;
}

function openParameters({ efuse, kind }: BootContext, slot: number, data: Uint8Array): DsParameters | null {
  if (dsLongestKey[kind] === null) return null;
  const aes = calculateHmac(efuse, slot, dsKeyMessage, 'HMAC_DOWN_DIGITAL_SIGNATURE');
  if (aes === null) return null;
  using key = SecretBytes.adopt(aes);
  try {
    return openDsDataUnder(data, key, kind);
  } catch (error) {
    if (isFault(error)) return null;
    throw error;
  }
}

/** DER of DigestInfo for SHA-256, up to the digest (RFC 8017, 9.2, note 1). */
const sha256Info = fromHex('3031300d060960864801650304020105000420');

/** EMSA-PKCS1-v1_5 (RFC 8017, 9.2). */
function padded(message: Uint8Array, length: number): Uint8Array {
  const info = concat(sha256Info, createHash('sha256').update(message).digest());
  const filling = new Uint8Array(length - info.length - 3).fill(0xff);
  return concat(Uint8Array.of(0, 1), filling, Uint8Array.of(0), info);
}

/** base^exponent mod modulus, as the RSA engine computes it: square and multiply, most significant bit first. */
function power(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  const n = BigInt(`0x${toHex(modulus)}`);
  const x = BigInt(`0x${toHex(base)}`);
  let result = 1n;
  for (const byte of exponent)
    for (let bit = 7; bit >= 0; bit--) {
      result = (result * result) % n;
      if ((byte >> bit) & 1) result = (result * x) % n;
    }
  return fromHex(result.toString(16).padStart(2 * modulus.length, '0'));
}
