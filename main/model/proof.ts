/**
 * Firmware whose image holds these words answers a proof on its console: the line `prove HEX` (32 challenge bytes) with a signature over
 * the challenge by the identity key: `proof HEX` for ECDSA P-256, for every other key `proof SCHEME HEX` (`ProofScheme`).
 */
export const proofMarker = 'FUSELINE-PROOF-1';

/**
 * How a device signed the challenge. ECDSA: r‖s, big-endian, over SHA-256 (P-256) or SHA-384 (P-384) of the challenge. RSA: as many bytes
 * as the modulus, big-endian, over SHA-256; `rsa-pss` with MGF1-SHA-256 and a salt of 32 bytes, `rsa-pkcs1` as PKCS #1 v1.5 pads.
 */
export const proofSchemes = ['ecdsa-p256', 'ecdsa-p384', 'rsa-pss', 'rsa-pkcs1'] as const;
export type ProofScheme = (typeof proofSchemes)[number];
