import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import pkcs11js from 'pkcs11js';
import { utf8 } from '../../base/bytes.ts';
import { SecretBytes } from '../../base/secret.ts';
import { isFault, ProgramFault, TokenFault } from '../../model/fault.ts';
import { type KeyRef, type SignScheme, schemeOf, type TokenKey, type TokenStatus } from '../signer.ts';
import { verifyDigest } from '../verify.ts';
import { badAnswer } from './faults.ts';
import { overwriteFreed } from './leftovers.ts';
import { edwards, type FoundKey, type TokenKeys } from './token-keys.ts';
import { type Cryptoki, type Handle, pinStateOf, quietly, type TokenSession, trimmed } from './token-session.ts';

/** What the token does for the station, one call at a time, in the token process. */
export class TokenOperations {
  readonly #session: TokenSession;
  readonly #keys: TokenKeys;
  /** Fingerprint of the newest random bytes that were tested. */
  #lastRandom: string | null = null;

  constructor(session: TokenSession, keys: TokenKeys) {
    this.#session = session;
    this.#keys = keys;
  }

  status(): TokenStatus {
    const info = this.#session.info();
    const health = this.#health();
    return {
      module: this.#session.place.module,
      label: trimmed(info.label),
      serial: trimmed(info.serialNumber),
      manufacturer: trimmed(info.manufacturerID),
      model: trimmed(info.model),
      firmware: `${info.firmwareVersion.major}.${info.firmwareVersion.minor}`,
      healthy: health === null ? null : true,
      signMs: health,
      pinCountLow: pinStateOf(info.flags).countLow,
    };
  }

