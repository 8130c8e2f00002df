/**
 * Firmware whose image holds these words answers a proof on its console: the line `prove HEX` (32 challenge bytes) with `proof HEX`, an
 * ECDSA P-256 signature r‖s (64 bytes) over SHA-256 of the challenge, by the key in eFuse.
 */
export const proofMarker = 'FUSELINE-PROOF-1';
