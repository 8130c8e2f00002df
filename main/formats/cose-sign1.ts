// COSE_Sign1 (RFC 9052, section 4.2) by ECDSA P-256 with SHA-256 (ES256, RFC 9053): what is signed, and the message around it.
import { type Cbor, encodeCbor, taggedCbor } from './cbor.ts';

const parameter = { algorithm: 1, contentType: 3, keyId: 4 } as const;
const es256 = -7;
const sign1Tag = 18;
const nothing = new Uint8Array();

/** A message that waits for its signature. */
export interface Unsigned {
  /** What is signed, with SHA-256. */
  readonly toBeSigned: Uint8Array;
  /** The whole message (tagged), once there is a signature: r and s, 32 bytes each. */
  with(signature: Uint8Array): Uint8Array;
}

export function sign1(payload: Cbor, { contentType, keyId }: { contentType: string; keyId: Uint8Array }): Unsigned {
  const header = new Map<number, Cbor>([
    [parameter.algorithm, es256],
    [parameter.contentType, contentType],
    [parameter.keyId, keyId],
  ]);
  const protectedBytes = encodeCbor(header);
  const bytes = encodeCbor(payload);
  return {
    toBeSigned: encodeCbor(['Signature1', protectedBytes, nothing, bytes]),
    with: (signature) => taggedCbor(sign1Tag, [protectedBytes, new Map(), bytes, signature]),
  };
}