  random(length: number): SecretBytes {
    if (!Number.isInteger(length) || length < 1 || length > 1 << 20)
      throw misuse(`${length} random bytes were asked for.`);
    return this.#session.run('give random bytes', (module, session) => {
      // not in V8's heap, which moves short arrays about
      const bytes = Buffer.from(new ArrayBuffer(length));
      module.C_GenerateRandom(session, bytes);
      const secret = SecretBytes.adopt(bytes);
      if (length >= testedRandom) this.#mustBeNew(secret, bytes);
      return secret;
    });
  }

  /** A generator that stands still, or was never asked (its buffer is as it was): its keys would be everybody's. */
  #mustBeNew(secret: SecretBytes, bytes: Uint8Array): void {
    const print = secret.fingerprint();
    const before = this.#lastRandom;
    this.#lastRandom = print;
    if (print !== before && bytes.some((byte) => byte !== bytes[0])) return;
    secret.destroy();
    throw badAnswer(
      'gave bytes that are not random: all of one value, or the same as before',
      'Make no key with this token; have its random generator looked at.',
    );
  }

  /**
   * The key of this id where all of it is there and it does what it was made for; otherwise what there is of it is removed, and null: a module
   * that was killed may have written name and id of a key, and nothing of the key itself. As `TokenKeys.settle`.
   */
  settle(id: string): TokenKey | null {
    const key = this.#keys.settle(id);
    if (key === null || this.#works(key)) return key;
    this.#keys.remove(id);
    return null;
  }

  #works(key: TokenKey): boolean {
    const ref = { label: key.label, id: key.id };
    try {
      const scheme = schemeOf(key.algorithm);
      if (scheme !== null) this.sign(ref, scheme, trial());
      else {
        using secret = this.random(32);
        const { wrappingKeyId, data } = this.wrap(ref, secret);
        using back = this.unwrap(ref, wrappingKeyId, data);
        return back.fingerprint() === secret.fingerprint();
      }
      return true;
    } catch (error) {
      // a token that is away says nothing of its keys
      if (isFault(error, 'token.gone')) throw error;
      return false;
    }
  }

  /** A signature is verified against the public key before it is given out: a wrong one never leaves (fault attacks, broken tokens). */
  sign(ref: KeyRef, scheme: SignScheme, digest: Uint8Array): Uint8Array {
    return this.#signWith(this.#keys.find(ref), scheme, digest);
  }

  /**
   * Lengths that are no multiple of 8 are refused: SoftHSM 2.6.1 unwraps them with their padding, so they would not come back as they
   * were. All keys of the chips are multiples of 8.
   */
  wrap(ref: KeyRef, secret: SecretBytes): { wrappingKeyId: string; data: Uint8Array } {
    if (secret.length === 0 || secret.length % 8 !== 0)
      throw misuse(`A key of ${secret.length} bytes was to be wrapped.`);
    const wrapping = this.#wrappingKey(ref);
    const mechanism = this.#wrapMechanism();
    const data = this.#session.run(`wrap under '${ref.label}'`, (module, session) => {
      const object = importSecret(module, session, secret);
      try {
        const room = Buffer.alloc(secret.length + 32);
        const data = new Uint8Array(module.C_WrapKey(session, { mechanism }, wrapping.handle, object, room));
        if (data.length !== secret.length + 8)
          throw badAnswer(
            `wrapped ${secret.length} bytes into ${data.length}, which is no AES key wrap (RFC 5649)`,
            'Make no key with this token; look at its software.',
          );
        return data;
      } finally {
        quietly(() => module.C_DestroyObject(session, object));
      }
    });
    return { wrappingKeyId: wrapping.key.id, data };
  }

  unwrap(ref: KeyRef, wrappingKeyId: string, data: Uint8Array): SecretBytes {
    const wrapping = this.#wrappingKey(ref);
    if (wrapping.key.id !== wrappingKeyId)
      throw new TokenFault({
        code: 'token.no-key',
        what: `The key was wrapped under ${wrappingKeyId}, and '${ref.label}' of ${this.#session.name} is ${wrapping.key.id}.`,
        next: 'Bring the token (or the backup of it) under which the key was wrapped.',
        details: { wanted: wrappingKeyId, found: wrapping.key.id },
      });
    const mechanism = this.#wrapMechanism();
    return this.#session.run(`unwrap under '${ref.label}'`, (module, session) => {
      const object = module.C_UnwrapKey(session, { mechanism }, wrapping.handle, Buffer.from(data), [
        ...sessionSecret,
        { type: pkcs11js.CKA_SENSITIVE, value: false },
      ]);
      try {
        const [value] = module.C_GetAttributeValue(session, object, [{ type: pkcs11js.CKA_VALUE }]);
        const secret = SecretBytes.adopt(value!.value);
        if (secret.length === data.length - 8) return secret;
        secret.destroy();
        throw badAnswer(
          `unwrapped ${data.length} bytes into ${value!.value.length}, which cannot be what was wrapped`,
          'Bring the token under which the key was wrapped, or look at the software of this one.',
        );
      } finally {
        quietly(() => module.C_DestroyObject(session, object));
        // what was wrapped is eight bytes shorter (RFC 5649), where nothing was padded
        overwriteFreed(module, data.length - 8);
      }
    });
  }

  /**
   * A real signature with a key of the token, milliseconds that it took; null where it has no key to sign with.
   */
  #health(): number | null {
    const signing = this.#keys.list().filter(({ key }) => key.spki !== null && schemeOf(key.algorithm) !== null);
    // an EC key costs the token least
    const found = signing.find(({ key }) => key.algorithm !== 'rsa-3072') ?? signing[0];
    if (found === undefined) return null;
    const start = performance.now();
    this.#signWith(found, schemeOf(found.key.algorithm)!, trial());
    return performance.now() - start;
  }

  #signWith(found: FoundKey, scheme: SignScheme, digest: Uint8Array): Uint8Array {
    const { key } = found;
    const spki = this.#mustSign(key, scheme, digest);
    const signature = this.#session.run(`sign with '${key.label}'`, (module, session) => {
      module.C_SignInit(session, mechanismOf(scheme), found.handle);
      return new Uint8Array(module.C_Sign(session, Buffer.from(digest), Buffer.alloc(512)));
    });
    if (verifyDigest(spki, scheme, digest, signature)) return signature;
    throw new TokenFault({
      code: 'token.bad-signature',
      what: `${this.#session.name} made a signature with '${key.label}' that does not fit the public key beside it.`,
      next: 'Stop using this token and key; nothing was signed. Compare its public key with the one that was approved.',
      details: { label: key.label, id: key.id, publicKeySha256: key.publicKeySha256 },
    });
  }

  /** The public key, once it is clear that this key can sign this digest in this way. */
  #mustSign(key: TokenKey, scheme: SignScheme, digest: Uint8Array): Uint8Array {
    if (schemeOf(key.algorithm) !== scheme)
      throw new TokenFault({
        code: 'token.refused',
        what: `The key '${key.label}' is of the kind ${key.algorithm} and does not sign ${scheme}.`,
        next: 'Name a key of the right kind: RSA-3072 for RSA, P-256 or P-384 for ECDSA, Ed25519 for heads of others.',
        details: { label: key.label, algorithm: key.algorithm, scheme },
      });
    const fits = digest.length === 32 || (key.algorithm === 'ecdsa-p384' && digest.length === 48);
    if (scheme === 'ed25519' ? digest.length > mostMessage : !fits)
      throw misuse(`A digest of ${digest.length} bytes was to be signed by ${key.algorithm}.`);
    if (key.spki === null)
      throw new TokenFault({
        code: 'token.no-key',
        what: `${this.#session.name} holds no public key (exactly one of the same CKA_ID) for '${key.label}', so no signature could be verified.`,
        next: 'Put the public key beside the private one, with the same CKA_ID.',
        details: { label: key.label, id: key.id },
      });
    return key.spki;
  }

  /** What wraps by RFC 5649 here; the older name where neither is offered, so that the token itself says no. */
  #wrapMechanism(): number {
    const offered = this.#session.mechanisms();
    const old = pkcs11js.CKM_AES_KEY_WRAP_PAD;
    return !offered.includes(old) && offered.includes(keyWrapKwp) ? keyWrapKwp : old;
  }

  #wrappingKey(ref: KeyRef): FoundKey {
    const found = this.#keys.find(ref);
    const { algorithm, use, extractable, sensitive } = found.key;
    if (algorithm === 'aes-256' && use === 'wrapping' && !extractable && sensitive) return found;
    throw new TokenFault({
      code: 'token.refused',
      what: `The key '${ref.label}' is not a wrapping key: AES-256, for wrapping and unwrapping, sensitive and not extractable.`,
      next: 'Name a wrapping key, or make one (token keys).',
      details: { label: ref.label, algorithm, use, extractable, sensitive },
    });
  }
}

