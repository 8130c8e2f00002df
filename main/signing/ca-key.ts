import { createHash } from 'node:crypto';
import { id_ecdsaWithSHA256, id_ecdsaWithSHA384 } from '@peculiar/asn1-ecc';
import { AsnConvert } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@peculiar/asn1-x509';
import { TokenFault } from '../model/fault.ts';
import { ecdsaDer } from './ecdsa-der.ts';
import type { KeyRef, Signer, TokenKey } from './signer.ts';
import type { CurveName } from './spki.ts';

/** A key of the token that signs certificates and requests. */
export interface CaKey extends TokenKey {
  readonly spki: Uint8Array;
  readonly curve: CurveName;
}

/** Finds it. TokenFault `token.refused` for a key that is none of P-256 or P-384, or has another use. */
export async function caKey(signer: Signer, ref: KeyRef): Promise<CaKey> {
  const key = await signer.findKey(ref);
  const curve = key.algorithm === 'ecdsa-p256' ? 'P-256' : key.algorithm === 'ecdsa-p384' ? 'P-384' : null;
  if (curve !== null && key.spki !== null && key.use !== 'secure-boot') return { ...key, spki: key.spki, curve };
  const why =
    curve === null
      ? `is of the kind ${key.algorithm}; certificates are signed with P-256 or P-384 here`
      : key.spki === null
        ? 'has no public key beside it in the token'
        : 'signs firmware, and a key has one use only';
  throw new TokenFault({
    code: 'token.refused',
    what: `The key '${key.label}' cannot sign certificates: it ${why}.`,
    next: 'Name or make a key for device-ca.',
    details: { label: key.label, algorithm: key.algorithm, use: key.use },
  });
}

/** Signs DER with the CA key; a DER Ecdsa-Sig-Value. */
export async function signDer(signer: Signer, key: CaKey, der: ArrayBuffer): Promise<ArrayBuffer> {
  const digest = createHash(key.curve === 'P-256' ? 'sha256' : 'sha384')
    .update(new Uint8Array(der))
    .digest();
  // by id and public key: the very key whose name and identifier stand in the certificate
  const ref = { label: key.label, id: key.id, publicKeySha256: key.publicKeySha256! };
  return ecdsaDer(await signer.sign(ref, 'ecdsa', digest));
}

export function algorithmOf(key: CaKey): AlgorithmIdentifier {
  return ecdsaAlgorithm(key.curve);
}

export function ecdsaAlgorithm(curve: CurveName): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm: curve === 'P-256' ? id_ecdsaWithSHA256 : id_ecdsaWithSHA384 });
}

export function parseSpki(spki: Uint8Array): SubjectPublicKeyInfo {
  return AsnConvert.parse(spki, SubjectPublicKeyInfo);
}
