// COSE_Sign1 (RFC 9052, section 4.2) by ECDSA P-256 with SHA-256 (ES256, RFC 9053): what is signed, and the message around it.
import { type Cbor, encodeCbor, taggedCbor } from './cbor.ts';
import { decodeCbor } from './cbor-read.ts';

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

/** A message that was signed, if its signature holds. */
export interface Sign1 {
  readonly keyId: Uint8Array;
  readonly payload: Cbor;
  readonly toBeSigned: Uint8Array;
  /** r and s, 32 bytes each. */
  readonly signature: Uint8Array;
}

/** A message as `sign1` makes it, with this content type and nothing else in its header; null: it is none. The signature is not looked at. */
export function readSign1(bytes: Uint8Array, contentType: string): Sign1 | null {
  if (bytes[0] !== ((6 << 5) | sign1Tag)) return null;
  const message = decodeCbor(bytes.subarray(1));
  if (!Array.isArray(message) || message.length !== 4) return null;
  const [protectedBytes, unprotected, payload, signature] = message as readonly Cbor[];
  if (!(protectedBytes instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array))
    return null;
  if (signature.length !== 64 || !isEmptyMap(unprotected)) return null;
  const header = decodeCbor(protectedBytes);
  if (!(header instanceof Map) || header.size !== 3) return null;
  const keyId = header.get(parameter.keyId);
  if (header.get(parameter.algorithm) !== es256 || header.get(parameter.contentType) !== contentType) return null;
  if (!(keyId instanceof Uint8Array)) return null;
  const value = decodeCbor(payload);
  if (value === undefined) return null;
  const toBeSigned = encodeCbor(['Signature1', protectedBytes, nothing, payload]);
  return { keyId, payload: value, toBeSigned, signature };
}

function isEmptyMap(value: Cbor | undefined): boolean {
  return value != null && encodeCbor(value)[0] === 0xa0;
}
