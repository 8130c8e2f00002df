import type { SecretBytes } from '../base/secret.ts';
import type { WrappedKey } from '../model/event.ts';
import type { KeyRef } from '../model/refs.ts';

export type { KeyRef };

export type KeyUse = 'secure-boot' | 'device-ca' | 'wrapping' | 'ledger';
export type KeyAlgorithm = 'rsa-3072' | 'ecdsa-p256' | 'ecdsa-p384' | 'ed25519' | 'aes-256';

/** A key that is to be made. */
export interface KeyWish {
  readonly label: string;
  readonly use: KeyUse;
  readonly algorithm: KeyAlgorithm;
  /** Its CKA_ID in hex, of `newKeyId`, where whoever asks has written it down before; left out: a new one. */
  readonly id?: string;
}

export interface TokenKey {
  readonly label: string;
  readonly id: string;
  readonly algorithm: KeyAlgorithm | 'other';
  readonly use: KeyUse | 'other';
  readonly extractable: boolean;
  readonly sensitive: boolean;
  /** DER SubjectPublicKeyInfo, for key pairs. */
  readonly spki: Uint8Array | null;
  readonly publicKeySha256: string | null;
}

export interface TokenStatus {
  readonly module: string;
  readonly label: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  /** A real signature was made with a key of the token just now (null: no signing key in it yet). */
  readonly healthy: boolean | null;
  readonly signMs: number | null;
  readonly pinCountLow: boolean;
  /** Sessions that share the work, where more than one may. */
  readonly sessions?: number;
}

/** How to sign: the hash of the message, or with `ed25519` the message itself, which that hashes twice. */
export type SignScheme = 'rsa-pss-sha256' | 'ecdsa' | 'ed25519';

/** How a key of this algorithm signs; null: it does not. */
export function schemeOf(algorithm: TokenKey['algorithm']): SignScheme | null {
  if (algorithm === 'rsa-3072') return 'rsa-pss-sha256';
  if (algorithm === 'ed25519') return 'ed25519';
  return algorithm === 'ecdsa-p256' || algorithm === 'ecdsa-p384' ? 'ecdsa' : null;
}

/**
 * The token behind a process boundary. Faults: TokenFault `token.none`, `token.ambiguous`, `token.pin`, `token.pin-locked`,
 * `token.pin-file`, `token.gone` (it may come back: see `whenBack`), `token.no-key`, `token.two-keys`, `token.label` (taken or unfit),
 * `token.refused`, `token.bad-signature`, `token.bad-answer`, `token.module`, `token.store`, `token.crashed`, `token.closed`; ProgramFault for wrong calls.
 * Calls queue; they answer in order. After `token.gone` the next call opens the token anew and finds its handles again; after
 * `token.crashed` the next call starts the process anew. Once a PIN was refused every call says so and none tries it again.
 */
export interface Signer {
  status(): Promise<TokenStatus>;
  keys(): Promise<readonly TokenKey[]>;
  /** Makes a non-extractable, sensitive key (pair); refuses a label that exists. */
  generateKey(wish: KeyWish): Promise<TokenKey>;
  /** What became of a key whose making may have been cut short, by its id: the whole key, or null; what there is of half a one is removed. */
  settleKey(id: string): Promise<TokenKey | null>;
  findKey(ref: KeyRef): Promise<TokenKey>;
  /** Bytes of the token's random generator. They cross the process boundary sealed, not in clear. */
  random(length: number): Promise<SecretBytes>;
  /**
   * Signature over `digest`: RSA-PSS 384 bytes big-endian (salt 32, MGF1 SHA-256); ECDSA r‖s big-endian, each as long as the curve; Ed25519
   * (RFC 8032) 64 bytes over the message.
   */
  sign(ref: KeyRef, scheme: SignScheme, digest: Uint8Array): Promise<Uint8Array>;
  /** Only lengths that are a multiple of 8, as the keys of the chips are. */
  wrap(wrappingKey: KeyRef, secret: SecretBytes): Promise<WrappedKey>;
  unwrap(wrappingKey: KeyRef, wrapped: WrappedKey): Promise<SecretBytes>;
  /** Resolves when the token answers with a real signature (or a key search where it has no signing key). */
  whenBack(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