/** Bytes that Ed25519 is asked to sign: a head with what stands before it is far shorter. */
const mostMessage = 4096;

/** What a key is tried with: a hash over words of its own, so that the signature fits no image and no certificate. */
const trial = () => createHash('sha256').update(utf8('fuseline token health check v1')).digest();

/** Random bytes of fewer than so many may be the same twice, or all of one value. */
const testedRandom = 16;

/** CKM_AES_KEY_WRAP_KWP of PKCS #11 v3.0, 6.13: RFC 5649. CKM_AES_KEY_WRAP_PAD is the same by its older name, where a token has that at all. */
const keyWrapKwp = 0x210b;

/** A key that lives as long as the session at most. Generic, because an XTS key of 64 bytes is no AES key to a token. */
const sessionSecret: pkcs11js.Template = [
  { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY },
  { type: pkcs11js.CKA_KEY_TYPE, value: pkcs11js.CKK_GENERIC_SECRET },
  { type: pkcs11js.CKA_TOKEN, value: false },
  { type: pkcs11js.CKA_PRIVATE, value: true },
  { type: pkcs11js.CKA_EXTRACTABLE, value: true },
];

function importSecret(module: Cryptoki, session: Handle, secret: SecretBytes): Handle {
  try {
    return secret.use((bytes) =>
      module.C_CreateObject(session, [
        ...sessionSecret,
        { type: pkcs11js.CKA_SENSITIVE, value: true },
        { type: pkcs11js.CKA_VALUE, value: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) },
      ]),
    );
  } finally {
    overwriteFreed(module, secret.length);
  }
}

function mechanismOf(scheme: SignScheme): pkcs11js.Mechanism {
  if (scheme === 'ecdsa') return { mechanism: pkcs11js.CKM_ECDSA };
  if (scheme === 'ed25519') return { mechanism: edwards.sign };
  return {
    mechanism: pkcs11js.CKM_RSA_PKCS_PSS,
    parameter: {
      type: pkcs11js.CK_PARAMS_RSA_PSS,
      hashAlg: pkcs11js.CKM_SHA256,
      mgf: pkcs11js.CKG_MGF1_SHA256,
      saltLen: 32,
    } as pkcs11js.RsaPSS,
  };
}

function misuse(what: string): ProgramFault {
  return new ProgramFault({ code: 'program.token-call', what, next: 'Report this with the code.' });
}
