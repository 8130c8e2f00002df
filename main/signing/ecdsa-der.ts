import { ECDSASigValue } from '@peculiar/asn1-ecc';
import { AsnConvert } from '@peculiar/asn1-schema';

/** The DER Ecdsa-Sig-Value (RFC 3279) of r‖s, big-endian halves of equal length. */
export function ecdsaDer(signature: Uint8Array): ArrayBuffer {
  const half = signature.length / 2;
  const [r, s] = [integerOf(signature.subarray(0, half)), integerOf(signature.subarray(half))];
  return AsnConvert.serialize(new ECDSASigValue({ r, s }));
}

/** Content of a DER INTEGER: no leading zeros, but one where the number would look negative. */
function integerOf(bytes: Uint8Array): ArrayBuffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  const padded = new Uint8Array(digits.length + (digits[0]! > 0x7f ? 1 : 0));
  padded.set(digits, padded.length - digits.length);
  return padded.buffer;
}
