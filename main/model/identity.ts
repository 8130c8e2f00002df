/** Kinds of device keys: ECDSA in eFuse, or RSA that only the DS peripheral can use (FACTS 7, 8). */
export const identityKeys = ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;
export type IdentityKey = (typeof identityKeys)[number];

/** Curve of an ECDSA device key; null for an RSA key. */
export function curveOfKey(key: IdentityKey): 'P-256' | 'P-384' | null {
  if (key === 'ecdsa-p256') return 'P-256';
  return key === 'ecdsa-p384' ? 'P-384' : null;
}

/** Bits of an RSA device key; null for an ECDSA key. */
export function rsaBitsOfKey(key: IdentityKey): 2048 | 3072 | 4096 | null {
  if (key === 'rsa-2048') return 2048;
  if (key === 'rsa-3072') return 3072;
  return key === 'rsa-4096' ? 4096 : null;
}
