import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { TokenFault } from '../model/fault.ts';
import { ecdsaDer } from './ecdsa-der.ts';
import type { KeyRef, Signer } from './signer.ts';

/** How a file is signed, in the words of openssl: ECDSA as DER, RSA as PSS with a salt of 32 bytes. */
export type DetachedAlgorithm = 'ecdsa-p256-sha256' | 'ecdsa-p384-sha384' | 'rsa-3072-pss-sha256';

const algorithms = {
  'ecdsa-p256': { name: 'ecdsa-p256-sha256', hash: 'sha256', scheme: 'ecdsa' },
  'ecdsa-p384': { name: 'ecdsa-p384-sha384', hash: 'sha384', scheme: 'ecdsa' },
  'rsa-3072': { name: 'rsa-3072-pss-sha256', hash: 'sha256', scheme: 'rsa-pss-sha256' },
} as const;

/** A key that signs files. */
export interface DetachedSigner {
  readonly algorithm: DetachedAlgorithm;
  readonly label: string;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly publicKeySha256: string;
  /** The signature as a file of its own. TokenFault `token.bad-signature` where it does not verify. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** The key of a token as what signs files. TokenFault as the signer raises them, `token.no-signing-key` for one that signs nothing. */
export async function detachedSigner(signer: Signer, ref: KeyRef): Promise<DetachedSigner> {
  const key = await signer.findKey(ref);
  const { algorithm, spki, publicKeySha256, label, id } = key;
  if (spki === null || publicKeySha256 === null || !(algorithm in algorithms))
    throw new TokenFault({
      code: 'token.no-signing-key',
      what: `The key ${JSON.stringify(label)} of the token is ${algorithm} and signs no files.`,
      next: 'Name an ECDSA or RSA-3072 key, or make one: token keys --make ecdsa-p256 --label NAME.',
    });
  const { name, hash, scheme } = algorithms[algorithm as keyof typeof algorithms];
  return {
    algorithm: name,
    label,
    spki,
    publicKeySha256,
    async sign(bytes) {
      const digest = new Uint8Array(createHash(hash).update(bytes).digest());
      const raw = await signer.sign({ label, id, publicKeySha256 }, scheme, digest);
      const signature = scheme === 'ecdsa' ? new Uint8Array(ecdsaDer(raw)) : raw;
      if (!verifyDetached(spki, name, bytes, signature))
        throw new TokenFault({
          code: 'token.bad-signature',
          what: `The signature that the token made with ${JSON.stringify(label)} does not verify.`,
          next: 'Look after the token (token status) before anything is signed with it.',
        });
      return signature;
    },
  };
}

/** Whether `signature` is good over `bytes` by the key of `spki` (DER SubjectPublicKeyInfo). */
export function verifyDetached(
  spki: Uint8Array,
  algorithm: DetachedAlgorithm,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const rsa = algorithm === 'rsa-3072-pss-sha256';
    return verify(algorithm.endsWith('sha384') ? 'sha384' : 'sha256', bytes, rsa ? pss : key, signature);
  } catch {
    return false;
  }
}
